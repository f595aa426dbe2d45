"""Making packs at head office: a base, and deltas over it. Each is complete or absent.

All of a pack is of one moment of the database, and whoever writes there meanwhile waits for nobody.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine

from promo.checkout.pack import footer, sections
from promo.checkout.pack.faults import PackError
from promo.checkout.pack.filling import Filling
from promo.checkout.pack.footer import Footer
from promo.checkout.pack.keys import CardKey, PackKeys
from promo.checkout.pack.known import Known
from promo.checkout.pack.opened import Verified
from promo.checkout.pack.reading import Scope
from promo.checkout.pack.writing import Difference, Writer, written
from promo.config import Settings
from promo.database import snapshot
from promo.files import replacing


@dataclass(frozen=True)
class Order:
    """What pack is wanted: whose, as of when, signed by whom; now: an instant with a zone."""

    settings: Settings
    scope: Scope
    keys: PackKeys
    now: datetime

    def filling(
        self, connection: Connection, writer: Writer, card_key: CardKey, known: Known
    ) -> Filling:
        """What fills it."""
        categories = self.settings.categories
        never = categories.restricted | categories.not_grocery | categories.unlisted
        return Filling(connection, writer, self.scope, card_key, never, known)

    def footer(self, filled: Filling) -> Footer:
        """The footer of a base that was filled, unsigned."""
        made = self.now.astimezone(UTC)
        return Footer(
            kind="base",
            region=self.scope.region,
            stores=tuple(sorted(filled.stores)),
            version=f"{made:%Y%m%dT%H%M%S.%fZ}",
            made=made.isoformat(),
            expires=(made + timedelta(hours=self.settings.packs.good_hours)).isoformat(),
            settings=sections.said(self.settings),
            counts=filled.writer.counts(),
            code_keys=tuple(sorted(filled.code_keys)),
        )


def build(engine: Engine, order: Order, target: Path) -> Footer:
    """Write a base pack. Raises DatabaseError, UnknownRegion; then what was there stays."""
    with replacing(target) as temporary:
        temporary.touch(mode=0o600)
        with snapshot(engine) as connection, written(temporary) as file:
            card_key = order.keys.card_key(order.keys.active)
            filling = order.filling(connection, Writer(file), card_key, Known.nothing())
            filling.fill()
            about = order.footer(filling)
        return footer.seal(temporary, about, order.keys)


def build_delta(engine: Engine, order: Order, base: Path, target: Path) -> Footer:
    """Write a delta: all that is not now as it stands in a base. Raises PackError, DatabaseError.

    The base is one of ours; its cards and households keep their numbers whoever signs now.
    """
    under = Verified.of(base, order.keys.public(), "base")
    if under.footer.region != order.scope.region:
        raise PackError("other_base", f"{base} is of the region {under.footer.region}; expected "
                        f"one of {order.scope.region}.")  # fmt: skip
    with replacing(target) as temporary:
        temporary.touch(mode=0o600)
        with snapshot(engine) as connection, _over(under, temporary) as file:
            card_key = order.keys.card_key(under.footer.key)
            filling = order.filling(connection, Difference(file), card_key, Known.of(file))
            filling.fill()
            about = order.footer(filling)
        about = replace(
            about, kind="delta", base=under.footer.version, base_sha256=under.footer.sha256
        )
        return footer.seal(temporary, about, order.keys)


@contextmanager
def _over(base: Verified, path: Path) -> Iterator[sqlite3.Connection]:
    with written(path) as connection:
        connection.execute("commit")
        base.attach(connection, "base")
        connection.execute("begin")
        yield connection
