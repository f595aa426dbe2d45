"""The bars of print: HTML, pages a second, memory, the kiosk.

.venv/bin/python scripts/bench/print_bars.py [--quick] [--only html|pages|kiosk]
"""

import html_bar
import pages_bar
import parts
import print_kiosk

PARTS: dict[str, parts.Part] = {"html": html_bar, "pages": pages_bar, "kiosk": print_kiosk}


def main() -> None:
    """Measure the parts that the command line asks for."""
    parts.run(PARTS, __doc__)


if __name__ == "__main__":
    main()
