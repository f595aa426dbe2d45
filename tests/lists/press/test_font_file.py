"""Fonts without some of their tables, as another reader of fonts has them."""

from importlib.resources import files
from io import BytesIO

import pytest
from fontTools.ttLib import TTFont

from promo.lists.press import fonts
from promo.lists.press.font_file import without


@pytest.mark.parametrize("name", fonts.FONTS)
def test_what_is_left_stays_as_it_was(name: str) -> None:
    own = fonts.FONTS[name]
    data = files(own.package).joinpath(own.file).read_bytes()
    before, after = (
        TTFont(BytesIO(each), lazy=True) for each in (data, without(data, fonts.HINTS))
    )
    kept = set(before.reader.keys()) - {tag.decode() for tag in fonts.HINTS}
    assert set(after.reader.keys()) == kept
    for tag in kept:
        assert after.reader[tag] == before.reader[tag]


def test_no_table_less_is_the_same_font() -> None:
    own = fonts.FONTS["regular"]
    data = files(own.package).joinpath(own.file).read_bytes()
    once = without(data, ())
    assert without(once, ()) == once
