"""The bars of the checkout's money part: once, killed, coupons, speed; lookups; fuzz.

.venv/bin/python scripts/bench/checkout_bars.py           all of it; hours
.venv/bin/python scripts/bench/checkout_bars.py --quick   some minutes
"""

import checkout_coupons
import checkout_fuzz
import checkout_killed
import checkout_lookup
import checkout_once
import checkout_speed
import parts

PARTS = {
    "once": checkout_once, "killed": checkout_killed, "coupons": checkout_coupons,
    "speed": checkout_speed, "lookup": checkout_lookup, "fuzz": checkout_fuzz,
}  # fmt: skip

if __name__ == "__main__":
    parts.run(PARTS, __doc__)
