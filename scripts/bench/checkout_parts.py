"""The bars of the checkout. One line of JSON a bar; `quick` where only the long run can tell.

.venv/bin/python scripts/bench/checkout.py                all; hours, on a quiet machine
.venv/bin/python scripts/bench/checkout.py --quick        small versions, in about two minutes
.venv/bin/python scripts/bench/checkout.py --only once    one of the parts below

The service has a core of its own (till_kit.SERVER_CORE, by its processor affinity), whoever asks
has the other, PostgreSQL runs where it likes. What is compared is measured in one run, in turns.
"""

import parts

PARTS = {
    "once": "checkout_once",
    "killed": "checkout_killed",
    "exact": "basket_bars",
    "coupons": "checkout_coupons",
    "speed": "checkout_speed",
    "lookup": "checkout_lookup",
    "fuzz": "checkout_fuzz",
}


def main() -> None:
    """Measure the parts that the command line asks for."""
    parts.run({name: parts.Later(module) for name, module in PARTS.items()}, __doc__)
