"""Every list fits its page: worst cases are printed, and their words measured in the PDF."""

from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2
import pypdfium2.raw
import pytest
from drafts import NIGHT, draft, due, offer, page

from promo.config import Settings
from promo.lists.items import Draft
from promo.lists.press import layout
from promo.lists.press.pdf import write_pdf
from promo.lists.press.render import Renderer

MM = 72 / 25.4
BARS = 15.0  # height of the barcode's bars
ABOVE_BARS = 3.0  # of the footer, within its dashed line
SIDE = 8.0  # nothing is printed nearer to the paper's edge


class Case(NamedTuple):
    name: str
    title: str
    words: str
    detail: str
    department: str


ARABIC = "عرض خاص على جميع أنواع الحبوب والعصائر الطازجة هذا الأسبوع فقط"
CASES = {
    "ordinary": Case("Ann Onymous", "Any cold cereal", "Soft drinks", "12 pk", "Drinks"),
    "long words": Case(
        "Maximiliane-Alexandrina Wolfeschlegelsteinhausenbergerdorff-X",
        "Extraordinarily long-lasting unsweetened breakfast cereal, XL",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk",
        "12 pk, national brand, usually 12",
        "Refrigerated and fresh",
    ),
    "one word": Case("W" * 60, "W" * 60, "W" * 60, "W" * 10, "W" * 60),
    "wide words": Case("WWMM " * 12, "WWWWWWW " * 7, "MMMM " * 12, "@@@@ " * 3, "OOOO " * 12),
    "hyphens": Case("a-" * 30, "mm-mm-" * 10, "mm-mm-" * 10, "-" * 60, "--- " * 9),
    "chinese": Case("汉" * 60, "汉字" * 30, "商品" * 15, "十二包", "部门"),
    "arabic": Case(ARABIC[:60], ARABIC[:60], ARABIC[:40], "12", "مشروبات"),
    "unbroken arabic": Case("س" * 60, "ص" * 60, "ش" * 60, "ض" * 20, "س" * 30),
}


TERMS = {
    "headline": "$12.50 off 2 of them",
    "conditions": "On any bread when you buy 2 of these, and 1 of any bread or 3 of any jam. At "
    "most $3.00 off. Up to 3 times, at most 1 a day. Only Mondays, Tuesdays until 20:00.",
}


def worst(
    case: Case, *, offers: int = 16, items: int = 24, worth: int = 9999, **words: Any
) -> Draft:
    some = (due(words=case.words, detail=case.detail, department=f"{i % 9} {case.department}")
            for i in range(items))  # fmt: skip
    gifts = (offer(title=case.title[:60], worth=worth, buy=12, **words) for _ in range(offers))
    return draft(
        name=case.name[:60],
        due=layout.due_that_fit(some),
        offers=layout.offers_that_fit(gifts),
    )


def boxes(path: Path) -> tuple[list[tuple[float, ...]], float, tuple[float, float]]:
    """Left, bottom, right, top of each character above the code; bars' top; the page's size."""
    with pypdfium2.PdfDocument(path) as document:
        assert len(document) == 1
        sheet = document[0]
        bars = [o.get_bounds() for o in sheet.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_PATH])]
        tall = [b for b in bars if abs(b[3] - b[1] - BARS * MM) < 0.5]
        assert len(tall) == 1
        text = sheet.get_textpage()
        places = range(text.count_chars())
        code = next(i for i in places if text.get_text_range(i, 5) == "(253)")
        found = [text.get_charbox(i) for i in places[:code] if text.get_text_range(i, 1).strip()]
        size = sheet.get_size()
        text.close()
        sheet.close()
        return found, tall[0][3], size


@pytest.mark.parametrize("words", [{}, TERMS], ids=["plain", "terms"])
@pytest.mark.parametrize("paper", ["Letter", "A4"])
@pytest.mark.parametrize("case", list(CASES.values()), ids=list(CASES))
def test_nothing_touches_the_footer_or_the_edge(
    settings: Settings, tmp_path: Path, case: Case, paper: str, words: dict[str, Any]
) -> None:
    made = page(settings, worst(case, **words), store="A rather long name of a store, downtown")
    document = Renderer(settings.paths.templates).html(
        [made], banner="Main Street Market and Sons", paper=paper, title="t"
    )
    assert write_pdf(document, tmp_path / "x.pdf", title="t", day=NIGHT) == 1
    found, bars_top, (width, height) = boxes(tmp_path / "x.pdf")
    assert min(bottom for _, bottom, _, _ in found) >= bars_top + ABOVE_BARS * MM
    assert min(left for left, *_ in found) >= SIDE * MM
    assert max(right for _, _, right, _ in found) <= width - SIDE * MM
    assert max(top for *_, top in found) <= height - SIDE * MM


def test_an_empty_list_is_a_page_of_its_own(settings: Settings, tmp_path: Path) -> None:
    made = page(settings, draft(name="", due=(), offers=()))
    document = Renderer(settings.paths.templates).html([made], banner="b", paper="A4", title="t")
    assert write_pdf(document, tmp_path / "x.pdf", title="t", day=NIGHT) == 1
    found, bars_top, _ = boxes(tmp_path / "x.pdf")
    assert min(bottom for _, bottom, _, _ in found) >= bars_top + ABOVE_BARS * MM
    assert "Your shopping list" in document


def test_an_ordinary_full_list_keeps_everything() -> None:
    case = Case("Ann", "Any of the cereals of this brand", "Refrigerated drinks", "12 pk", "Dept")
    made = worst(case)
    assert (len(made.due), len(made.offers)) == (24, 16)


def test_sixteen_offers_of_sixty_characters_fit() -> None:
    made = worst(CASES["long words"])
    assert len(made.offers) == 16
    assert len(made.due) >= 12


def test_what_does_not_fit_is_left_out_from_the_end() -> None:
    short, huge = due(words="short"), due(words="huge " * 800)
    assert layout.due_that_fit([short, huge, short]) == (short, short)
    small, vast = offer(), offer(title="汉" * 2000)
    assert layout.offers_that_fit([small, vast, small]) == (small, small)
    some = [due(words=f"{'x' * 60} {i}", department=f"d{i}") for i in range(40)]
    kept = layout.due_that_fit(some)
    assert 0 < len(kept) < 40
    assert kept == tuple(some[: len(kept)])


@pytest.mark.parametrize(
    ("items", "offers", "density"),
    [(0, 0, ""), (10, 8, ""), (24, 8, "dense"), (10, 16, ""), (24, 16, "dense")],
)
def test_the_largest_print_in_which_all_fits(items: int, offers: int, density: str) -> None:
    made = worst(CASES["ordinary"], items=items, offers=offers)
    assert layout.density(made, "Nov 30 to Dec 13") == density
    assert layout.density(worst(CASES["long words"])) == "tight"


def test_names() -> None:
    cases = {"": False, "Ann Onymous": False, CASES["long words"].name: True}
    assert {name: layout.is_long(name) for name in cases} == cases
    assert [layout.shortened(name) for name in cases] == list(cases)
    cut = layout.shortened("汉" * 200)
    assert cut == "汉" * (len(cut) - 1) + "…"
    assert 20 < len(cut) < 60
