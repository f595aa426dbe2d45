"""Receipts: read back from their own bytes, nothing beyond the edge, every code scanned."""

import re
import shutil
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from drafts import draft, due, offer, sheet
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from paper import Printer, printed
from PIL import Image
from pyzbar import pyzbar

from promo.config import Settings
from promo.language import NBSP
from promo.lists.press import columns
from promo.lists.press.page import Page
from promo.lists.press.press import Press
from promo.lists.press.receipt import PaperError, receipt
from promo.lists.press.render import RenderError
from promo.lists.press.slip import Line, Run

with warnings.catch_warnings():  # it asks its version in a way that Python no longer likes
    warnings.simplefilter("ignore", DeprecationWarning)
    from pylibdmtx import pylibdmtx

WIDTHS = (80, 58)
ESCPOS = "\x1b@\x1bp\x00\x19\xfa\x1dV\x00\x1c&\x10\x14\x01\x00"  # reset, drawer, cut, Chinese
HOSTILE = [ESCPOS, "</line><code/><line>", "{{ banner }}", "&amp;<![CDATA[", "\n\n<cut/>", "a\0b"]


def with_changes(settings: Settings, section: str, **changes: Any) -> Settings:
    whole = getattr(settings, section)
    return settings.model_copy(update={section: whole.model_copy(update=changes)})


def page(settings: Settings, **changes: Any) -> Page:
    return Press(settings).page(sheet(draft(**changes)))


def paper(settings: Settings, made: Page, width: int = 80) -> Printer:
    return printed(receipt(made, Press(settings), width), settings.receipt.dots[width])


@pytest.mark.parametrize("width", WIDTHS)
def test_all_of_a_list_is_on_the_receipt(settings: Settings, width: int) -> None:
    made = page(settings, name="Zoë Łąk", due=(due(words="Crème fraîche", detail="8 oz"), due()))
    out = paper(settings, made, width)
    said = re.sub(r"\s+", " ", out.text)
    for words in (
        settings.banner, "Zoë Łąk", made.store, made.valid_from, made.valid_until, made.worth,
        "[ ] Crème fraîche 8 oz", "[ ] Soft drinks 12 pk", "$1.00 off", "Any cold cereal",
        "On one item. Once.", made.human_readable, made.short_code,
    ):  # fmt: skip
        assert words in said
    assert out.cuts == 1
    assert not out.chinese


@pytest.mark.parametrize("width", WIDTHS)
def test_an_empty_list(settings: Settings, width: int) -> None:
    out = paper(settings, page(settings, name="", due=(), offers=()), width)
    said = re.sub(r"\s+", " ", out.text)
    assert page(settings, name="").greeting in said
    assert "No offers this time." in said
    assert "off with" not in said


def test_money_stands_at_the_right_edge(settings: Settings) -> None:
    for width in WIDTHS:
        out = paper(settings, page(settings), width)
        at = next(i for i, line in enumerate(out.said) if line.endswith("\t$1.00"))
        assert out.said[at] == "off with your offer\t$1.00"
        assert settings.receipt.dots[width] in out.edges


def wrapped(text: str, letters: int) -> list[str]:
    """A text in lines of so many letters."""
    found = columns.lines(Line((Run(text),)), letters * 12)
    return ["".join(piece.run.text for piece in line) for line in found]


@pytest.mark.parametrize(
    ("text", "letters", "lines"),
    [
        ("Soft drinks 10_oz", 14, ["Soft drinks", "10_oz"]),
        ("milk, usually_3", 13, ["milk,", "usually_3"]),
        ("usually_3", 8, ["usually", "3"]),  # wider than the line
        ("a usually_3", 8, ["a", "usually", "3"]),
        ("Donaudampf_1", 6, ["Donaud", "ampf 1"]),
        ("限（两件）商品", 5, ["限", "（两", "件）", "商品"]),  # no line ends with an opening mark
        ("限两件。", 7, ["限两", "件。"]),  # or begins with a stop
    ],
)
def test_where_lines_break(text: str, letters: int, lines: list[str]) -> None:
    assert wrapped(text.replace("_", NBSP), letters) == [x.replace("_", NBSP) for x in lines]


held = st.lists(st.text("abc19", min_size=1, max_size=8), min_size=1, max_size=3).map(NBSP.join)


@given(st.lists(held, min_size=1, max_size=12), st.integers(1, 40))
def test_what_is_held_together_stands_on_one_line(words: list[str], letters: int) -> None:
    lines = wrapped(" ".join(words), letters)
    assert all(len(line) <= letters for line in lines)
    whole = {word for line in lines for word in line.split(" ")}
    assert all(word in whole for word in words if len(word) <= letters)
    assert re.sub(rf"[ {NBSP}]", "", "".join(lines)) == re.sub(rf"[ {NBSP}]", "", "".join(words))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_size_and_a_number_are_not_torn(settings: Settings, width: int) -> None:
    detail = f"10{NBSP}oz, national brand, usually{NBSP}3"
    for count in range(1, 30):
        item = due(words="x" * count, detail=detail)
        gift = offer(category=item.category, headline="$1.00 off each")
        lines = paper(settings, page(settings, due=(item,), offers=(gift,)), width).said
        for held in ("10 oz", "usually 3", "$1.00 off each"):
            assert any(held in line for line in lines), lines


def test_days_are_said_at_the_top_and_not_on_each_offer(settings: Settings) -> None:
    made = page(settings, offers=tuple(offer(offer=f"o{n}") for n in range(5)))
    for width in WIDTHS:
        said = re.sub(r"\s+", " ", paper(settings, made, width).text)
        assert said.count("Nov 6 – 19") == 1
        assert said.index("Nov 6 – 19") < said.index("On one item.")


words = st.text(max_size=70) | st.text(
    st.sampled_from("abc é€ł – 王小明 Жд שלום محمد \x1b\x1d\n<&{"), max_size=70
)


@st.composite
def lists(draw: st.DrawFn) -> dict[str, Any]:
    headline = draw(words)
    items = [
        due(words=draw(words) or "x", detail=draw(words), department=draw(words))
        for _ in range(draw(st.integers(0, 4)))
    ]
    offers = [
        offer(title=draw(words), headline=headline, conditions=draw(words))
        for _ in range(draw(st.integers(0, 3)))
    ]
    return {
        "name": draw(words), "language": draw(st.sampled_from(["en", "es", "zh", "he", "xx"])),
        "due": tuple(items), "offers": tuple(offers),
    }  # fmt: skip


@given(made=lists(), width=st.sampled_from(WIDTHS), cjk=st.sampled_from(["raster", "gb18030"]))
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_words_the_printer_understands(
    settings: Settings, made: dict[str, Any], width: int, cjk: str
) -> None:
    house = settings.model_copy(update={"languages": {**settings.languages, "he": "he_IL"}})
    house = with_changes(house, "receipt", cjk=cjk)
    out = paper(house, page(house, **made), width)
    assert out.cuts == 1
    assert max(out.edges) <= house.receipt.dots[width]
    dark = [code.text for code in zxingcpp.read_barcodes(out.picture.convert("L"))]
    assert dark == [f"(253){sheet().code[3:]}"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_words(settings: Settings, text: str) -> None:
    item = due(words=text, detail=text, department=text)
    parts = {"due": (item,), "offers": (offer(title=text, headline=text, conditions=text),)}
    out = paper(settings, page(settings, name=text, **parts))
    assert out.cuts == 1
    seen = " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text).split()).replace(" ", "")
    assert out.text.replace(" ", "").replace("\n", "").count(seen) >= 6


@pytest.mark.parametrize("name", ["王小明", "محمد عبد الله", "ไทย", "Ἀριάδνη"])
def test_what_no_table_says_is_drawn(settings: Settings, name: str) -> None:
    plain, out = (paper(settings, page(settings, name=who)) for who in ("Ann", name))
    assert "?" not in out.text
    assert "For" not in out.text  # the whole line is a picture
    assert len([e for e in out.edges if e == 576]) > len([e for e in plain.edges if e == 576])


def test_chinese_type_where_the_printer_has_it(settings: Settings) -> None:
    chinese = with_changes(settings, "receipt", cjk="gb18030")
    data = receipt(page(chinese, name="王小明"), Press(chinese))
    assert "王小明".encode("gb18030") in data
    assert b"\x1c&" in data
    assert "王小明" in printed(data, 576).text


def test_a_language_from_right_to_left_is_a_picture_from_right_to_left(settings: Settings) -> None:
    house = settings.model_copy(update={"languages": {"he": "he_IL"}})
    out = paper(house, page(house, name="Ann", language="he"))
    assert out.text == ""
    picture = out.picture.convert("L")
    assert zxingcpp.read_barcode(picture).text == f"(253){sheet().code[3:]}"  # type: ignore[union-attr]


Reader = Callable[[Image.Image], list[str]]


def zxing(picture: Image.Image) -> list[str]:
    return [code.bytes.decode() for code in zxingcpp.read_barcodes(picture)]


def dmtx(picture: Image.Image) -> list[str]:
    return [code.data.decode() for code in pylibdmtx.decode(picture, max_count=1, timeout=3000)]


def zbar(picture: Image.Image) -> list[str]:
    return [code.data.decode() for code in pyzbar.decode(picture)]


@pytest.mark.parametrize("angle", [0, 3])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("symbology", "readers"),
    [
        ("gs1-128", (zxing, dmtx)),
        ("gs1-datamatrix", (zxing, dmtx)),
        ("qr", (zxing, zbar)),
        ("qr-link", (zxing, zbar)),
    ],
)
def test_every_code_is_read_from_the_paper(
    settings: Settings, symbology: str, readers: tuple[Reader, ...], width: int, angle: int
) -> None:
    house = with_changes(settings, "lists", symbology=symbology, link_host="lists.example.com")
    made = page(house)
    picture = paper(house, made, width).picture.convert("L")
    turned = picture.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    for reader in readers:
        (text,) = reader(turned)
        assert re.sub("[^0-9]", "", text)[-33:] == made.list_code


def test_of_narrow_paper_no_module_is_too_small(settings: Settings) -> None:
    found = zxingcpp.read_barcode(paper(settings, page(settings), 58).picture.convert("L"))
    assert found is not None
    assert found.format == zxingcpp.BarcodeFormat.DataMatrix
    side = found.position.top_right.x - found.position.top_left.x
    assert side / 18 / 8 >= 0.5  # mm a module, at 8 dots a mm


def test_paper_that_the_chain_does_not_have(settings: Settings) -> None:
    with pytest.raises(PaperError, match=r"^Receipts are 80 or 58 mm wide .* but got 112\.$"):
        receipt(page(settings), Press(settings), 112)


@pytest.mark.parametrize(
    ("markup", "message"),
    [
        ("<cut/>", "<cut> stands where a receipt has <line>"),
        ('<line look="huge">x</line>', "a look is one of center, bold, small, tall, big"),
        ("<row><right>x</right></row>", "a <row> holds a <left> and a <right>"),
        ("<line>x", "the receipt is no XML: mismatched tag"),
        ("{{ page.nmae }}", "has no attribute 'nmae'"),
    ],
)
def test_a_slip_in_the_chains_template(
    settings: Settings, tmp_path: Path, markup: str, message: str
) -> None:
    own = tmp_path / "own"
    shutil.copytree(settings.paths.templates, own)
    (own / "receipt.xml.j2").write_text(f"<receipt>{markup}</receipt>")
    house = with_changes(settings, "paths", templates=own)
    with pytest.raises(RenderError, match=r"^The template receipt\.xml\.j2") as caught:
        receipt(page(settings), Press(house))
    assert message in str(caught.value)


def test_the_same_list_gives_the_same_bytes(settings: Settings) -> None:
    made = page(settings, name="王小明")
    assert receipt(made, Press(settings)) == receipt(replace(made), Press(settings))


def test_paper_that_is_torn_off(settings: Settings) -> None:
    out = paper(with_changes(settings, "receipt", cutter=False), page(settings))
    assert out.cuts == 0
    assert out.strips[-1].height >= 100
