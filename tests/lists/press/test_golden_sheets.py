"""Web pages and printed sheets as they were last looked at; `scripts/golden` makes them anew.

A printed sheet is kept as its lines of text, each with its place in whole millimetres.
"""

import sys
from difflib import unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from random_sheets import LANGUAGES, with_languages

from promo.lists.press import measure
from promo.lists.press.edge_cases import edge_cases
from promo.lists.press.measure import Leaf
from promo.lists.press.pdf import write_pdf
from promo.lists.press.press import STYLES, Press

GOLDEN = Path(__file__).parents[2] / "golden"
NAMES = [
    f"{kind}-{tag}.{'html' if kind == 'web' else 'txt'}"
    for kind in ("web", *STYLES)
    for tag in LANGUAGES
]


def made(name: str) -> str:
    kind, _, rest = name.partition("-")
    tag = rest.partition(".")[0]
    press = Press(with_languages())
    sheet = edge_cases(press.settings, tag, (), press.library.ids)["three articles"]
    if kind == "web":
        return press.html([press.page(sheet)], title="Golden")
    with TemporaryDirectory() as folder:
        file = Path(folder, "golden.pdf")
        html = press.print_html([press.page(sheet, style=kind)], style=kind, title="Golden")
        write_pdf(html, file, title="Golden", day=sheet.window.first)
        return "\n".join(line for leaf in measure.leaves(file) for line in lines(leaf)) + "\n"


def lines(leaf: Leaf) -> list[str]:
    """`left top text` of each run of characters that stand beside each other."""
    found: list[str] = [f"page {leaf.width:.0f} x {leaf.height:.0f} mm"]
    last = (-99.0, -99.0, -99.0, -99.0)
    for character, box in zip(leaf.characters, leaf.boxes.tolist(), strict=True):
        beside = box[1] < last[3] and last[1] < box[3] and abs(box[0] - last[2]) < 4
        if beside:
            found[-1] += character
        else:
            found.append(f"{box[0]:3.0f} {box[1]:3.0f} {character}")
        last = tuple(box)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_it_is_as_it_was(name: str) -> None:
    old = (GOLDEN / name).read_text(encoding="utf-8").splitlines()
    diff = list(unified_diff(old, made(name).splitlines(), name, "now", lineterm="", n=1))
    assert not diff, "\n".join([*diff[:40], "If that is meant, run scripts/golden."])


def test_golden_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in GOLDEN.iterdir()) < 300_000


if __name__ == "__main__":
    for each in sys.argv[1:] or NAMES:
        (GOLDEN / each).write_text(made(each), encoding="utf-8")
