"""`promo check`: the whole house held against itself. It reads, and changes nothing."""
