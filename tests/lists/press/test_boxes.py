"""Nothing overflows: lists drawn by chance are printed and measured in the PDF."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_sheets import LANGUAGES, sheet_of, with_languages

from promo.lists.press import measure, proof
from promo.lists.press.edge_cases import edge_cases
from promo.lists.press.faults import missing, of_leaf
from promo.lists.press.measure import Leaf
from promo.lists.press.pdf import write_pdf
from promo.lists.press.press import STYLES, Press

DAY = date(2017, 11, 6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("boxes")


@pytest.fixture(scope="module")
def press(folder: Path) -> Press:
    return Press(with_languages())


@settings(max_examples=6, phases=[Phase.explicit, Phase.generate])
@given(
    seed=st.integers(0, 2**32),
    style=st.sampled_from(STYLES),
    paper=st.sampled_from(["A4", "Letter"]),
)
def test_any_list_fits_its_paper(
    press: Press, folder: Path, seed: int, style: str, paper: str
) -> None:
    lists = press.settings.lists.model_copy(update={"paper": paper})
    own = Press(press.settings.model_copy(update={"lists": lists}))
    assert list(proof.printed(style, own, sheet_of(own, seed), folder / "x")) == []


@pytest.mark.parametrize(
    "seed",
    [
        94,  # an Arabic letter's dots below the last line of an address
        259,  # a line of an address that is wider than the window
        112,  # words longer than a line, broken at their dashes before it ends
    ],
)
def test_what_once_did_not_fit(press: Press, folder: Path, seed: int) -> None:
    paper = ("Letter", "A4")[seed % 2]
    lists = press.settings.lists.model_copy(update={"paper": paper})
    own = Press(press.settings.model_copy(update={"lists": lists}))
    assert list(proof.printed("mail", own, sheet_of(own, seed), folder / "x")) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "case", ["the longest terms of all that a list may hold", "very large prices"]
)
def test_the_worst_that_a_chain_may_write(
    press: Press, folder: Path, case: str, language: str
) -> None:
    sheet = edge_cases(press.settings, language)[case]
    assert list(proof.printed("sheet", press, sheet, folder / "x")) == []


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize(
    "case", ["a name without a blank", "a long address", "an Arabic name", "no name"]
)
def test_an_address_fits_its_window(press: Press, folder: Path, case: str, paper: str) -> None:
    lists = press.settings.lists.model_copy(update={"paper": paper})
    own = Press(press.settings.model_copy(update={"lists": lists}))
    assert (
        list(proof.printed("mail", own, edge_cases(own.settings, "en")[case], folder / "x")) == []
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_large_print_says_its_days_as_large_as_its_items(
    press: Press, folder: Path, language: str
) -> None:
    page = press.page(edge_cases(press.settings, language)["an ordinary list"], style="large")
    html = press.print_html([page], style="large", title="t")
    write_pdf(html, folder / "large.pdf", title="t", day=DAY)
    leaf = measure.leaves(folder / "large.pdf")[0]
    digits = [
        box[3] - box[1]
        for character, box in zip(leaf.characters, leaf.boxes, strict=True)
        if character in "2017" and box[3] < 70  # of the days: year and day
    ]
    least = 0.6 * 13 * 25.4 / 72  # a digit of 13 points is as high, in mm
    assert len(digits) >= 8
    assert min(digits) > least


def test_a_code_has_the_set_module_width(press: Press, folder: Path) -> None:
    """The narrowest bar of the printed picture, independent of how the check compares codes."""
    page = press.page(sheet_of(press, 1))
    write_pdf(press.print_html([page], title="t"), folder / "code.pdf", title="t", day=DAY)
    leaf = measure.leaves(folder / "code.pdf")[0]
    picture = measure.pictures(folder / "code.pdf")[0]
    bars = leaf.drawings[-1]
    middle = picture[int((bars[1] + bars[3]) / 2 / 25.4 * measure.FINE)]
    dark = (
        middle[int(bars[0] / 25.4 * measure.FINE) - 5 : int(bars[2] / 25.4 * measure.FINE) + 5]
        < 128
    )
    edges = np.flatnonzero(np.diff(dark.astype(int)))
    widths = np.diff(edges) / measure.FINE * 25.4 / press.settings.lists.module_mm
    assert len(edges) > 100
    assert np.abs(widths - widths.round()).max() < 0.15
    assert widths.round().min() == 1


def leaf_of(html: str, folder: Path) -> Leaf:
    write_pdf(
        f"<html><body style='margin:20mm'>{html}</body></html>",
        folder / "y.pdf",
        title="t",
        day=DAY,
    )
    return measure.leaves(folder / "y.pdf")[0]


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<p>All is well, <b>here</b> too.</p>", ""),
        ("<p style='background:#000;color:#fff'>White on black is to be read.</p>", ""),
        ("<p style='color:#fff'>white</p>", "'white' is not to be seen"),
        ("<p style='height:2mm;overflow:hidden;font-size:20pt'>Cut</p>", "'Cut' is not to be seen"),
        ("<p style='width:9mm;overflow:hidden;white-space:nowrap'>abcdefgh</p>",
         "is not to be seen"),
        ("<p>over</p><p style='margin-top:-9mm'>under</p>", "printed over other words"),
        ("<p style='margin-left:-19mm'>edge</p>", "is nearer than 5 mm"),
        ("<p>x</p><div style='position:absolute;top:20mm;left:0;width:99mm;height:9mm;"
         "background:#ccc'></div>", "'x' is not to be seen"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_leaf_is_seen(html: str, fault: str, folder: Path) -> None:
    found = list(of_leaf(leaf_of(html, folder)))
    assert any(fault in said for said in found) if fault else not found, found


def test_words_are_counted(folder: Path) -> None:
    leaf = leaf_of("<p>Soft drinks, well-<br>known</p><p>عصير البرتقال 汉字</p>", folder)
    assert not list(missing([leaf], ["Soft drinks", "well-known", "عصير البرتقال", "汉字"]))
    assert list(missing([leaf], ["Soft drinks", "Soft drinks"]))
    assert list(missing([leaf], ["Soft cheese"])) == [
        "of 'Soft cheese' there is not all: 'cheese' is missing"
    ]
