"""The bar `box`: sheets drawn by chance, printed, and every character measured in the PDF.

.venv/bin/python scripts/bench/print.py --only box
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import kit
from random_sheets import sheet_of, with_languages

from promo.lists.press.press import STYLES, Press
from promo.lists.press.proof import printed

SHEETS, QUICK = 300, 30
PAPERS = ("Letter", "A4")


def _judge(*, quick: bool) -> None:
    """The bar: no fault on any sheet, in any style, on both papers."""
    settings = with_languages()
    presses = [
        Press(settings.model_copy(update={"lists": settings.lists.model_copy(update={"paper": p})}))
        for p in PAPERS
    ]
    count, guilty = QUICK if quick else SHEETS, 0
    with TemporaryDirectory() as folder:
        for seed in range(count):
            press, style = presses[seed % 2], STYLES[seed % len(STYLES)]
            found = list(printed(style, press, sheet_of(press, seed), Path(folder, "x")))
            guilty += bool(found)
            for fault in found[:3]:
                kit.note(f"sheet {seed}, {style}, {PAPERS[seed % 2]}: {fault}")
    value = f"{guilty} of {count}"
    kit.report("box: sheets with a fault", value, 0, ok=not guilty)


def judge() -> None:
    """All of it."""
    _judge(quick=False)


def judge_quickly() -> None:
    """Fewer."""
    _judge(quick=True)
