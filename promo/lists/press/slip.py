"""The markup of a receipt: what `templates/receipt.xml.j2` may yield, read into elements.

    <line look="center bold">words, <b>some</b> of them bold</line>
    <line mark="[ ]">words <small>and small ones</small>, clear of the mark</line>
    <row><left>words</left><right>$1.00</right></row>
    <rule/>   <gap/>   <code/>

Looks: center, bold; one of small, tall (twice as high) and big (twice as high and wide). It is XML,
so that templates escape names as they do everywhere else, and no name is ever markup.
"""

from dataclasses import dataclass, replace
from typing import Literal, cast
from xml.etree import ElementTree

from promo.language import NBSP
from promo.lists.press.code_pages import plain

SIZES = ("small", "tall", "big")
LOOKS = ("center", "bold", *SIZES)
MARKS = ("rule", "gap", "code")
BLANKS = f" {NBSP}"


class SlipError(ValueError):
    """The markup of a receipt is wrong; the message says what and where."""


@dataclass(frozen=True)
class Run:
    """Words of one look."""

    text: str
    bold: bool = False
    size: str = ""  # one of SIZES, or the usual one


@dataclass(frozen=True)
class Line:
    """A paragraph behind its mark."""

    runs: tuple[Run, ...]
    center: bool = False
    mark: str = ""


@dataclass(frozen=True)
class Row:
    """Words on the left, and words at the right edge beside them."""

    left: tuple[Run, ...]
    right: tuple[Run, ...]


Mark = Literal["rule", "gap", "code"]
Element = Line | Row | Mark


def read(text: str) -> list[Element]:
    """The elements of a receipt's markup, without paragraphs that are empty. Raises SlipError."""
    try:
        slip = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise SlipError(f"the receipt is no XML: {error}") from None
    _expect(slip, ("receipt",))
    elements = map(_element, slip)
    return [found for found in elements if not isinstance(found, Line) or found.runs]


def _element(node: ElementTree.Element) -> Element:
    _expect(node, ("line", "row", *MARKS))
    if node.tag in MARKS:
        return cast(Mark, node.tag)
    if node.tag == "line":
        mark = " ".join(plain(node.get("mark", "")).split())
        return Line(_runs(node), "center" in _looks(node), f"{mark} " if mark else "")
    if [side.tag for side in node] != ["left", "right"]:
        raise SlipError("a <row> holds a <left> and a <right>, in this order, and nothing else")
    return Row(_runs(node[0]), _runs(node[1]))


def _runs(node: ElementTree.Element) -> tuple[Run, ...]:
    """The words of a paragraph by their looks, white space as in HTML."""
    looks = _looks(node)
    bold, size = "bold" in looks, next((look for look in looks if look in SIZES), "")
    found = [Run(plain(node.text or ""), bold, size)]
    for child in node:
        _expect(child, ("b", "small"))
        words = plain("".join(child.itertext()))
        own = Run(words, True, size) if child.tag == "b" else Run(words, bold, "small")
        found.append(own)
        found.append(Run(plain(child.tail or ""), bold, size))
    return _trimmed(found)


def _trimmed(runs: list[Run]) -> tuple[Run, ...]:
    """Runs without blanks at either end or beside each other, whether lines break there or not."""
    kept = list[Run]()
    for run in runs:
        blank = not kept or kept[-1].text.endswith(tuple(BLANKS))
        if text := run.text.lstrip(BLANKS) if blank else run.text:
            kept.append(replace(run, text=text))
    if kept and not (last := kept[-1].text.rstrip(BLANKS)):
        kept.pop()
    elif kept:
        kept[-1] = replace(kept[-1], text=last)
    return tuple(kept)


def _looks(node: ElementTree.Element) -> list[str]:
    looks = node.get("look", "").split()
    for look in looks:
        if look not in LOOKS:
            raise SlipError(f"a look is one of {', '.join(LOOKS)}, and <{node.tag}> has {look!r}")
    return looks


def _expect(node: ElementTree.Element, tags: tuple[str, ...]) -> None:
    if node.tag not in tags:
        raise SlipError(f"<{node.tag}> stands where a receipt has <{'> or <'.join(tags)}>")
