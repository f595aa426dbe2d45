"""Product codes as they arrive, brought to one form: the GTIN in 14 digits.

Follows the GS1 General Specifications: section 7.9 (check digit), 7.10 (UPC-E), and GS1
Digital Link for web addresses. A wrong check digit is refused, never mended: mending would
turn one product into another without anybody noticing.

Eight digits can be a GTIN-8 or a UPC-E, which is a GTIN-12 with its zeros taken out. The
check digit cannot tell them apart: 58 in 100 UPC-E codes also pass as a GTIN-8 (all of those
whose seventh digit is 5 to 9). What GS1 has handed out can, so the first digit decides:

* 0: UPC-E if it checks as one, otherwise GTIN-8. No trade item has a GTIN-8 beginning with 0
  (those are numbers for one shop's own use), and every standard UPC-E begins with 0.
* 1: GTIN-8 if it checks as one, otherwise UPC-E. GTIN-8s 100 to 139 are real, and UPC-E with
  a leading 1 is outside the standard though some scanners send it.
* 2 to 9: GTIN-8.

Eight digits with 0 or 1 in front, right or mistyped, have thus two readings to satisfy, and a
single wrong digit can slip through; in every other form each one is caught. A chain that can
have its scanners send UPC-E expanded to 12 digits should do so.
"""

import re

from promo.errors import Sentence

MAX_LENGTH = 512
"""Longest text looked at, in characters; a Digital Link address is the longest form."""

_LINK = re.compile(
    r"https?://[^/?#\s]+(?:/[^/?#\s]+)*?/01/([0-9]{8}|[0-9]{12,14})(?:[/?#]\S*)?", re.IGNORECASE
)
# Symbology identifiers are those of the carriers of GS1 element strings: GS1-128, DataBar,
# DataMatrix, QR and DotCode. The rest is whatever other elements the symbol holds.
_ELEMENTS = re.compile(r"(?:\](?:C1|e0|d2|Q3|J1))?\x1d?(?:\(01\)|01)([0-9]{14})[!-~\x1d]*")


class CodeError(Sentence, ValueError):
    """A code that cannot be accepted; the message is a full sentence for a person to read."""


def shown(text: str) -> str:
    """Quote a code for a message: at most 40 characters of it, unprintable ones escaped."""
    return repr(text if len(text) <= 40 else text[:39] + "…")


def check_digit(payload: str) -> str:
    """Compute the GS1 modulo-10 check digit of a key's other digits (one digit as text).

    Weights are 3, 1, 3, 1... from the right (GS1 General Specifications, 7.9). Raises
    CodeError if the payload is not one or more digits 0 to 9.
    """
    if not re.fullmatch("[0-9]+", payload):
        raise CodeError(f"A check digit needs digits to work on, but got {shown(payload)}.")
    total = sum(3 * int(digit) for digit in payload[::-2])
    total += sum(int(digit) for digit in payload[-2::-2])
    return str(-total % 10)


def gtin14(code: str) -> str:
    """Return the GTIN-14 (14 digits, zero-padded on the left) that a product code stands for.

    Accepts 8, 12, 13 or 14 digits (eight as the module's text says), an element string
    beginning 01 or (01), with or without the symbology identifier a scanner puts in front,
    and a GS1 Digital Link address with /01/. Raises CodeError for anything else.
    """
    if len(code) > MAX_LENGTH:
        raise CodeError(
            f"The product code {shown(code)} is {len(code)} characters long; "
            f"at most {MAX_LENGTH} are expected."
        )
    if re.fullmatch("[0-9]{8}|[0-9]{12,14}", code):
        return _eight(code) if len(code) == 8 else _checked(code)
    found = _LINK.fullmatch(code) or _ELEMENTS.fullmatch(code)
    if found is None:
        raise CodeError(_complaint(code))
    return _checked(found[1])


def _eight(code: str) -> str:
    wide = _expanded(code) if code[0] in "01" else None
    if wide is None:
        return _checked(code)
    as_gtin_8, as_upc_e = check_digit(code[:-1]), check_digit(wide)
    if code[-1] not in (as_gtin_8, as_upc_e):
        raise CodeError(
            f"The product code {shown(code)} ends in check digit {code[-1]}, but the GS1 standard "
            f"computes {as_gtin_8} for it as a GTIN-8 and {as_upc_e} as a UPC-E."
        )
    if code[-1] == as_upc_e and (code[0] == "0" or code[-1] != as_gtin_8):
        return _checked(wide + code[-1])
    return _checked(code)


def _expanded(code: str) -> str | None:
    """Give the 11 digits before the check digit of a UPC-E's UPC-A, or None if not a UPC-E.

    Each GTIN-12 has just one UPC-E form; the others a careless encoder could make are not it.
    """
    system, body, last = code[0], code[1:6], code[6]
    if last in "012":
        return system + body[:2] + last + "0000" + body[2:]
    if last == "3":
        return None if body[2] in "012" else system + body[:3] + "00000" + body[3:]
    if last == "4":
        return None if body[3] == "0" else system + body[:4] + "00000" + body[4]
    return None if body[4] == "0" else system + body + "0000" + last


def _checked(digits: str) -> str:
    if not digits.strip("0"):
        raise CodeError(f"The product code {shown(digits)} is all zeros and names no product.")
    expected = check_digit(digits[:-1])
    if digits[-1] != expected:
        raise CodeError(
            f"The product code {shown(digits)} ends in check digit {digits[-1]}, "
            f"but the GS1 standard computes {expected} from its other digits."
        )
    return digits.zfill(14)


def _complaint(code: str) -> str:
    wanted = "expected 8, 12, 13 or 14 digits"
    if code.lower().startswith(("http://", "https://")):
        return f"The web address {shown(code)} has no /01/ followed by a GTIN; {wanted} there."
    if code.startswith(("]", "(", "\x1d")):
        return f"The element string {shown(code)} does not begin with (01) and 14 digits."
    wrong = re.search("[^0-9]", code)
    if wrong:
        return (
            f"The product code {shown(code)} holds {wrong[0]!r} as character "
            f"{wrong.start() + 1}; {wanted} and nothing else."
        )
    return f"The product code {shown(code)} has {len(code)} digits; {wanted}."
