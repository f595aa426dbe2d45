"""The short code, typed when the barcode will not scan: 12 characters of Crockford's base32.

They hold counter (30 bits), tag (25 bits) and a check character (5 bits). There is no key id:
opening tries each key, so a guess succeeds with one chance in 2**25 per key. Tills must limit
attempts.
"""

import hmac
from collections.abc import Iterable

from promo.lists.codes.keys import MAX_COUNTER, CodeKeys, ForgedCode, MistypedCode, Opened
from promo.scans.gtin import shown

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: the character at index n stands for n."""
LENGTH = 12

_READ_AS = str.maketrans("ILO", "110")


def make(keys: CodeKeys, key_id: int, counter: int) -> str:
    """Make the 12 characters of a counter under a key, without hyphens."""
    number = counter << 25 | keys.tag(key_id, counter, "short") % 2**25
    values = [number >> shift & 31 for shift in range(50, -1, -5)]
    return "".join(ALPHABET[value] for value in [*values, check_value(values)])


def open_short(keys: CodeKeys, text: str, body: str) -> Opened:
    """Check 12 characters, `body`, of what was handed in, `text`, and say what they hold."""
    if body.isascii():  # beyond ASCII, upper() can make two letters of one
        body = body.upper().translate(_READ_AS)
    values = [ALPHABET.find(character) for character in body]
    if -1 in values:
        raise MistypedCode(
            f"The list code {shown(text)} holds {body[values.index(-1)]!r}, "
            "which list codes do not use; please type it again."
        )
    if check_value(values[:11]) != values[11]:
        raise MistypedCode(
            f"The list code {shown(text)} was mistyped, as its last character does not fit "
            "the others; please type it again."
        )
    counter = sum(value << 5 * place for place, value in enumerate(reversed(values[:6])))
    fits = [key for key in keys.secrets if hmac.compare_digest(make(keys, key, counter), body)]
    if not fits or counter > MAX_COUNTER:
        raise not_ours(text)
    if len(fits) > 1:
        # One code in 2**25 also fits another key, and the wrong one would be another household.
        raise MistypedCode(
            f"The list code {shown(text)} fits two lists; please use the barcode instead."
        )
    return Opened(fits[0], counter)


def not_ours(text: str) -> ForgedCode:
    """A code of either kind with a wrong tag, in a sentence for the cashier."""
    return ForgedCode(
        f"The list code {shown(text)} is well formed, but we did not print it; "
        "please scan or type it again, and do not accept it if it stays so."
    )


def check_value(values: Iterable[int]) -> int:
    """Compute the short code's check value (0 to 31) over GF(32), modulus x^5 + x^2 + 1.

    The value n places left of the check has weight x^n; x has order 31, so the 12 weights are
    non-zero (a wrong value shows) and all differ (so do any two unequal values exchanged).
    """
    total = 0
    for value in values:
        total = (total ^ value) << 1
        total ^= 0b100101 if total & 32 else 0
    return total
