"""The symbologies a list's code can be printed in, and the sizes their standards want.

Sizes are in modules or mm and stand in `docs/codes.md` with their sources: ISO/IEC 15417 (Code
128), 15420 (EAN), 16022 (Data Matrix), 18004 (QR) and the GS1 General Specifications.
"""

from dataclasses import dataclass

import zint

from promo.scans.gtin import CodeError, shown

SHEET_LINEAR_MM = 0.40
"""Narrowest bar on a sheet, in mm: a worn printer and a hurried sweep still tell bars apart."""
SHEET_MATRIX_MM = 0.40
"""Narrowest module of a matrix symbol, in mm; retail tills are promised 0.396 or more."""


@dataclass(frozen=True)
class Quiet:
    """Blank modules around a symbol; they are part of every width and height given out."""

    left: int
    right: int
    top: int = 0
    bottom: int = 0


@dataclass(frozen=True)
class Symbology:
    """How one kind of symbol is encoded and how large it must be.

    `modules` is the width of a list's symbol with its quiet zones (the most, for a link), `bars`
    the height of linear bars in modules (0 for a matrix), `least_mm` and `most_mm` the width of a
    module, `gs1` whether FNC1 leads, `level` a QR code's error correction.
    """

    name: str
    engine: zint.Symbology
    quiet: Quiet
    modules: int
    least_mm: float
    most_mm: float
    bars: float = 0
    gs1: bool = True
    level: int = -1

    @property
    def is_matrix(self) -> bool:
        """Whether it is two-dimensional."""
        return not self.bars


ALL = (
    Symbology("gs1-128", zint.Symbology.GS1_128, Quiet(10, 10), 264, SHEET_LINEAR_MM, 0.625, 37.5),
    Symbology(
        "gs1-datamatrix", zint.Symbology.DATAMATRIX, Quiet(1, 1, 1, 1), 20, SHEET_MATRIX_MM, 0.99
    ),
    # Level 2 is QR's M, which mends 15 per cent: what GS1 recommends, and here no larger than L.
    Symbology(
        "qr", zint.Symbology.QRCODE, Quiet(4, 4, 4, 4), 29, SHEET_MATRIX_MM, 0.99, level=2
    ),
    Symbology(
        "qr-link", zint.Symbology.QRCODE, Quiet(4, 4, 4, 4), 45, SHEET_MATRIX_MM, 0.99,
        gs1=False, level=2,
    ),
    # Bars of 22.85 mm at 0.33 mm a module; truncated bars are read at fewer angles.
    Symbology(
        "ean-13", zint.Symbology.EANX, Quiet(11, 7), 113, SHEET_LINEAR_MM, 0.66, 22.85 / 0.33,
        gs1=False,
    ),
)  # fmt: skip
NAMES = tuple(symbology.name for symbology in ALL)
_BY_NAME = {symbology.name: symbology for symbology in ALL}


def named(name: str) -> Symbology:
    """The symbology of a name in config.yaml. Raises CodeError that lists the names."""
    if name not in _BY_NAME:
        raise CodeError(f"{shown(name)} is no symbology; expected one of {', '.join(NAMES)}.")
    return _BY_NAME[name]


def narrow(name: str, width_mm: float, module_mm: float | None = None) -> str:
    """The symbology for paper `width_mm` wide: the one named if it fits, else GS1 DataMatrix.

    It must fit with its quiet zones and modules of `module_mm` (its narrowest where None). Of
    58 and 80 mm paper 48 and 72 mm can be printed on: a GS1-128 needs 105.6 mm.
    """
    symbology = named(name)
    if round(symbology.modules * (module_mm or symbology.least_mm), 6) <= width_mm:
        return name
    return "gs1-datamatrix"
