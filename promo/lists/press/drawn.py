"""Words as a picture, for what a receipt printer cannot say: Chinese, Arabic, a rare letter.

Shaped, wrapped and drawn by the engine that prints the sheets, with the sheets' fonts.
"""

from collections.abc import Sequence

import numpy as np
import plutoprint
from markupsafe import Markup, escape

from promo.lists.press import fonts
from promo.lists.press.direction import apart
from promo.lists.press.escpos import Dots
from promo.lists.press.pdf import OnlyOurFonts
from promo.lists.press.slip import Line, Row, Run
from promo.lists.press.tight import tight

BLACK = 150
"""From this darkness on, 0 to 255, a dot is burnt."""
BOX = "[ ] "
"""The mark that is drawn as a box to tick."""
EDGE = 8
"""Width of a bar left of every group, in dots: it tells where the groups begin, and is cut off."""
# A pixel is a dot: sizes are those of the printer's own type beside which the picture stands. What
# is bold, such as the mark of an offer, is not torn but goes on below. Our Chinese has one weight.
STYLE = """
@page { margin: 0 }
* { margin: 0; padding: 0 }
body { font-size: 24px; line-height: 30px; overflow-wrap: break-word }
b { display: inline-block }
.han { font-weight: normal }
.small { font-size: 20px; line-height: 26px }
.tall { font-size: 34px; line-height: 42px }
.big { font-size: 44px; line-height: 52px }
.center { text-align: center }
section { border-left: 8px solid #000; margin-bottom: 4px }
.row { display: flex }
.mark { flex: 0 0 48px }
.box { display: block; width: 16px; height: 16px; margin: 5px 4px; border: 2px solid #000 }
.words { flex: 1 1 0; min-width: 0 }
.end { flex: 0 1 auto; max-width: 50%; text-align: end; padding-inline-start: 24px }
"""


def drawn(
    groups: Sequence[Sequence[Line | Row]], dots: int, direction: str, language: str
) -> list[Dots]:
    """A picture for each group of elements, `dots` wide, without the blank rows at its end.

    direction: ltr or rtl, the way the page runs; language: BCP 47, for the shapes of letters. All
    are drawn as one document, because its fonts are opened once a document.
    """
    lines = ("".join(_line(element, direction) for element in group) for group in groups)
    body = "".join(f"<section>{some}</section>" for some in lines)
    ink = _ink(body, dots + EDGE, direction, language)
    edge = np.concatenate(([False], ink[:, 0], [False]))
    ends = np.flatnonzero(edge[1:] != edge[:-1]).reshape(-1, 2)
    return [_cropped(ink[top:bottom, EDGE:]) for top, bottom in ends]


def _ink(body: str, dots: int, direction: str, language: str) -> Dots:
    """A document as dots."""
    html = (
        f'<html lang="{escape(language)}" dir="{direction}"><style>{STYLE}'
        f"body {{ font-family: {fonts.families(body)}, sans-serif }}</style>"
        f"<body>{body}</body></html>"
    )
    size = plutoprint.PageSize(dots * plutoprint.UNITS_PX, dots * plutoprint.UNITS_PX)
    book = plutoprint.Book(size, plutoprint.PAGE_MARGINS_NONE, plutoprint.MEDIA_TYPE_SCREEN)
    book.custom_resource_fetcher = OnlyOurFonts()
    book.load_html(html, user_style=fonts.faces(html))
    canvas = plutoprint.ImageCanvas(
        dots, max(1, round(book.get_document_height())), plutoprint.IMAGE_FORMAT_A8
    )
    book.render_document(canvas)
    canvas.flush()
    rows = canvas.get_height(), canvas.get_stride()
    darkness = np.frombuffer(canvas.get_data(), np.uint8).reshape(rows)
    return darkness[:, :dots] >= BLACK


def _cropped(dots: Dots) -> Dots:
    used = np.flatnonzero(dots.any(axis=1))
    return dots[: used[-1] + 1] if used.size else dots[:0]


def _line(element: Line | Row, direction: str) -> str:
    if isinstance(element, Row):
        left, right = _runs(element.left, direction), _runs(element.right, direction)
        return (
            f'<div class="row"><div class="words">{left}</div><div class="end">{right}</div></div>'
        )
    words = (
        f"<div{' class=center' if element.center else ''}>{_runs(element.runs, direction)}</div>"
    )
    if not element.mark:
        return words
    mark = '<i class="box"></i>' if element.mark == BOX else escape(element.mark)
    return f'<div class="row"><div class="mark">{mark}</div><div class="words">{words}</div></div>'


def _runs(runs: Sequence[Run], direction: str) -> str:
    return "".join(_run(run, direction) for run in runs)


def _run(run: Run, direction: str) -> str:
    words = escape(apart(direction)(tight(run.text)))
    if run.bold:
        weight = "han" if fonts.CHINESE.search(run.text) else "bold"
        words = Markup('<b class="{}">{}</b>').format(weight, words)
    return f'<span class="{run.size}">{words}</span>' if run.size else words
