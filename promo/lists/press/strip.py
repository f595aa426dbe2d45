"""The strip of paper while it is written: what was sent, and how the printer now stands."""

from collections.abc import Callable

import numpy as np

from promo.lists.press import columns, escpos
from promo.lists.press.code_pages import Repertoire
from promo.lists.press.columns import SCALE, Set
from promo.lists.press.escpos import Dots
from promo.lists.press.slip import Line, Row, Run

LEADING = 6
"""Dots from the feet of a line to the heads of the next."""
GAP, RULE, END = 16, 3, 24
"""Dots of an empty line, of a rule's thickness, and of paper after the last line."""
TO_THE_BAR = 150
"""Dots to feed where nothing cuts: as far as to the bar that paper is torn off at."""


class Strip:
    """Collects commands; one that would change nothing is not sent."""

    def __init__(self, repertoire: Repertoire, dots: int) -> None:
        self.repertoire = repertoire
        self.dots = dots
        self.sent = [escpos.INIT]
        if repertoire.chinese:
            self.sent.append(escpos.NOT_CHINESE)  # some begin in that mode
        self._page: int | None = None
        self._now: dict[Callable[..., bytes], tuple[int, ...]] = {
            escpos.align: (0,), escpos.bold: (0,), escpos.font: (0,), escpos.size: (1, 1),
        }  # fmt: skip

    def text(self, element: Line | Row) -> None:
        """Print words, wrapped."""
        if isinstance(element, Row):
            printed, center = columns.row(element, self.dots), False
        else:
            printed, center = columns.lines(element, self.dots), element.center
        for line in printed:
            self._line(line, center)

    def _line(self, line: Set, center: bool) -> None:
        self._set(escpos.align, int(center))
        self._set(escpos.spacing, columns.height(line) + LEADING)
        for piece in line:
            if piece.x is not None:
                self.sent.append(escpos.move_to(piece.x))
            self._say(piece.run)
        self.sent.append(escpos.LF)

    def _say(self, run: Run) -> None:
        self._set(escpos.font, columns.font_of(run))
        self._set(escpos.bold, int(run.bold))
        self._set(escpos.size, *SCALE[run.size])
        said, self._page = self.repertoire.write(run.text, self._page)
        self.sent.append(said)

    def _set(self, command: Callable[..., bytes], *to: int) -> None:
        if self._now.get(command) != to:
            self.sent.append(command(*to))
            self._now[command] = to

    def picture(self, dots: Dots) -> None:
        """Print a picture from the left edge on."""
        self._set(escpos.align, 0)
        self.sent += [escpos.raster(dots), escpos.feed(LEADING)]

    def centered(self, dots: Dots) -> None:
        """Print a picture in the middle: shifted here, as not every printer does."""
        shift = (self.dots - dots.shape[1]) // 2
        self.picture(np.pad(dots, ((0, 0), (shift, 0))))

    def rule(self) -> None:
        """Print a rule from edge to edge."""
        self.picture(np.ones((RULE, self.dots), bool))

    def gap(self) -> None:
        """Leave an empty line."""
        self.sent.append(escpos.feed(GAP))

    def ended(self, *, cut: bool) -> bytes:
        """All that was sent, and the paper cut or fed out."""
        end = escpos.feed(END) + escpos.CUT if cut else escpos.feed(TO_THE_BAR)
        return b"".join([*self.sent, end])
