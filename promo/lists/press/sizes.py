"""The measures of paper and print, in points and millimetres.

`templates/print.css` is given the same numbers, so that layout and style sheet cannot differ.
"""

from dataclasses import dataclass, replace
from functools import cache

from promo.lists.press.metrics import POINT

SIDE, TOP, BOTTOM = 13.0, 10.0, 8.0  # of the paper's edges; nothing is printed nearer
GUTTER = 10.0  # between the columns, with a line in its middle
RULE = 3.5  # between a leaf's header and its columns
PAPERS = {"Letter": (215.9, 279.4), "A4": (210.0, 297.0)}  # ISO 216, ANSI/ASME Y14.1

# Where an address shows through an envelope's window; all from the leaf's left and top edge.
#
# DIN 5008:2020, form B: a field of 85 x 45 mm, 20 mm from the left and 45 mm from the top, of
# which the lower 27.3 mm are the recipient's six lines.
# No. 10 (4 1/8 x 9 1/2 in), a letter folded in three: a window of 4 1/2 x 1 1/8 in, 7/8 in from the
# envelope's left and 1/2 in from its foot. The letter has 0.46 in of play upright and 1 in
# sideways, so what always shows is 2.5 to 3.17 in from the leaf's top and 0.88 to 4.37 in from
# its left.


@dataclass(frozen=True)
class Window:
    """The box of an address, and where the page's own header goes on below the window."""

    left: float
    top: float
    width: float
    lines: int  # with the name
    below: float


WINDOWS = {"A4": Window(25.0, 62.7, 76.0, 6, 92.0), "Letter": Window(23.0, 63.6, 87.0, 4, 92.0)}
ADDRESSES, ADDRESS_LINE = (10.0, 9.0, 8.0, 7.0), 4.2  # points, the largest that fits; millimetres


@dataclass(frozen=True, eq=False)  # compared by identity: a key of the layout's caches
class Size:
    """One size of print: type in points, everything else in millimetres."""

    name: str
    item: float  # due items and offers
    detail: float  # sizes, terms
    headline: float  # what an offer gives
    title: float  # of a column
    heading: float  # of a department or a group of offers
    story: float
    due_gap: float
    offer_gap: float
    heading_gap: float  # above a heading
    lead: float = 24.0  # of an offer's headline beside its words; 0: above them
    inline: bool = False  # whether an offer's terms go on behind its words, on the same line
    leading: float = 1.22
    box: float = 6.6  # of a tick box and the room behind it

    def line(self, points: float) -> float:
        """The height of a line of type."""
        return _line(points, self.leading)


@cache
def _line(points: float, leading: float) -> float:
    return round(points * POINT * leading, 3)


NORMAL = Size("normal", 11.5, 9.5, 13, 16, 10, 10.5, 1.5, 2.6, 2.6)
MEDIUM = Size(
    "medium", 11.5, 9.5, 12.5, 15.5, 9.5, 10.5, 0.9, 1.9, 1.9, lead=23.0, inline=True, leading=1.17
)
DENSE = Size("dense", 11, 9, 12, 14.5, 9, 10.5, 0.5, 1.3, 1.3, lead=22.0, inline=True, leading=1.14)
LARGE = Size("large", 16, 13, 19, 21, 14, 15, 2.2, 4.0, 3.5, lead=0.0, box=9.0)
STYLES = {"sheet": (NORMAL, MEDIUM, DENSE), "mail": (NORMAL, MEDIUM, DENSE), "large": (LARGE,)}
READING = replace(NORMAL, name="reading", story=12.5)  # of a leaf that holds articles alone
GREETING, LONG_GREETING = 25.0, 15.0  # points
WORTH, NOTE, DATES, SMALL = 26.0, 10.0, 11.0, 9.5  # points
HEADER = {"sheet": 28.5, "large": 28.5, "mail": 28.5}  # of the first leaf, its line included
AGAIN = 9.0  # of the leaves behind it
HOW = {"sheet": 10.5, "mail": 10.5, "large": 14.0}
SHORT_CODE = 16.0
STROKE = 0.9  # below a heading: its line and the room under it
OWN_LINE, MOST_OWN = 9.0, 6  # lines to write on: millimetres, how many
