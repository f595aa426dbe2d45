"""Sheets: the bars of printing. `scripts/bench/print_parts.py` has them all."""

from print_parts import main

if __name__ == "__main__":
    main()
