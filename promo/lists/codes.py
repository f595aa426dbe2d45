"""The two codes printed on a list, and the check that a code handed in is one of ours.

Barcode, GS1 AI (253), Global Document Type Identifier (GS1 General Specifications):
253, document type (12 digits and check digit), then as serial: key id (1), counter (9), tag (7).

Short code, typed when the barcode will not scan: 12 Crockford base32 characters holding
counter (30 bits), tag (25 bits) and a check character (5 bits). It holds no key id: opening
tries each key, so a guess succeeds with one chance in 2**25 per key, and one in 10**7 for a
barcode. Tills must limit attempts.

Both tags are HMAC-SHA256 under the same secret but over different messages, so neither tells
anything about the other. Counters are not secret and start afresh with each key id.
"""

import hmac
import re
import secrets as randomness
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from promo.scans.gtin import CodeError, check_digit, shown

MAX_COUNTER = 999_999_999
"""Highest counter of one key id: nine digits, and within the short code's 30 bits."""
MAX_TEXT = 200
"""Longest text `open_code` looks at, in characters."""
MIN_SECRET = 16
"""Shortest secret, in bytes."""
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: the character at index n stands for n."""

_READ_AS = str.maketrans("ILO", "110")
_LINK = re.compile(
    r"https?://[^/?#\s]+(?:/[^/?#\s]+)*?/253/([0-9]{30})(?:[/?#]\S*)?", re.IGNORECASE
)


class MistypedCode(CodeError):
    """Not a list code as it stands (length, characters, check digit or character): try again."""


class ForgedCode(CodeError):
    """A well-formed code we did not print: wrong tag, unknown key id or other document type."""


@dataclass(frozen=True)
class Opened:
    """What a genuine code says: key id (0 to 9) and counter (0 to MAX_COUNTER)."""

    key_id: int
    counter: int


@dataclass(frozen=True)
class CodeKeys:
    """Document type (13 digits), secrets by key id (0 to 9), and the key id new codes use.

    Raises CodeError for a wrong check digit, a short secret, or an active key with no secret.
    """

    document_type: str
    secrets: Mapping[int, bytes] = field(repr=False, hash=False)
    active: int

    def __post_init__(self) -> None:
        _check_document_type(self.document_type)
        for key_id, secret in self.secrets.items():
            if key_id not in range(10):
                raise CodeError(f"A key id is one digit, 0 to 9, but got {key_id}.")
            if len(secret) < MIN_SECRET:
                raise CodeError(
                    f"The secret of key {key_id} is {len(secret)} bytes; expected {MIN_SECRET}."
                )
        if self.active not in self.secrets:
            raise CodeError(f"The active key {self.active} has no secret.")
        # A copy, so that a caller's later change cannot get past the checks above.
        object.__setattr__(self, "secrets", dict(self.secrets))


def new_secret() -> str:
    """Make a secret for `load_keys`: 32 random bytes as 64 hex digits."""
    return randomness.token_hex(32)


def load_keys(document_type: str, text: str) -> CodeKeys:
    """Read keys from lines `key_id:secret`; `#` begins a comment line, the last key is active.

    A secret of hex digits alone is hex, any other is UTF-8 text; 16 bytes or more either way.
    Raises CodeError that names the line and never shows the secret.
    """
    found: dict[int, bytes] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            key_id, secret = _key_line(number, line)
            if key_id in found:
                raise CodeError(f"Line {number} of the keys gives key {key_id} a second secret.")
            found[key_id] = secret
    if not found:
        raise CodeError("The keys hold no line 'key id:secret'.")
    return CodeKeys(document_type, found, active=key_id)


def list_code(keys: CodeKeys, counter: int) -> str:
    """Make the barcode's content: 33 digits, 253 first, under the active key.

    Raises CodeError if the counter is outside 0 to MAX_COUNTER.
    """
    return _long(keys, keys.active, _counter(counter))


def short_code(keys: CodeKeys, counter: int) -> str:
    """Make the code to type, as XXXX-XXXX-XXXX, under the active key; errors as `list_code`."""
    code = _short(keys, keys.active, _counter(counter))
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


def open_code(keys: CodeKeys, text: str) -> Opened:
    """Check a scanned or typed code of either kind and say what it holds.

    Takes a leading ]C1 and FNC1 (GS), 253 or (253), spaces, hyphens, a GS1 Digital Link with
    /253/, lower case, and in short codes I and L for 1 and O for 0. Raises MistypedCode or
    ForgedCode; the message is a sentence for the cashier.
    """
    if len(text) > MAX_TEXT:
        raise MistypedCode(
            f"The list code {shown(text)} is {len(text)} characters; expected at most {MAX_TEXT}."
        )
    link = _LINK.fullmatch(text.strip())
    body = link[1] if link else _bare(text)
    return _open_short(keys, text, body) if len(body) == 12 else _open_long(keys, text, body)


def _bare(text: str) -> str:
    # strip() takes GS as well: FNC1 in front, and the separator some scanners send behind.
    body = re.sub("[ -]", "", text.strip().removeprefix("]C1").strip()).removeprefix("(253)")
    return body[3:] if len(body) == 33 and body.startswith("253") else body


def _open_long(keys: CodeKeys, text: str, body: str) -> Opened:
    if not re.fullmatch("[0-9]{30}", body):
        raise MistypedCode(
            f"The list code {shown(text)} is neither the 30 digits under the barcode "
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
        raise _forged(text)
    return opened


def _open_short(keys: CodeKeys, text: str, body: str) -> Opened:
    if body.isascii():  # beyond ASCII, upper() can make two letters of one
        body = body.upper().translate(_READ_AS)
    values = [ALPHABET.find(character) for character in body]
    if -1 in values:
        raise MistypedCode(
            f"The list code {shown(text)} holds {body[values.index(-1)]!r}, "
            "which list codes do not use; please type it again."
        )
    if _check_value(values[:11]) != values[11]:
        raise MistypedCode(
            f"The list code {shown(text)} was mistyped, as its last character does not fit "
            "the others; please type it again."
        )
    counter = sum(value << 5 * place for place, value in enumerate(reversed(values[:6])))
    fits = [key for key in keys.secrets if hmac.compare_digest(_short(keys, key, counter), body)]
    if not fits or counter > MAX_COUNTER:
        raise _forged(text)
    if len(fits) > 1:
        # One code in 2**25 also fits another key, and the wrong one would be another household.
        raise MistypedCode(
            f"The list code {shown(text)} fits two lists; please use the barcode instead."
        )
    return Opened(fits[0], counter)


def _forged(text: str) -> ForgedCode:
    return ForgedCode(
        f"The list code {shown(text)} is well formed, but we did not print it; "
        "please do not accept it."
    )


def _long(keys: CodeKeys, key_id: int, counter: int) -> str:
    # 2**256 is so far beyond 10**7 that the remainder favours no tag by more than 1 in 10**69.
    tag = _mac(keys, key_id, counter, "barcode") % 10**7
    return f"253{keys.document_type}{key_id}{counter:09d}{tag:07d}"


def _short(keys: CodeKeys, key_id: int, counter: int) -> str:
    number = counter << 25 | _mac(keys, key_id, counter, "short") % 2**25
    values = [number >> shift & 31 for shift in range(50, -1, -5)]
    return "".join(ALPHABET[value] for value in [*values, _check_value(values)])


def _mac(keys: CodeKeys, key_id: int, counter: int, kind: str) -> int:
    message = f"promo list {kind}:{keys.document_type}:{key_id}:{counter}".encode()
    return int.from_bytes(hmac.digest(keys.secrets[key_id], message, "sha256"), "big")


def _check_value(values: Iterable[int]) -> int:
    """Compute the short code's check value (0 to 31) over GF(32), modulus x^5 + x^2 + 1.

    The value n places left of the check has weight x^n; x has order 31, so the 12 weights are
    non-zero (a wrong value shows) and all differ (so do any two unequal values exchanged).
    """
    total = 0
    for value in values:
        total = (total ^ value) << 1
        total ^= 0b100101 if total & 32 else 0
    return total


def _counter(counter: int) -> int:
    if not 0 <= counter <= MAX_COUNTER:
        raise CodeError(
            f"A list's counter must be 0 to {MAX_COUNTER}, but got {counter}; "
            "once a key's counters are used up, add a new key id."
        )
    return counter


def _check_document_type(digits: str) -> None:
    if not re.fullmatch("[0-9]{13}", digits):
        raise CodeError(f"A document type is 13 digits, but got {shown(digits)}.")
    expected = check_digit(digits[:12])
    if digits[12] != expected:
        raise CodeError(
            f"The document type {digits} ends in check digit {digits[12]}, "
            f"but the GS1 standard computes {expected} from its other digits."
        )


def _key_line(number: int, line: str) -> tuple[int, bytes]:
    key_id, colon, secret = (part.strip() for part in line.partition(":"))
    if not (colon and re.fullmatch("[0-9]", key_id)):
        raise CodeError(f"Line {number} of the keys is not 'key id:secret' with a key id 0 to 9.")
    is_hex = re.fullmatch("[0-9A-Fa-f]+", secret) is not None
    if is_hex and len(secret) % 2:
        raise CodeError(f"Line {number} of the keys has an odd number of hex digits as secret.")
    raw = bytes.fromhex(secret) if is_hex else secret.encode()
    if len(raw) < MIN_SECRET:
        raise CodeError(
            f"Line {number} of the keys has a secret of {len(raw)} bytes; "
            f"expected {MIN_SECRET} or more."
        )
    return int(key_id), raw
