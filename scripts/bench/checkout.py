"""The checkout: the bars of the till. `scripts/bench/checkout_parts.py` has them all."""

from checkout_parts import main

if __name__ == "__main__":
    main()
