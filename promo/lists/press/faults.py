"""What is wrong with printed leaves: words lost, hidden or printed over one another, codes spoilt.

Everything is judged by what stands on the paper, whatever templates and styles it came from.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from promo.lists.press.measure import CONTRAST, FINE, Boxes, Grey, Leaf

EDGE = 5.0  # mm: nearer to the paper's edge many printers print nothing
OVERLAP = 0.15  # of a character's area under another's
SHOWN = 0.7  # of a character's height and width that ink must reach
NEXT = 3  # characters this near in the text may touch: marks, ligatures, kerning
# What stays together in a PDF's text: words of Latin and its like that stand on one line. All else
# is counted letter by letter: long words and prices may be broken, and lines that run leftwards
# turn their parts round. Texts in joined-up scripts, of which dots and bows come back, are not.
LATIN = "a-z\u00df-\u052f"
SINGLE = "0-9$\u20a0-\u20bf\u00a2-\u00a5\u3400-\u9fff"
TOKENS = re.compile(f"(?<![{LATIN}])[{LATIN}]{{3,9}}(?![{LATIN}])|[{LATIN}{SINGLE}]")
BAND = 8.0  # mm
INVISIBLE = ("Cf", "Cc", "Cn", "Mn", "Me")


def of_leaf(leaf: Leaf) -> Iterator[str]:
    """What is wrong with one page, whatever it ought to say."""
    for what, guilty in (
        ("nearer than 5 mm to the paper's edge", _outside(leaf)),
        ("printed over other words", _overlapping(leaf)),
        ("not to be seen: covered, cut off, or in the colour of the paper", _hidden(leaf)),
    ):
        for run, box in _runs(leaf, guilty):
            yield f"{run!r} is {what} ({_at(box)})"


def missing(leaves: Sequence[Leaf], texts: Iterable[str]) -> Iterator[str]:
    """The words of `texts` that do not stand on the leaves as often as they are said."""
    printed = " ".join(joined(leaf.text) for leaf in leaves)
    said = Counter(text for text in texts if joined(text))
    tokens = {text: _tokens(text) for text in said}
    wanted = Counter(token for text in said.elements() for token in tokens[text])
    gone = {token for token, count in wanted.items() if printed.count(token) < count}
    for text, count in said.items():
        if printed.count(joined(text)) < count and (lost := gone.intersection(tokens[text])):
            yield f"of {text!r} there is not all: {' '.join(sorted(lost))!r} is missing"


def _tokens(text: str) -> list[str]:
    if any(unicodedata.bidirectional(c) in ("R", "AL") for c in text if c != "\u200f"):
        return []
    return TOKENS.findall(_folded(text))


def joined(text: str) -> str:
    """A text as it can be compared: letters, digits and signs in one form, and nothing else.

    No punctuation: a line that runs leftwards puts it elsewhere, a line's end adds hyphens.
    """
    return "".join(
        c for c in _folded(text) if unicodedata.category(c)[0] in "LNS" and c != "\ufffd"
    )


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _outside(leaf: Leaf) -> NDArray[np.bool_]:
    low, high = leaf.boxes[:, :2], leaf.boxes[:, 2:]
    paper = np.array([leaf.width, leaf.height])
    near: NDArray[np.bool_] = (low < EDGE) | (high > paper - EDGE)
    return np.asarray(near.any(axis=1))


def _overlapping(leaf: Leaf) -> NDArray[np.bool_]:
    """Characters of which a good part lies under one that is not their neighbour in the text."""
    found = np.zeros(len(leaf.boxes), bool)
    if not len(leaf.boxes):
        return found
    solid = np.array([not _is_joined_up(c) for c in leaf.characters])
    # Only what stands at the same height can meet: band after band, for a page of much print.
    for top in np.arange(0.0, leaf.height, BAND):
        near = (leaf.boxes[:, 3] > top) & (leaf.boxes[:, 1] < top + BAND) & solid
        places = np.flatnonzero(near)
        found[places] |= _met(leaf.boxes[places], places)
    return found


def _is_joined_up(character: str) -> bool:
    """Whether a character may lie over others by right: marks, and all of Arabic and Hebrew."""
    invisible = unicodedata.category(character) in INVISIBLE or character == "\ufffd"
    return invisible or unicodedata.bidirectional(character) in ("R", "AL")


def _met(boxes: Boxes, places: NDArray[np.intp]) -> NDArray[np.bool_]:
    areas = np.maximum(_areas(boxes), 0.05)
    least = OVERLAP * np.minimum(areas[:, None], areas[None, :])
    apart = np.abs(places[:, None] - places[None, :]) > NEXT
    found: NDArray[np.bool_] = (apart & (overlaps(boxes, boxes) > least)).any(axis=1)
    return found


def overlaps(some: Boxes, others: Boxes) -> Boxes:
    """The area in mm2 that each of `some` shares with each of `others`."""
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    shared: Boxes = np.maximum(high - low, 0).prod(axis=2)
    return shared


def _areas(boxes: Boxes) -> Boxes:
    areas: Boxes = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1)
    return areas


def _hidden(leaf: Leaf) -> NDArray[np.bool_]:
    return np.array([_is_hidden(leaf, box) for box in leaf.boxes], bool)


def _is_hidden(leaf: Leaf, box: Boxes) -> bool:
    """Whether ink fails to reach most of a character's height or width."""
    if (box[2:] - box[:2]).min() <= 0:  # part of a ligature: its first character has the ink
        return False
    grey = leaf.grey(box, 0.2).astype(np.int16)
    if not grey.size:
        return True
    inked = np.abs(grey - grey[0, 0]) > CONTRAST
    high, wide = (box[3] - box[1], box[2] - box[0]) * np.array(144 / 25.4)
    return bool(_reach(inked.any(axis=1)) < SHOWN * high - 1
                or _reach(inked.any(axis=0)) < SHOWN * wide - 1)  # fmt: skip


def _reach(inked: NDArray[np.bool_]) -> int:
    places = np.flatnonzero(inked)
    return int(places[-1] - places[0] + 1) if len(places) else 0


def _runs(leaf: Leaf, guilty: NDArray[np.bool_]) -> Iterator[tuple[str, Boxes]]:
    """Guilty characters that follow each other, as one text with the place of its first."""
    places = np.flatnonzero(guilty)
    for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
        if len(run):
            yield "".join(leaf.characters[place] for place in run)[:60], leaf.boxes[run[0]]


def _at(box: Boxes) -> str:
    return f"{box[0]:.0f} mm from the left, {box[1]:.0f} mm from the top"


def of_code(leaf: Leaf, picture: Grey, mark: Leaf, whole: Grey) -> str | None:
    """What spoils the code on a leaf; None where it is as it was drawn.

    mark, whole: the code printed alone and in its size, and its picture; picture: of the leaf.
    """
    place = _place_of(leaf, mark)
    if place is None:
        return f"the code is not printed in its size ({mark.width:.1f} × {mark.height:.1f} mm)"
    box = np.array([*place, place[0] + mark.width, place[1] + mark.height])
    if (box[:2] < 0).any() or box[2] > leaf.width or box[3] > leaf.height:
        return f"the code or the white around it runs off the paper ({_at(box)})"
    if (overlaps(leaf.boxes, box[None, :]) > 0.01).any():
        return f"words stand on the code or in the white that it needs around it ({_at(box)})"
    if not _same_bars(picture, place, whole):
        return f"the code is covered, cut off or pale ({_at(box)})"
    return None


def _place_of(leaf: Leaf, mark: Leaf) -> Boxes | None:
    """Where the code's upper left corner is, by the drawing that has the size of its bars."""
    bars = mark.drawings[-1]
    sizes = leaf.drawings[:, 2:] - leaf.drawings[:, :2]
    fits = np.flatnonzero((np.abs(sizes - (bars[2:] - bars[:2])) < 0.05).all(axis=1))
    return leaf.drawings[fits[0], :2] - bars[:2] if len(fits) else None


def _same_bars(picture: Grey, place: Boxes, whole: Grey) -> bool:
    """Whether dark and light, both as they should be, change at the same places on five lines."""
    left, top = (place / 25.4 * FINE).round().astype(int)
    here = picture[top : top + whole.shape[0], left : left + whole.shape[1]]
    if here.shape != whole.shape:
        return False
    rows = (np.linspace(0.1, 0.9, 5) * whole.shape[0]).astype(int)
    return all(_same_line(here[row], whole[row]) for row in rows)


def _same_line(one: Grey, other: Grey) -> bool:
    edges = [np.flatnonzero(np.diff((line < 100).astype(np.int8))) for line in (one, other)]
    if len(edges[0]) != len(edges[1]):
        return False
    light = np.median(one[one >= 100])
    return bool((np.abs(edges[0] - edges[1]) <= 2).all() and one.min() < 60 and light > 200)


def paper_of(leaves: Iterable[Leaf], width: float, height: float) -> Iterator[str]:
    """Leaves that are not of the paper that config.yaml names."""
    for number, leaf in enumerate(leaves, 1):
        if abs(leaf.width - width) > 0.5 or abs(leaf.height - height) > 0.5:
            yield (
                f"page {number} is {leaf.width:.0f} × {leaf.height:.0f} mm; expected "
                f"{width:.0f} × {height:.0f}"
            )


def mark_html(svg: str, width: float, height: float) -> str:
    """A document of a code alone, on paper of its own size."""
    style = f"@page{{size:{width}mm {height}mm;margin:0}}body,svg{{margin:0;display:block}}"
    return f"<html><head><style>{style}</style></head><body>{svg}</body></html>"


def file_name(case: str, form: str) -> str:
    """What a case's rendering is called in a folder, without an ending."""
    return f"{re.sub('[^a-z0-9]+', '-', case.casefold()).strip('-')}-{form}"
