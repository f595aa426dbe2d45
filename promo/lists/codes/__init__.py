"""The codes printed on a list, and the check that a code handed in is one of ours.

Barcode, GS1 AI (253), Global Document Type Identifier (GS1 General Specifications):
253, document type (12 digits and check digit), then as serial: key id (1), counter (9), tag (7).
A guess succeeds with one chance in 10**7. `promo.lists.codes.short_code` has the code to type, and
`promo.lists.codes.ean` one for tills that read nothing but thirteen digits.

All tags are HMAC-SHA256 under the same secret but over different messages, so none tells anything
about another.
"""

import hmac
import re

from promo.lists.codes.ean import Desk, open_ean
from promo.lists.codes.keys import MAX_COUNTER, CodeKeys, ForgedCode, MistypedCode, Opened
from promo.lists.codes.short_code import LENGTH, make, not_ours, open_short
from promo.scans.gtin import CodeError, check_digit, shown

MAX_TEXT = 200
"""Longest text `open_code` looks at, in characters."""

_LINK = re.compile(
    r"https?://[^/?#\s]+(?:/[^/?#\s]+)*?/253/([0-9]{30})(?:[/?#]\S*)?", re.IGNORECASE
)
# Symbology identifiers (ISO/IEC 15424) of what we print: GS1-128, GS1 DataMatrix and GS1 QR with
# element strings, QR with a link, and EAN-13.
_ELEMENTS, _LINKS, _EAN = ("]C1", "]d2", "]Q3"), ("]Q1", "]Q2"), "]E0"


def list_code(keys: CodeKeys, counter: int) -> str:
    """Make the barcode's content: 33 digits, 253 first, under the active key.

    Raises CodeError if the counter is outside 0 to MAX_COUNTER.
    """
    return _long(keys, keys.active, _counter(counter))


def code_of(keys: CodeKeys, key_id: int, counter: int) -> str:
    """Make the `list_code` of a counter again, under the key that it was made with."""
    return _long(keys, key_id, _counter(counter))


def short_code(keys: CodeKeys, counter: int) -> str:
    """Make the code to type, as XXXX-XXXX-XXXX, under the active key; errors as `list_code`."""
    code = make(keys, keys.active, _counter(counter))
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def serial(code: str) -> str:
    """Take the 17-digit serial from a `list_code`; raises MistypedCode if it is not one."""
    if not re.fullmatch("253[0-9]{30}", code):
        raise MistypedCode(f"The list code {shown(code)} is not 253 and 30 digits.")
    return code[16:]


def human_readable(code: str) -> str:
    """Write a `list_code` as GS1 has it under the barcode: (253) and 30 digits, no spaces."""
    return f"(253){code[3:16]}{serial(code)}"


def grouped(code: str) -> str:
    """Write a `list_code` with a space between its parts, for people; `open_code` takes it."""
    tail = serial(code)
    return f"(253){code[3:16]} {tail[0]} {tail[1:10]} {tail[10:]}"


def open_code(keys: CodeKeys, text: str, desk: Desk | None = None) -> Opened:
    """Check a scanned or typed code of any kind and say what it holds.

    Takes what scanners send: a symbology identifier (]C1, ]d2, ]Q3, ]Q1, ]E0), FNC1 (GS), 253 or
    (253) and 30 digits, a GS1 Digital Link with /253/ on any host (the tag decides, and nothing is
    fetched), thirteen digits if there is a `desk`; and what people type: spaces, hyphens, lower
    case, in short codes I and L for 1 and O for 0. Raises MistypedCode or ForgedCode; the message
    is a sentence for the cashier.
    """
    if len(text) > MAX_TEXT:
        raise MistypedCode(
            f"The list code {shown(text)} is {len(text)} characters; expected at most {MAX_TEXT}."
        )
    carrier, body = _carried(text.strip())
    link = _LINK.fullmatch(body) if carrier not in (*_ELEMENTS, _EAN) else None
    if link:
        return _open_long(keys, text, link[1])
    if carrier in _LINKS:
        raise MistypedCode(f"The QR code {shown(text)} is no link of one of our lists.")
    body = _bare(body)
    if carrier == _EAN or re.fullmatch("[0-9]{13}", body):
        return _open_ean(keys, text, body, desk)
    if len(body) == LENGTH and not carrier:
        return _open_twelve(keys, text, body, desk)
    return _open_long(keys, text, body)


def _carried(text: str) -> tuple[str, str]:
    """The symbology identifier, or nothing, and what follows it."""
    known = text[:3] in (*_ELEMENTS, *_LINKS, _EAN)
    # strip() takes GS as well: FNC1 in front, and the separator some scanners send behind.
    return (text[:3], text[3:].strip()) if known else ("", text)


def _bare(text: str) -> str:
    body = re.sub("[ -]", "", text).removeprefix("(253)")
    return body[3:] if len(body) == 33 and body.startswith("253") else body


def _open_ean(keys: CodeKeys, text: str, body: str, desk: Desk | None) -> Opened:
    # A UPC-A is an EAN-13 whose leading 0 many scanners leave out.
    digits = body.zfill(13) if len(body) == 12 else body
    if not re.fullmatch("[0-9]{13}", digits):
        raise MistypedCode(f"The EAN-13 {shown(text)} is not 13 digits; please try again.")
    return open_ean(keys, text, digits, desk)


def _open_twelve(keys: CodeKeys, text: str, body: str, desk: Desk | None) -> Opened:
    """A short code; or, where the chain's prefix begins with 0, perhaps a UPC-A."""
    if desk is None or not re.fullmatch("[0-9]{12}", body) or "0" + body[0] != desk.prefix:
        return open_short(keys, text, body)
    try:
        return open_short(keys, text, body)
    except (MistypedCode, ForgedCode):
        return _open_ean(keys, text, body, desk)


def _open_long(keys: CodeKeys, text: str, body: str) -> Opened:
    if not re.fullmatch("[0-9]{30}", body):
        raise MistypedCode(
            f"The list code {shown(text)} is neither the 33 digits under the barcode "
            "nor the 12 letters and digits of the short code; please try again."
        )
    if check_digit(body[:12]) != body[12]:
        raise MistypedCode(
            f"The list code {shown(text)} was mistyped, as its thirteenth digit does not fit "
            "the twelve before it; please try again."
        )
    if body[:13] != keys.document_type:
        raise ForgedCode(
            f"The code {shown(text)} is not on one of our lists: its document type is "
            f"{body[:13]}, and ours is {keys.document_type}."
        )
    opened = Opened(int(body[13]), int(body[14:23]))
    if opened.key_id not in keys.secrets:
        raise ForgedCode(
            f"The list code {shown(text)} names key {opened.key_id}, which is not one of ours; "
            "please do not accept it."
        )
    genuine = _long(keys, opened.key_id, opened.counter)[3:]
    if not hmac.compare_digest(genuine, body):
        raise not_ours(text)
    return opened


def _long(keys: CodeKeys, key_id: int, counter: int) -> str:
    # 2**256 is so far beyond 10**7 that the remainder favours no tag by more than 1 in 10**69.
    tag = keys.tag(key_id, counter, "barcode") % 10**7
    return f"253{keys.document_type}{key_id}{counter:09d}{tag:07d}"


def _counter(counter: int) -> int:
    if not 0 <= counter <= MAX_COUNTER:
        raise CodeError(
            f"A list's counter must be 0 to {MAX_COUNTER}, but got {counter}; "
            "once a key's counters are used up, add a new key id."
        )
    return counter
