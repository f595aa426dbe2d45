"""What both list codes are made from: the chain's document type, its secrets, and keyed tags.

A key file has a line `key id:secret` for each key; the last one makes new codes, the others still
open what they made. Counters are not secret and start afresh with each key id.
"""

import hmac
import re
import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass, field

from promo.scans.gtin import CodeError, check_digit, shown

MAX_COUNTER = 999_999_999
"""Highest counter of one key id: nine digits, and within the short code's 30 bits."""
MIN_SECRET = 16
"""Shortest secret, in bytes."""


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

    def tag(self, key_id: int, counter: int, kind: str) -> int:
        """Compute a tag of 256 bits; each `kind` of code has tags of its own."""
        message = f"promo list {kind}:{self.document_type}:{key_id}:{counter}".encode()
        return int.from_bytes(hmac.digest(self.secrets[key_id], message, "sha256"), "big")


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


def _check_document_type(digits: str) -> None:
    if not re.fullmatch("[0-9]{13}", digits):
        raise CodeError(f"A document type is 13 digits, but got {shown(digits)}.")
    expected = check_digit(digits[:12])
    if digits[12] != expected:
        raise CodeError(
            f"The document type {digits} ends in check digit {digits[12]}, "
            f"but the GS1 standard computes {expected} from its other digits."
        )
