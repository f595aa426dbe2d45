"""Offers: see offer_bars.py; its name is another because tests have a package called offers."""

from offer_bars import main

if __name__ == "__main__":
    main()
