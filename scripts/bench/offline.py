"""The bars of the offline pack. `scripts/bench/offline_parts.py` has them all."""

from offline_parts import main

if __name__ == "__main__":
    main()
