"""Every list fits its leaves: random and worst cases are printed, and counted in the PDF."""

import random
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from drafts import NIGHT, draft, due, offer, sheet

from promo.config import Settings
from promo.lists.items import Draft
from promo.lists.press.page import Page
from promo.lists.press.pdf import write_pdf
from promo.lists.press.press import STYLES, Press
from promo.lists.sheet import Person

MM = 72 / 25.4
SIDE = 7.5  # millimetres of the paper's edge where nothing is printed
WORDS = {
    "plain": ["milk", "cheese", "bread", "and", "fresh orange juice", "of the season,", "frozen"],
    "wide": ["WWMM", "MMMM", "WWWWWWW", "OOO", "@@@@", "QUICHE"],
    "long": [
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk",
        "W-W-W-W-W-W-W",
        "a-b",
        "und",
    ],
    "endless": ["W" * 60, "i" * 60, "mm-" * 20],
    "chinese": ["牛奶", "商品汉字汉字汉字汉字汉字", "十二包，促销（优惠）", "Coca-Cola可乐"],
    "arabic": ["عرض", "خاص", "على", "الحبوب", "والعصائر", "سسسسسسسسسسس", "ضضضضضضضض"],
    "hebrew and thai": ["מבצע", "מיוחד", "ข้าวหอมมะลิคุณภาพดีราคาพิเศษ", "🍎🍎🍎", "½", "ŵ"],
}


def said(chance: random.Random, words: list[str], most: int) -> str:
    text = " ".join(chance.choices(words, k=chance.randint(1, 12)))
    return text[: chance.randint(1, most)].strip() or "x"


def some(chance: random.Random, kind: str) -> Draft:
    words = WORDS[kind]
    names = [said(chance, words, 30) for _ in range(9)]
    items = tuple(
        due(
            words=said(chance, words, 45), detail=said(chance, words, 45) if chance.random() < 0.8
            else "", department=chance.choice(names), category=f"C{chance.randint(1, 30)}",
        )
        for _ in range(chance.choice([0, 1, 5, 12, 24]))
    )  # fmt: skip
    gifts = tuple(
        offer(
            title=said(chance, words, 60), conditions=said(chance, words, 240),
            headline=said(chance, ["$1.00", "off", "3", "for", "12,500.00", *words[:2]], 22),
            worth=chance.choice([50, 1250, 9_999_999]), category=f"C{chance.randint(1, 30)}",
            cell=chance.choice(["national/heavy", "unknown/None"]),
            points=chance.choice([0, 0, 500]),
        )
        for _ in range(chance.choice([0, 1, 8, 16]))
    )  # fmt: skip
    return draft(
        name=said(chance, words, 60) if chance.random() < 0.8 else "",
        language=chance.choice(["en", "es", "zh"]), tier=chance.choice(["base", "top"]),
        due=items, offers=gifts, club=chance.choice(["", "Pork · Beef"]),
        articles=tuple(chance.sample(["one-pot-pasta", "week-of-dinners", "laundry-with-less"],
                                     k=chance.randint(0, 3))),
    )  # fmt: skip


def paper(settings: Settings, name: str, **lists: Any) -> Settings:
    own = settings.lists.model_copy(update={"paper": name} | lists)
    return settings.model_copy(update={"lists": own})


def printed(press: Press, pages: list[Page], style: str, path: Path) -> list[pypdfium2.PdfPage]:
    html = press.print_html(pages, style=style, title="t")
    write_pdf(html, path, title="t", day=NIGHT)
    document = pypdfium2.PdfDocument(path)
    return [document[number] for number in range(len(document))]


def edges(leaf: pypdfium2.PdfPage) -> tuple[float, ...]:
    """The box of all words of a leaf: left, bottom, right, top, in points."""
    text = leaf.get_textpage()
    boxes = [text.get_rect(number) for number in range(text.count_rects())]
    left, bottom, right, top = zip(*(box for box in boxes if box[2] > box[0]), strict=True)
    return min(left), min(bottom), max(right), max(top)


@pytest.mark.parametrize("kind", list(WORDS))
@pytest.mark.parametrize(
    ("style", "name"), [("sheet", "Letter"), ("sheet", "A4"), ("mail", "A4"), ("large", "Letter")]
)
def test_a_list_takes_the_leaves_that_were_reckoned(
    settings: Settings, tmp_path: Path, style: str, name: str, kind: str
) -> None:
    chance = random.Random(f"{style} {name} {kind}")
    press = Press(paper(settings, name))
    pages = [
        press.page(
            sheet(some(chance, kind), number, store_name=said(chance, WORDS[kind], 60),
                  person=Person(said(chance, WORDS[kind], 60), ("1 Main Street", "Springfield"))),
            style=style, sequence="000012",
        )
        for number in range(1, 5)
    ]  # fmt: skip
    leaves = printed(press, pages, style, tmp_path / "x.pdf")
    # The code's number stands on a list's first leaf and nowhere else.
    starts = [n for n, leaf in enumerate(leaves) if "(253)" in leaf.get_textpage().get_text_range()]
    assert starts == [sum(page.leaves for page in pages[:n]) for n in range(len(pages))]
    assert len(leaves) == sum(page.leaves for page in pages)
    for leaf in leaves:
        left, bottom, right, top = edges(leaf)
        width, height = leaf.get_size()
        assert left >= SIDE * MM
        assert right <= width - SIDE * MM
        assert bottom >= SIDE * MM
        assert top <= height - 3 * MM


def test_nothing_is_lost_and_no_heading_stands_alone(settings: Settings) -> None:
    chance = random.Random(3)
    for style in STYLES:
        for kind in WORDS:
            page = Press(settings).page(sheet(some(chance, kind)), style=style)
            blocks = [b for leaf in page.spread for column in leaf.columns for b in column]
            lines = [line for b in blocks if b.kind == "due" for line in b.content.lines]
            gifts = [line for b in blocks if b.kind == "offers" for line in b.content.lines]
            assert lines == [line for group in page.groups for line in group.lines]
            assert gifts == list(page.offers)
            assert all(b.content.lines for b in blocks if b.kind in ("due", "offers"))


def full(items: int, offers: int, **changes: Any) -> Draft:
    return draft(
        due=tuple(due(words=f"Frozen juices {i}", department=f"{i % 6}") for i in range(items)),
        offers=tuple(offer(title=f"Cold cereal, national brand {i}") for i in range(offers)),
        **changes,
    )


@pytest.mark.parametrize(
    ("items", "offers", "size"),
    [(0, 0, "normal"), (10, 8, "normal"), (24, 16, "medium"), (24, 0, "medium")],
)
def test_the_largest_print_in_which_all_fits_one_leaf(
    settings: Settings, items: int, offers: int, size: str
) -> None:
    page = Press(settings).page(sheet(full(items, offers)))
    assert (page.leaves, page.spread[0].size.name) == (1, size)


def test_what_does_not_fit_goes_overleaf_in_large_print(settings: Settings) -> None:
    page = Press(settings).page(sheet(draft(due=tuple(
        due(words=f"A rather long name of some category {i}", detail="12 oz, national brand, often",
            department=f"Department {i % 9}") for i in range(24)
    ))))  # fmt: skip
    first, second = page.spread
    assert first.size.name == second.size.name == "normal"
    assert [block.again for block in second.columns[0]][1:] == [False] * (
        len(second.columns[0]) - 1
    )
    assert second.columns[0][0].titled


def test_articles_go_where_room_is_or_overleaf_or_nowhere(settings: Settings) -> None:
    ids = ("one-pot-pasta", "week-of-dinners", "laundry-with-less")
    few = Press(settings).page(sheet(full(6, 4, articles=ids[:1])))
    assert few.leaves == 1
    many = Press(settings).page(sheet(full(24, 16, articles=ids)))
    assert many.leaves == 2
    assert {block.kind for column in many.spread[1].columns for block in column} == {"story"}
    one = Press(paper(settings, "Letter", max_leaves=1)).page(sheet(full(24, 16, articles=ids)))
    assert one.leaves == 1
    assert not [b for column in one.spread[0].columns for b in column if b.kind == "story"]


def test_an_address_stands_in_its_window(settings: Settings, tmp_path: Path) -> None:
    person = Person("Ann Onymous", ("12 Main Street", "Springfield, OH 45501"))
    windows = {"A4": (20, 62.7, 105, 90), "Letter": (22.2, 63.5, 111, 80.5)}
    for name, (left, top, right, bottom) in windows.items():
        press = Press(paper(settings, name))
        page = press.page(sheet(full(3, 3), person=person), style="mail", sequence="000123")
        leaf = printed(press, [page], "mail", tmp_path / f"{name}.pdf")[0]
        height = leaf.get_height()
        inside = (left * MM, height - bottom * MM, right * MM, height - top * MM)
        text = leaf.get_textpage()
        words = " ".join(text.get_text_bounded(*inside).split())
        assert words == "Ann Onymous 12 Main Street Springfield, OH 45501"
        assert "000123" in text.get_text_range()
