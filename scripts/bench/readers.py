"""Decoders that share no code with each other, told what to look for, as tills are.

The symbols are drawn by zint-bindings; zxing-cpp's reader is its own. zbar reads no Data Matrix and
libdmtx nothing else, so each symbology has two.
"""

from collections.abc import Callable

import zxingcpp
from PIL import Image
from pylibdmtx import pylibdmtx
from pyzbar import pyzbar

AROUND = 30  # pixels, 4 mm at 200 dpi, around a symbol

Reader = Callable[[Image.Image], list[str]]


def readers(symbology: str) -> dict[str, Reader]:
    """The two decoders of a symbology; each gives the texts that it read."""
    if symbology == "gs1-datamatrix":
        return {"zxing-cpp": _zxing(symbology), "libdmtx": _libdmtx}
    return {"zxing-cpp": _zxing(symbology), "zbar": _zbar(symbology)}


def _zxing(symbology: str) -> Reader:
    formats = {"gs1-128": "Code128", "ean-13": "EAN13", "gs1-datamatrix": "DataMatrix"}
    wanted = zxingcpp.barcode_formats_from_str(formats.get(symbology, "QRCode"))

    def read(image: Image.Image) -> list[str]:
        found = zxingcpp.read_barcodes(image, wanted, text_mode=zxingcpp.TextMode.Plain)
        return [each.symbology_identifier + each.text for each in found]

    return read


def _zbar(symbology: str) -> Reader:
    kinds = {"gs1-128": pyzbar.ZBarSymbol.CODE128, "ean-13": pyzbar.ZBarSymbol.EAN13}
    wanted = kinds.get(symbology, pyzbar.ZBarSymbol.QRCODE)

    def read(image: Image.Image) -> list[str]:
        return [each.data.decode() for each in pyzbar.decode(image, symbols=[wanted])]

    return read


def _libdmtx(image: Image.Image) -> list[str]:
    """What libdmtx reads where zxing-cpp says that a symbol is, or else in the whole picture.

    By itself it tries every edge on a page, a second long; what it reads there is its own work.
    """
    seen = zxingcpp.read_barcodes(image, zxingcpp.barcode_formats_from_str("DataMatrix"))
    if len(seen) == 1:
        place = seen[0].position
        corners = (place.top_left, place.top_right, place.bottom_left, place.bottom_right)
        across, down = [corner.x for corner in corners], [corner.y for corner in corners]
        image = image.crop((min(across) - AROUND, min(down) - AROUND, max(across) + AROUND,
                            max(down) + AROUND))  # fmt: skip
    return [each.data.decode() for each in pylibdmtx.decode(image, timeout=5000, max_count=1)]
