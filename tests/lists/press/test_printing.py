"""Printing: what the manifest says is what an independent decoder reads off the pages."""

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path

import pypdfium2
import pytest
from drafts import NIGHT, draft, offer, page
from promo.lists.press.printing import Printed, PrintError, print_lists
from pyzbar import pyzbar

from promo.config import Settings
from promo.files import swap_in
from promo.lists.press.page import Page
from promo.lists.press.press import Press


@pytest.fixture
def some(settings: Settings) -> list[Page]:
    return [page(settings, draft(name=f"Household {i}"), counter=i) for i in range(1, 6)]


def volumes_of(settings: Settings, pages_per_file: int) -> Settings:
    lists = settings.lists.model_copy(update={"pages_per_file": pages_per_file})
    return settings.model_copy(update={"lists": lists})


def write(settings: Settings, pages: Sequence[Page], folder: Path) -> dict[str, Printed]:
    found = print_lists(pages, folder, Press(settings), NIGHT, "Lists & more")
    return {file.path: file for file in found}


def manifest(folder: Path) -> list[tuple[str, int, str]]:
    with (folder / "manifest.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["file", "page", "list_code"]
    return [(name, int(number), code) for name, number, code in rows[1:]]


def read(path: Path) -> list[tuple[str, int, str]]:
    """Every barcode of a PDF, rasterised at 200 dpi."""
    found = []
    with pypdfium2.PdfDocument(path) as document:
        for number, sheet in enumerate(document, 1):
            image = sheet.render(scale=200 / 72).to_pil().convert("L")
            codes = pyzbar.decode(image, symbols=[pyzbar.ZBarSymbol.CODE128])
            found += [(path.name, number, symbol.data.decode()) for symbol in codes]
    return found


def test_pages_bear_the_codes_of_the_manifest(
    settings: Settings, some: list[Page], tmp_path: Path
) -> None:
    files = write(settings, some, tmp_path / "x")
    assert list(files) == ["lists.html", "lists.pdf", "manifest.csv"]
    assert manifest(tmp_path / "x") == [
        ("lists.pdf", number, made.list_code) for number, made in enumerate(some, 1)
    ]
    assert read(tmp_path / "x" / "lists.pdf") == manifest(tmp_path / "x")
    assert [(f.kind, f.pages) for f in files.values()] == [("html", 5), ("pdf", 5), ("manifest", 5)]
    for path, file in files.items():
        assert file.sha256 == hashlib.sha256((tmp_path / "x" / path).read_bytes()).hexdigest()


def test_html_and_pdf_say_the_same(settings: Settings, some: list[Page], tmp_path: Path) -> None:
    write(settings, some, tmp_path)
    html = (tmp_path / "lists.html").read_text(encoding="utf-8")
    with pypdfium2.PdfDocument(tmp_path / "lists.pdf") as document:
        assert document.get_metadata_dict()["Title"] == "Lists & more"
        for made, sheet in zip(some, document, strict=True):
            text = sheet.get_textpage().get_text_range()
            for words in (made.name, made.human_readable, made.short_code, made.worth):
                assert words in text
                assert words in html


@pytest.mark.parametrize(
    ("pages_per_file", "volumes"),
    [
        (5, {"lists": 5}),
        (4, {"lists-001": 4, "lists-002": 1}),
        (2, {"lists-001": 2, "lists-002": 2, "lists-003": 1}),
        (1, {f"lists-00{i}": 1 for i in range(1, 6)}),
    ],
)
def test_a_large_night_is_split_into_volumes(
    settings: Settings, some: list[Page], tmp_path: Path, pages_per_file: int,
    volumes: dict[str, int],
) -> None:  # fmt: skip
    files = write(volumes_of(settings, pages_per_file), some, tmp_path)
    assert {name: f.pages for name, f in files.items() if f.kind == "pdf"} == {
        f"{name}.pdf": pages for name, pages in volumes.items()
    }
    rows = manifest(tmp_path)
    assert [code for *_, code in rows] == [made.list_code for made in some]
    assert [row for name in volumes for row in read(tmp_path / f"{name}.pdf")] == rows


def test_a_night_without_lists_writes_an_empty_manifest(settings: Settings, tmp_path: Path) -> None:
    assert list(write(settings, [], tmp_path)) == ["manifest.csv"]
    assert manifest(tmp_path) == []


def test_the_same_bytes_again(settings: Settings, some: list[Page], tmp_path: Path) -> None:
    assert write(settings, some, tmp_path / "a") == write(settings, some, tmp_path / "b")


def test_a_list_that_runs_over_its_page_stops_the_night(
    settings: Settings, some: list[Page], tmp_path: Path
) -> None:
    long = page(settings, draft(offers=tuple(offer() for _ in range(60))), counter=9)
    with pytest.raises(PrintError, match=r"lists.pdf has 8 pages, expected 6: a list does not fit"):
        write(settings, [*some, long], tmp_path / "x")
    assert not (tmp_path / "x" / "manifest.csv").exists()
    assert not list(tmp_path.rglob("*.tmp"))


def folder(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "run.json").write_text(text)
    return path


def test_swap_in(tmp_path: Path) -> None:
    target = tmp_path / "2017-11-06"
    swap_in(folder(tmp_path / ".2017-11-06.new", "first"), target)
    assert (target / "run.json").read_text() == "first"
    swap_in(folder(tmp_path / ".2017-11-06.new", "second"), target)
    assert (target / "run.json").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".2", "2"))] == [
        "2017-11-06"
    ]


@pytest.mark.parametrize("left", [[".2017-11-06.old"], [".2017-11-06.old", "2017-11-06"]])
def test_swap_in_after_a_killed_swap(tmp_path: Path, left: list[str]) -> None:
    """Killed before the new folder took its place, or before the old one was removed."""
    for name in left:
        folder(tmp_path / name, "before")
    swap_in(folder(tmp_path / ".2017-11-06.new", "again"), tmp_path / "2017-11-06")
    assert (tmp_path / "2017-11-06" / "run.json").read_text() == "again"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2017-11-06"]
