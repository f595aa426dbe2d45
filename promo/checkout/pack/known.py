"""The numbers that a pack gives out, and what a delta knows of the base that it lies over."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from promo.checkout.pack import layout
from promo.checkout.pack.numbering import Face, Numbering, Words

Window = tuple[str, str, str]  # night, first day, last day


@dataclass(frozen=True)
class Known:
    """Numbers by what they stand for.

    lists: the rows of a base by id, None where there is no base; settled: whether the night of a
    window was published when the base was made.
    """

    faces: Numbering[Face]
    words: Words
    windows: Numbering[Window]
    stores: Numbering[str]
    offers: Numbering[str]
    lists: Iterable[tuple[int, bytes]] | None = None
    settled: Mapping[int, bool] = field(default_factory=dict)

    @classmethod
    def nothing(cls) -> "Known":
        """No numbers yet."""
        return cls(Numbering({}), Words({}), Numbering({}), Numbering({}), Numbering({}))

    @classmethod
    def of(cls, base: sqlite3.Connection) -> "Known":
        """What the pack that is attached as `base` knows."""
        read = msgspec.json.Decoder(Face).decode
        windows = base.execute(f"select {', '.join(layout.columns('windows'))} from base.windows")
        found = windows.fetchall()
        return cls(
            Numbering({read(item): n for n, item in base.execute("select * from base.faces")}),
            Words({said: chr(n) for n, said in base.execute("select * from base.words")}),
            Numbering({tuple(row[1:4]): row[0] for row in found}),
            Numbering(dict(base.execute("select id, number from base.stores"))),
            Numbering(dict(base.execute("select id, number from base.offers"))),
            _lists(base),
            {row[0]: row[4] == "published" for row in found},
        )


def _lists(base: sqlite3.Connection) -> Iterator[tuple[int, bytes]]:
    """Begun when it is asked: no table can be dropped meanwhile."""
    yield from base.execute("select id, row from base.lists order by id")
