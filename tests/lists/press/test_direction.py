"""Words of both directions on one page: as they are read, in HTML and on paper."""

import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from drafts import draft, due, offer, sheet
from hypothesis import given
from hypothesis import strategies as st
from random_sheets import with_languages

from promo.lists.press import measure
from promo.lists.press.direction import apart
from promo.lists.press.pdf import write_pdf
from promo.lists.press.press import Press

JUICE, SIZE = "عصير البرتقال", "2 x 500 g."


@pytest.mark.parametrize(
    ("page", "words", "said"),
    [
        ("ltr", "Milk, 1 gal.", "Milk, 1 gal."),
        ("ltr", "Crème fraîche 王", "Crème fraîche 王"),
        ("ltr", "<b>", "<b>"),  # a plain string: escaped where it is written
        ("ltr", "", ""),
        ("rtl", "", ""),
        ("ltr", JUICE, f'<bdi dir="rtl">{JUICE}</bdi>'),
        ("ltr", f"Juice {JUICE}", f'<bdi dir="ltr">Juice {JUICE}</bdi>'),
        ("rtl", JUICE, JUICE),
        ("rtl", f"{JUICE} 12", f"{JUICE} 12"),
        ("rtl", SIZE, f'<bdi dir="ltr">{SIZE}</bdi>'),
        ("rtl", "(253)95", '<bdi dir="ltr">(253)95</bdi>'),
        ("rtl", f"{JUICE} Zeta", f'<bdi dir="rtl">{JUICE} Zeta</bdi>'),
        ("rtl", "\u200f8.00 $", "\u200f8.00 $"),
        ("rtl", "Cat food ", '<bdi dir="ltr">Cat food</bdi> '),
        ("rtl", "<i>", '<bdi dir="ltr">&lt;i&gt;</bdi>'),
    ],
)
def test_words_are_set_apart_where_they_run_the_other_way(page: str, words: str, said: str) -> None:
    assert apart(page)(words) == said


@given(st.sampled_from(["ltr", "rtl"]), st.text(st.sampled_from("aZ1 .<&$قعא"), max_size=12))
def test_nothing_is_lost(page: str, words: str) -> None:
    found = apart(page)(words)
    if found != words:
        assert unescape(re.sub("</?bdi[^>]*>", "", found)) == words


@pytest.fixture(scope="module")
def press() -> Press:
    return Press(with_languages())


def html(press: Press, medium: str, tag: str, name: str, detail: str) -> str:
    made = draft(language=tag, due=(due(words=name, detail=detail),), offers=(offer(title=name),))
    page = press.page(sheet(made))
    if medium == "print":
        return press.print_html([page], title="t")
    return press.html([page], title="t") if medium == "web" else press.renderer.one(medium, page)


@pytest.mark.parametrize("medium", ["print", "web", "email.html.j2"])
def test_on_every_page_names_and_details_stand_apart(press: Press, medium: str) -> None:
    arabic = html(press, medium, "ar", "Zeta cola", SIZE)
    assert f'<bdi dir="ltr">{SIZE}</bdi>' in arabic
    assert arabic.count('<bdi dir="ltr">Zeta cola</bdi>') == 2
    english = html(press, medium, "en", JUICE, SIZE)
    assert english.count(f'<bdi dir="rtl">{JUICE}</bdi>') == 2
    assert f">{SIZE}</span>" in english


def test_on_paper_a_latin_size_reads_rightwards_behind_an_arabic_name(
    press: Press, tmp_path: Path
) -> None:
    """By the places of the ink: Unicode's own order of the letters, whatever the markup."""
    file = tmp_path / "x.pdf"
    made = sheet(draft(language="ar", due=(due(words=JUICE, detail="Qz w 7."),), offers=()))
    write_pdf(
        press.print_html([press.page(made)], title="t"), file, title="t", day=made.window.first
    )
    [leaf, *_] = measure.leaves(file)
    at = "".join(leaf.characters).index("Q")
    lefts = {leaf.characters[n]: leaf.boxes[n, 0] for n in range(at - 6, at + 6)}
    assert lefts["Q"] < lefts["z"] < lefts["w"] < lefts["7"] < lefts["."]
    row = np.abs(leaf.boxes[:, 3] - leaf.boxes[at, 3]) < 2
    others = [leaf.boxes[n, 0] for n in np.flatnonzero(row) if leaf.characters[n] not in "Qzw7."]
    assert min(others) > lefts["."]  # the name stands right of it
