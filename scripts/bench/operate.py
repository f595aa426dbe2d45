"""The bars of operating. `scripts/bench/operate_parts.py` has them all."""

from operate_parts import main

if __name__ == "__main__":
    main()
