"""What a household is: profiles, repurchase cycles, segments, eligibility."""
