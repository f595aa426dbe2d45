"""Advance widths, as another reader of fonts has them."""

from importlib.resources import as_file, files

import pytest
from fontTools.ttLib import TTFont

from promo.lists.press import fonts, widths


@pytest.mark.parametrize("name", fonts.FONTS)
def test_as_fonttools_reads_them(name: str) -> None:
    own = fonts.FONTS[name]
    with as_file(files(own.package).joinpath(own.file)) as path:
        with TTFont(path, lazy=True) as font:
            metrics, units = font["hmtx"].metrics, font["head"].unitsPerEm
            cells = font.getBestCmap().items()
            expected = {code: metrics[glyph][0] / units for code, glyph in cells}
        assert widths.advances(path.read_bytes()) == expected


def test_a_font_without_unicode_is_refused() -> None:
    own = fonts.FONTS["regular"]
    data = bytearray(files(own.package).joinpath(own.file).read_bytes())
    for number in range(int.from_bytes(data[4:6])):
        record = data[12 + 16 * number :][:16]
        if record[:4] == b"cmap":
            start = int.from_bytes(record[8:12])
            count = int.from_bytes(data[start + 2 : start + 4])
            for each in range(count):
                data[start + 4 + 8 * each : start + 8 + 8 * each] = b"\x00\x01\x00\x00"
    with pytest.raises(widths.FontError, match=r"no table of Unicode, but of \[\(1, 0\)\]"):
        widths.advances(bytes(data))
