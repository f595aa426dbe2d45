"""The transactions of a POSLog file, one after the other; the memory of one is gone with the next.

What a till never sends and what could cost a night is refused with a sentence, and with it the
whole file: a document type or entities (a kilobyte of them can stand for a terabyte), more than
MOST_BYTES without the end of a transaction, and what libxml2 refuses by itself: more than 256
elements inside each other, ten million characters in one text or attribute, anything that is not
well formed. Nothing is ever fetched.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

from lxml import etree

from promo.scans.sources import SourceError

Element = Any  # lxml brings no types

CHUNK = 1 << 18
MOST_BYTES = 8 << 20  # up to the end of a transaction, from the end of the one before
NAMESPACE = "http://www.nrf-arts.org/IXRetail/"  # what those of POSLog 2 to 6 begin with
SIXTEEN_BITS = (1 << 16) - 1
_TRANSACTION = "{*}Transaction"


def transactions(path: Path) -> Iterator[Element]:
    """Each element Transaction of a file, whole; it must not be used after the next one.

    Raises SourceError where the file cannot be read as what it should be.
    """
    if not path.is_file():
        raise SourceError(f"There is no file {path}.")
    parser = _parser()
    with path.open("rb") as file:
        waiting = depth = 0
        while chunk := file.read(CHUNK):
            waiting += len(chunk)
            _feed(path, parser, chunk)
            for event, element in parser.read_events():
                if event == "start":
                    if not depth:
                        _check_document(path, element.getroottree())
                    depth += 1
                    continue
                depth -= 1
                if depth:
                    continue  # a Transaction inside another one is no till's
                yield element
                _let_go(element)
                waiting = 0
            if waiting > MOST_BYTES:
                raise SourceError(_endless(path))
        _end(path, parser)


def line_of(element: Element) -> int:
    """The physical line that an element begins on.

    libxml2 keeps it in sixteen bits; past them it tells where the first text inside ends.
    """
    line = int(element.sourceline or 0)
    inside = element
    while line >= SIXTEEN_BITS and inside is not None:
        if inside.text:
            return line - int(inside.text.count("\n"))
        inside = next(iter(inside), None)
    return line


def _parser() -> Any:
    return etree.XMLPullParser(
        ("start", "end"), tag=_TRANSACTION, resolve_entities=False, no_network=True,
        load_dtd=False, dtd_validation=False, attribute_defaults=False, huge_tree=False,
        recover=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip


def _feed(path: Path, parser: Any, chunk: bytes) -> None:
    try:
        parser.feed(chunk)
    except (etree.LxmlError, LookupError, ValueError) as error:
        raise SourceError(_broken(path, error)) from None


def _end(path: Path, parser: Any) -> None:
    """Nothing may be missing at the end, and what it was the end of must be a POSLog."""
    try:
        root = parser.close()
    except (etree.LxmlError, LookupError, ValueError) as error:
        raise SourceError(_broken(path, error)) from None
    _check_document(path, root.getroottree())


def _check_document(path: Path, tree: Any) -> None:
    if tree.docinfo.internalDTD is not None:
        raise SourceError(
            f"{path.name} has a document type (<!DOCTYPE …>); expected a POSLog without one, "
            "because with it come entities. Nothing of it was taken in."
        )
    root = etree.QName(tree.getroot())
    known = root.namespace is None or root.namespace.startswith(NAMESPACE)
    if not known or root.localname not in ("POSLog", "Transaction"):
        raise SourceError(
            f"{path.name} begins with the element {root.text[:200]}; expected POSLog, in the "
            f"namespace {NAMESPACE}namespace/ or in none."
        )


def _let_go(element: Element) -> None:
    """Free a transaction and what stands before it in the same element."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def _broken(path: Path, error: Exception) -> str:
    line = getattr(error, "lineno", None)
    said = str(getattr(error, "msg", None) or error).split(", line ", 1)[0]
    if not line:
        line, said = _break(path) or (None, said)
    where = f"{path.name}, line {line}" if line else path.name
    return (
        f"{where}: {ascii(said)[1:-1][:300]}; expected well-formed XML. "
        "Nothing of the file was taken in."
    )


def _break(path: Path) -> tuple[int, str] | None:
    """Where a file breaks and why, by expat: libxml2 is silent on a missing entity."""
    with path.open("rb") as file:
        try:
            expat.ParserCreate().ParseFile(file)
        except (expat.ExpatError, LookupError, ValueError) as error:
            code = getattr(error, "code", None)
            said = str(error) if code is None else expat.ErrorString(code)
            return getattr(error, "lineno", 1), said
    return None


def _endless(path: Path) -> str:
    return (
        f"{path.name}: {MOST_BYTES >> 20} MB without the end of a Transaction; expected "
        "transactions of less. Nothing of the file was taken in."
    )
