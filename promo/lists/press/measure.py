"""A PDF looked at as it was printed: every character with its place and whether ink shows it.

Needs pypdfium2, which printing itself does not: `pip install 'promo[check]'`. Places are in mm
from the upper left corner of the paper.
"""

from collections.abc import Iterator
from contextlib import closing
from ctypes import c_double
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from promo.errors import Sentence

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

MM = 25.4 / 72  # of a point
COARSE, FINE = 144, 600  # dpi: of a whole leaf, of a code
CONTRAST = 40  # of 255; fainter is no ink
Boxes = NDArray[np.float64]
Grey = NDArray[np.uint8]


class NoMeasure(Sentence):
    """What measures a PDF is not installed."""

    exit_code = 2


@dataclass(frozen=True)
class Leaf:
    """One printed page. Boxes are (n, 4): left, top, right, bottom; `ink` is its picture."""

    width: float
    height: float
    characters: tuple[str, ...]  # in the order in which they were printed, no blanks
    boxes: Boxes  # of each character, as tight as its ink
    drawings: Boxes  # of everything that is no text: bars, rules, frames
    ink: Grey

    @cached_property
    def text(self) -> str:
        """All characters, without the blanks between them."""
        return "".join(self.characters)

    def grey(self, box: Any, beyond: float = 0.0) -> Grey:
        """The picture of a place, and so many mm around it."""
        left, top, right, bottom = (np.array(box) + np.array([-1, -1, 1, 1]) * beyond) / 25.4
        high, wide = self.ink.shape
        rows = slice(max(int(top * COARSE), 0), min(int(np.ceil(bottom * COARSE)), high))
        columns = slice(max(int(left * COARSE), 0), min(int(np.ceil(right * COARSE)), wide))
        return self.ink[rows, columns]


def require() -> None:
    """Raise NoMeasure where what measures a PDF is not installed."""
    try:
        import pypdfium2  # noqa: F401
    except ImportError:
        raise NoMeasure(
            "Printed pages are measured with pypdfium2, which is not installed: run "
            "`pip install 'promo[check]'`."
        ) from None


def leaves(path: Path) -> list[Leaf]:
    """Every page of a PDF. Raises NoMeasure where pypdfium2 is missing."""
    with closing(_document(path)) as document:
        return [_leaf(document[number]) for number in range(len(document))]


def pictures(path: Path, scale_dpi: int = FINE) -> list[Grey]:
    """Every page of a PDF as a grey picture."""
    with closing(_document(path)) as document:
        return [_picture(document[number], scale_dpi) for number in range(len(document))]


def _document(path: Path) -> Any:
    require()
    from pypdfium2 import PdfDocument

    return PdfDocument(path)


def _picture(page: "PdfPage", dpi: int) -> Grey:
    found: Grey = page.render(scale=dpi / 72, grayscale=True).to_numpy()
    return found.reshape(found.shape[0], found.shape[1]).copy()


def _leaf(page: "PdfPage") -> Leaf:
    width, height = page.get_size()
    found = list(_characters(page, height))
    drawn = [_from_top(shape.get_bounds(), height) for shape in _drawings(page)]
    return Leaf(
        width * MM,
        height * MM,
        tuple(character for character, _ in found),
        np.array([box for _, box in found], float).reshape(-1, 4),
        np.array(drawn, float).reshape(-1, 4),
        _picture(page, COARSE),
    )


def _drawings(page: "PdfPage") -> Iterator[Any]:
    from pypdfium2.raw import FPDF_PAGEOBJ_TEXT

    return (shape for shape in page.get_objects() if shape.type != FPDF_PAGEOBJ_TEXT)


def _characters(page: "PdfPage", height: float) -> Iterator[tuple[str, tuple[float, ...]]]:
    from pypdfium2 import raw

    with closing(page.get_textpage()) as text:
        sides = [c_double() for _ in range(4)]
        for number in range(text.count_chars()):
            character = chr(raw.FPDFText_GetUnicode(text, number))
            if character.isspace() or raw.FPDFText_IsGenerated(text, number) == 1:
                continue
            left, right, bottom, top = sides
            if raw.FPDFText_GetCharBox(text, number, left, right, bottom, top):
                box = (left.value, bottom.value, right.value, top.value)
                yield character, _from_top(box, height)


def _from_top(box: tuple[float, ...], height: float) -> tuple[float, ...]:
    left, bottom, right, top = box
    return left * MM, (height - top) * MM, right * MM, (height - bottom) * MM
