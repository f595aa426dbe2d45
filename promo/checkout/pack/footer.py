"""The signed end of a pack: one JSON document on whole pages behind those of SQLite.

SQLite reads as many pages as its own header counts and never looks at what follows. Every byte of
the file is covered: those before the footer by its SHA-256, the footer's own because it is compared
with the one way in which its facts are written.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

import msgspec

from promo.checkout.pack.faults import PackError
from promo.checkout.pack.keys import PackKeys, PublicKeys

FORMAT = 1
MAGIC = "promo pack"
PAGE = 4096
TRAILER = 32  # bytes at the very end: magic, format and how long the footer is
MOST = 256 * PAGE
PURPOSE = b"promo pack footer\n"  # so that no other document's signature fits


@dataclass(frozen=True)
class Footer:
    """What a pack says of itself.

    version: when head office's database was read, UTC, in text that sorts; base: of a delta, the
    version that it adds to; made, expires: instants, ISO 8601; code_keys: ids of the list-code keys
    that its lists have; settings: what pricing takes (promo.checkout.pack.sections); key: whose
    signature; sha256: of all bytes before the footer.
    """

    kind: Literal["base", "delta"]
    region: str
    stores: tuple[str, ...]
    version: str
    made: str
    expires: str
    settings: dict[str, Any] = field(repr=False)
    counts: dict[str, int] = field(repr=False)
    code_keys: tuple[int, ...]
    base: str | None = None
    base_sha256: str | None = None
    key: int = 0
    sha256: str = ""
    signature: str = ""
    format: int = FORMAT

    @property
    def expires_at(self) -> datetime:
        """When it must no longer be used."""
        return datetime.fromisoformat(self.expires)

    @property
    def made_at(self) -> datetime:
        """When it was made."""
        return datetime.fromisoformat(self.made)

    def signed(self, keys: PackKeys, sha256: str) -> "Footer":
        """The same, signed by the active key, for a body of that digest."""
        unsigned = replace(self, key=keys.active, sha256=sha256, signature="")
        return replace(unsigned, signature=keys.sign(unsigned.message()).hex())

    def message(self) -> bytes:
        """What is signed."""
        return PURPOSE + _canonical(asdict(replace(self, signature="")))

    def as_bytes(self) -> bytes:
        """The one way in which it is written: JSON, spaces up to whole pages, the trailer."""
        text = _canonical(asdict(self))
        length = -(-(len(text) + TRAILER) // PAGE) * PAGE
        return text.ljust(length - TRAILER) + _trailer(length)


def _canonical(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode("ascii")


def _trailer(length: int) -> bytes:
    return f"{MAGIC} {FORMAT} {length}".rjust(TRAILER - 1).encode() + b"\n"


def seal(path: Path, footer: Footer, keys: PackKeys) -> Footer:
    """Sign the SQLite file at `path` and write the footer behind it; returns it as written."""
    with path.open("r+b") as file:
        signed = footer.signed(keys, hashlib.file_digest(file, "sha256").hexdigest())
        file.seek(0, os.SEEK_END)
        file.write(signed.as_bytes())
    return signed


def read(path: Path) -> Footer:
    """The footer as it stands there, which proves nothing. Raises PackError."""
    with opened(path) as file:
        return _read(file, path)[0]


def verified(file: BinaryIO, path: Path, keys: PublicKeys) -> Footer:
    """The footer of an open pack, once every byte of the file is proven. Raises PackError."""
    footer, start = _read(file, path)
    if footer.key not in keys.keys:
        known = ", ".join(map(str, keys.keys))
        raise PackError(
            "unknown_key",
            f"{path} is signed with key {footer.key}, and this machine knows {known}. "
            "Put what `promo pack key public` prints at head office into packs.pub.",
        )
    if not _signs(footer, keys):
        raise _tampered(path, "its signature does not fit")
    if _digest(file, start) != footer.sha256:
        raise _tampered(path, "what it holds is not what was signed")
    return footer


def _signs(footer: Footer, keys: PublicKeys) -> bool:
    try:
        signature = bytes.fromhex(footer.signature)
    except ValueError:
        return False
    # The same bytes can be spelled in capitals: that would be a changed byte that nobody finds.
    is_spelled_so = signature.hex() == footer.signature
    return is_spelled_so and keys.verify(footer.key, signature, footer.message())


def opened(path: Path) -> BinaryIO:
    """The file, for reading. Raises PackError."""
    try:
        return path.open("rb")
    except OSError as error:
        raise PackError("not_there", f"There is no pack {path}: {error.strerror}.") from None


def _read(file: BinaryIO, path: Path) -> tuple[Footer, int]:
    """The footer and where it begins."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TRAILER))
    trailer = file.read()
    words = trailer.decode("ascii", "replace").rsplit(" ", 2)
    if len(words) < 3 or words[0].strip() != MAGIC or not words[2].strip().isdecimal():
        raise PackError("not_a_pack", f"{path} is not a pack, or its end is missing.")
    if words[1] != str(FORMAT):
        raise PackError(
            "other_format",
            f"{path} is a pack of format {words[1]}, and this promo reads {FORMAT}.",
        )
    length = int(words[2])
    if not TRAILER < length <= min(size, MOST):
        raise _tampered(path, "its footer has no such length")
    file.seek(size - length)
    raw = file.read()
    try:
        footer = msgspec.json.decode(raw[:-TRAILER], type=Footer)
    except (msgspec.MsgspecError, ValueError):
        footer = None
    if footer is None or footer.as_bytes() != raw:
        raise _tampered(path, "its footer is not as packs write it")
    return footer, size - length


def _digest(file: BinaryIO, length: int) -> str:
    made = hashlib.sha256()
    file.seek(0)
    buffer = memoryview(bytearray(1 << 20))
    while length > 0:
        got = file.readinto(buffer[: min(length, len(buffer))])  # type: ignore[attr-defined]
        if not got:
            break
        made.update(buffer[:got])
        length -= got
    return made.hexdigest()


def _tampered(path: Path, what: str) -> PackError:
    return PackError("tampered", f"{path} was changed since it was signed: {what}. Fetch it again.")
