"""The secrets of packs: who may sign one, and what turns cards and households into numbers.

Head office has `packs.key` (or PROMO_PACK_KEYS) with lines `id:private seed:card key`; stores have
`packs.pub` (PROMO_PACK_PUBLIC) with lines `id:public key:card key`; all in hexadecimal, 32 bytes
each. `#` begins a comment line. The last line signs; the others still open what they signed.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from promo.config import Settings
from promo.errors import Sentence

LINE = re.compile(r"([0-9]):([0-9A-Fa-f]{64}):([0-9A-Fa-f]{64})")
FORM = "`id:{}:card key` with an id of one digit and 64 hexadecimal digits each"


class PackKeyError(Sentence):
    """Keys of packs cannot be read or made; the message never shows one."""

    exit_code = 2


class CardKey:
    """Turns cards, households and uses into numbers that say nothing without the key."""

    def __init__(self, secret: bytes) -> None:
        self._begun = {
            person: blake2b(key=secret, digest_size=8, person=person)
            for person in (b"promo card", b"promo household", b"promo use")
        }

    def card(self, card: str) -> int:
        """The number of a loyalty card, of 56 bits, which take SQLite eight bytes.

        Of a million cards two have the same one in 140,000 chains of that size.
        """
        return self._number(b"promo card", card) >> 7

    def household(self, shopper: str) -> int:
        """The number of a household, of 63 bits.

        Of a million households two have the same one in 37 million chains of that size.
        """
        return self._number(b"promo household", shopper)

    def use(self, *parts: object) -> int:
        """The number of one row of `redemptions`, of 47 bits: it need differ in a household only.

        parts: store, till, day, transaction, kind, offer, number, as text or numbers.
        """
        return self._number(b"promo use", "\0".join(map(str, parts))) >> 16

    def _number(self, person: bytes, text: str) -> int:
        made = self._begun[person].copy()
        made.update(text.encode("utf-8", "surrogatepass"))
        return int.from_bytes(made.digest(), "big") >> 1


@dataclass(frozen=True)
class PublicKeys:
    """What a store has: verifies packs, finds cards in them, and can sign nothing."""

    keys: Mapping[int, tuple[bytes, bytes]] = field(repr=False)  # public key, card key

    def verify(self, key: int, signature: bytes, message: bytes) -> bool:
        """Whether a known key made the signature."""
        try:
            Ed25519PublicKey.from_public_bytes(self.keys[key][0]).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def card_key(self, key: int) -> CardKey:
        """What the packs of a known key number cards with."""
        return CardKey(self.keys[key][1])

    def text(self) -> str:
        """The lines of `packs.pub`."""
        return _lines(self.keys)


@dataclass(frozen=True)
class PackKeys:
    """What head office has: by id the private seed and the card key; the last one signs."""

    keys: Mapping[int, tuple[bytes, bytes]] = field(repr=False)

    @property
    def active(self) -> int:
        """The id of the key that signs."""
        return list(self.keys)[-1]

    def card_key(self, key: int) -> CardKey:
        """What the packs of a known key number cards with."""
        return CardKey(self.keys[key][1])

    def sign(self, message: bytes) -> bytes:
        """The active key's Ed25519 signature (RFC 8032), 64 bytes."""
        return _private(self.keys[self.active][0]).sign(message)

    def public(self) -> PublicKeys:
        """What stores get."""
        return PublicKeys(
            {
                key: (_private(seed).public_key().public_bytes_raw(), card_key)
                for key, (seed, card_key) in self.keys.items()
            }
        )

    def with_new(self) -> "PackKeys":
        """The same with a new key at the end, which signs from now on. Raises PackKeyError."""
        free = [each for each in (*range(1, 10), 0) if each not in self.keys]
        if not free:
            raise PackKeyError("There are ten keys already, 0 to 9: take one out that is not used.")
        after = [each for each in free if not self.keys or each > self.active]
        new = (secrets.token_bytes(32), secrets.token_bytes(32))
        return PackKeys({**self.keys, (after or free)[0]: new})

    def text(self) -> str:
        """The lines of `packs.key`."""
        return _lines(self.keys)


def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def _lines(keys: Mapping[int, tuple[bytes, bytes]]) -> str:
    return "".join(f"{key}:{own.hex()}:{card.hex()}\n" for key, (own, card) in keys.items())


def load_private(text: str) -> PackKeys:
    """Read `packs.key`. Raises PackKeyError, which names the line and shows no secret."""
    return PackKeys(_load(text, "packs.key", "private seed"))


def load_public(text: str) -> PublicKeys:
    """Read `packs.pub`. Raises PackKeyError, which names the line."""
    return PublicKeys(_load(text, "packs.pub", "public key"))


def _load(text: str, name: str, what: str) -> dict[int, tuple[bytes, bytes]]:
    found: dict[int, tuple[bytes, bytes]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        fields = LINE.fullmatch(line.strip())
        if fields is None:
            raise PackKeyError(f"Line {number} of {name} is not {FORM.format(what)}.")
        if int(fields[1]) in found:
            raise PackKeyError(f"Line {number} of {name} gives key {fields[1]} a second time.")
        found[int(fields[1])] = (bytes.fromhex(fields[2]), bytes.fromhex(fields[3]))
    if not found:
        raise PackKeyError(f"{name} holds no line {FORM.format(what)}.")
    return found


def private_of(settings: Settings) -> PackKeys:
    """Head office's keys, from the environment or the file. Raises PackKeyError."""
    text = settings.secret("PROMO_PACK_KEYS", "packs.key")
    if not text:
        raise PackKeyError(
            "There are no keys that sign packs: set PROMO_PACK_KEYS or run `promo pack key new`, "
            "which makes a file packs.key."
        )
    return load_private(text)


def public_of(settings: Settings) -> PublicKeys:
    """What verifies packs here: a store's keys, or head office's own. Raises PackKeyError."""
    text = settings.secret("PROMO_PACK_PUBLIC", "packs.pub")
    if text:
        return load_public(text)
    if settings.secret("PROMO_PACK_KEYS", "packs.key"):
        return private_of(settings).public()
    raise PackKeyError(
        "There are no keys that verify packs: put what `promo pack key public` prints at head "
        "office into a file packs.pub beside config.yaml, or set PROMO_PACK_PUBLIC."
    )
