"""Persons: where anything of a household is held, given out, moved to another one and erased."""
