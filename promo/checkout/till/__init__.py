"""A till to try the service with: its page, its terminal, and what only they ask."""
