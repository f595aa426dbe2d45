"""What may be given: offer terms, the catalogue, candidates and allocation."""
