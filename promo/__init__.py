"""promo: a personalised promotion engine for grocery chains."""
