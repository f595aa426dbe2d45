"""Offers: the bars of terms, response, allocation and budgets. One line of JSON a bar.

.venv/bin/python scripts/bench/offers.py                 all; about half an hour
.venv/bin/python scripts/bench/offers.py --quick         a minute or two, without the last word
.venv/bin/python scripts/bench/offers.py --only replay   one of the parts below
"""

import lp
import parts
import replay
import response_bar
import risk_bar
import segments_bar
import terms_bar

PARTS: dict[str, parts.Part] = {
    "lp": lp,
    "replay": replay,
    "response": response_bar,
    "risk": risk_bar,
    "terms": terms_bar,
    "segments": segments_bar,
}


def main() -> None:
    """Measure the parts that the command line asks for."""
    parts.run(PARTS, __doc__)
