"""One list taken out of a file of many."""

from pathlib import Path

import pytest

from promo.person.pages import Span, chunks, cut_bytes, without_element


def test_bytes_are_cut_with_what_belongs_to_them(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(b"From a\nONE\nFrom b\nTWO\nFrom c\nTHREE\n")
    entries = [Span(7, 3), Span(18, 3), Span(29, 5)]
    pieces = chunks(entries, 1)
    assert [path.read_bytes()[p.start :][: p.length] for p in pieces] == [
        b"From a\nONE\n", b"From b\nTWO\n", b"From c\nTHREE\n",
    ]  # fmt: skip
    cut_bytes(path, [pieces[2], pieces[0]])
    assert path.read_bytes() == b"From b\nTWO\n"


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ('<i>a</i><b id="x">1<b>2</b>3</b><i>c</i>', "<i>a</i><i>c</i>"),
        ('<p class="k" id="x" lang="en">1</p>', ""),
        ('<p id="y">1</p>', None),  # a chain's own template names it otherwise
        ('<p id="x">1</p><a href="#x">2</a>', None),  # and this one names it again
        ('<p id="x">1', None),
    ],
)
def test_an_element_is_cut_as_a_whole(html: str, left: str | None) -> None:
    assert without_element(html, "x") == left
