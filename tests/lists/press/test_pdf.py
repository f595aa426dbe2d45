import errno
import hashlib
import io
import subprocess
import sys
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, cast

import plutoprint
import pypdfium2
import pytest

from promo.lists.press import fonts
from promo.lists.press.pdf import OnlyOurFonts, Sink, fill_through, write_pdf

DAY = date(2017, 11, 6)
HTML = "<html><head><title>x</title></head><body><p>Cat food <b>12 oz</b></p></body></html>"
AGAIN = """
import sys
from datetime import date
from pathlib import Path
from promo.lists.press.pdf import write_pdf
write_pdf(sys.argv[1], Path(sys.argv[2]), title="t", day=date(2017, 11, 6))
"""


def test_the_same_bytes_in_another_process_at_another_time(tmp_path: Path) -> None:
    write_pdf(HTML, tmp_path / "one.pdf", title="t", day=DAY)
    command = [sys.executable, "-c", AGAIN, HTML, str(tmp_path / "two.pdf")]
    subprocess.run(command, check=True)
    one, two = (tmp_path / f"{name}.pdf" for name in ("one", "two"))
    assert hashlib.sha256(one.read_bytes()).digest() == hashlib.sha256(two.read_bytes()).digest()
    dates = pypdfium2.PdfDocument(one).get_metadata_dict()
    assert dates["CreationDate"] == dates["ModDate"] == "20171106000000"


class Full(io.RawIOBase):
    """A file on a disk that has room for so many bytes."""

    room = 5_000

    def write(self, data: Any) -> int:
        self.room -= len(data)
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(data)


def test_a_full_disk_is_an_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The canvas itself would leave half a file and say that all is well."""
    before = tmp_path / "x.pdf"
    write_pdf(HTML, before, title="t", day=DAY)
    whole = before.read_bytes()
    sink = Sink(cast(BinaryIO, Full()))
    with pytest.raises(OSError, match="No space left"):
        fill_through(sink, HTML, "t", DAY)
    assert before.read_bytes() == whole
    assert capfd.readouterr().err == ""


def test_pages_and_words(tmp_path: Path) -> None:
    two = HTML.replace("<p>", '<p>First</p><p style="page-break-before: always">')
    assert write_pdf(two, tmp_path / "two.pdf", title="t", day=DAY) == 2
    document = pypdfium2.PdfDocument(tmp_path / "two.pdf")
    assert "Cat food 12 oz" in document[1].get_textpage().get_text_range()


def test_fonts_are_ours(tmp_path: Path) -> None:
    html = HTML.replace("<p>", "<p style=\"font-family: 'Fira Sans'\">")
    write_pdf(html, tmp_path / "x.pdf", title="t", day=DAY)
    assert b"FiraSans-Regular" in (tmp_path / "x.pdf").read_bytes()


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/x.png", "https://example.com/x.css", "file:///etc/hostname", "x.png",
     "promo-font:../../secret", "promo-font:nosuch"],
)  # fmt: skip
def test_nothing_else_is_fetched(url: str, tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="may not fetch"):
        OnlyOurFonts().fetch_url(url)
    html = HTML.replace("<p>", f'<img src="{url}"><link rel="stylesheet" href="{url}"><p>')
    assert write_pdf(html, tmp_path / "x.pdf", title="t", day=DAY) == 1


def test_a_process_that_wrote_many_files_ends_well(tmp_path: Path) -> None:
    """The library frees its fonts after the interpreter has ended: they must not be Python's."""
    fonts = "'Fira Sans', Arial, sans-serif"  # a browser's families too: without them all is well
    sizes = "".join(f'<p style="font: {n}pt {fonts}">x <b>y</b>' for n in range(8, 16))
    many = AGAIN.replace("write_pdf(sys", "for _ in range(40):\n    write_pdf(sys")
    command = [sys.executable, "-c", many, sizes, str(tmp_path / "x.pdf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("word", "opened"),
    [("Milk – é", {"regular", "bold"}), ("牛奶", {"regular", "bold", "chinese"}),
     ("حليب", {"regular", "bold", "arabic", "arabic-bold"})],
)  # fmt: skip
def test_a_font_is_opened_only_for_a_page_that_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, opened: set[str]
) -> None:
    seen, read = set[str](), fonts.resource

    def noted(name: str) -> plutoprint.ResourceData:
        seen.add(name)
        return read(name)

    monkeypatch.setattr(fonts, "resource", noted)
    html = f"<p style='font-family: {fonts.families(word)}'>{word} <b>{word}</b>".replace('"', "")
    write_pdf(html, tmp_path / "x.pdf", title="t", day=DAY)
    assert seen == opened
    text = pypdfium2.PdfDocument(tmp_path / "x.pdf")[0].get_textpage().get_text_range()
    assert word[0] in unicodedata.normalize("NFKC", text)
