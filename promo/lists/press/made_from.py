"""A digest of what every list is made from, beside its own row: if it changed, print again."""

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from promo.config import Settings

# What no list says, or what says only where and how fast things are done.
UNSAID: dict[str, Any] = dict.fromkeys(("folder", "paths", "categories", "database"), True) | {
    "lists": {"workers"}
}
LISTS = Path(__file__).parent.parent
WORDS = LISTS.parent / "locale"
LIBRARIES = ("babel", "jinja2", "plutoprint", "zint-bindings")


def made_from(settings: Settings) -> str:
    """The digest of settings, templates, this program's lists and the libraries that draw."""
    digest = hashlib.sha256(settings.model_dump_json(exclude=UNSAID).encode())
    for library in LIBRARIES:
        digest.update(f"{library} {version(library)}\n".encode())
    for folder, pattern in ((settings.paths.templates, "*"), (LISTS, "*.py"), (WORDS, "*")):
        for name, data in _files(folder, pattern):
            digest.update(f"{name} {len(data)}\n".encode() + data)
    return digest.hexdigest()


def _files(folder: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob(pattern)):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()
