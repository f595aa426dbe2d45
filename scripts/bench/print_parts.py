"""Sheets: the bars of printing. One line of JSON a bar.

.venv/bin/python scripts/bench/print.py                all; about an hour, on a quiet machine
.venv/bin/python scripts/bench/print.py --quick        a few minutes, without the last word
.venv/bin/python scripts/bench/print.py --only codes   one of the parts below
"""

import code_bars
import html_bar
import pages_bar
import parts
import print_aa
import print_box
import print_kiosk

PARTS: dict[str, parts.Part] = {
    "html": html_bar,
    "pages": pages_bar,
    "codes": code_bars,
    "kiosk": print_kiosk,
    "box": print_box,
    "aa": print_aa,
}


def main() -> None:
    """Measure the parts that the command line asks for."""
    parts.run(PARTS, __doc__)
