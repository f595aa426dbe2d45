"""Raw SQL on the driver itself: what is asked while somebody waits.

SQLAlchemy is not imported here unless it must be: importing it takes longer than finding, laying
out and printing a list, and commands begin anew each time.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from promo import schema
from promo.checkout import finding_lists
from promo.checkout.finding_lists import Stored

if TYPE_CHECKING:
    from typing import Self

    from sqlalchemy import Engine

    from promo.offers.terms import Terms

Result = TypeVar("Result")

PLAIN_FILE = re.compile(r"sqlite:///([^?]+)")
GOODS = """select product, offer, purchase from offer_products where {} and {}
union all select id, null, 0 from products where {} and (no_coupon or {})"""
SQLITE_SECONDS = 10.0  # that a reader waits for a writer


class UseElsewhere(NamedTuple):
    """A use of an offer that is not in `redemptions` here; `day` counts, for `per_day`."""

    offer: str
    key_id: int | None
    counter: int | None
    uses: int
    promised: int
    day: str


class Statements:
    """A driver's connection that commits each statement; SQL is written with `?` for values."""

    # --- what is otherwise on a store machine, which has a pack and not the chain's books ---------

    uses = "redemptions"  # the table of uses that were made here
    unknown_sale = "no_sale"  # the refusal of a return whose sale is not here
    has_all_uses = True  # whether a sale that was answered has all its uses in `redemptions`

    def lists_of_code(self, key_id: int, counter: int) -> list[Stored]:
        """See promo.checkout.finding_lists, also for what follows."""
        return finding_lists.of_code(self.rows, key_id, counter)

    def lists_of_card(self, card: str, day: date) -> list[Stored]:
        """The lists of who carries a card. Raises lookup.Refused."""
        return finding_lists.of_card(self.rows, card, day)

    def is_card(self, text: str) -> bool:
        """Whether a text is the card of some household."""
        return finding_lists.is_card(self.rows, text)

    def opens_at(self, store: str, key_id: int, counter: int, day: date) -> bool:
        """Whether a list is a store's own, published, and good on a day."""
        return finding_lists.opens_at(self.rows, store, key_id, counter, day)

    def uses_elsewhere(self, shopper: str) -> Sequence[UseElsewhere]:
        """A household's uses that are not in `uses`: in the chain's own books there are none."""
        return ()

    def goods(
        self, offers: Sequence[str], products: Sequence[str], never: Sequence[str]
    ) -> list[tuple[Any, ...]]:
        """Product, offer and purchase of what counts; no offer: one that none may touch.

        never: categories of such products.
        """
        among, wanted = self.among, self.several(products)
        query = GOODS.format(among("offer"), among("product"), among("id"), among("category"))
        return self.rows(query, (self.several(offers), wanted, wanted, self.several(never)))

    def needs_line(self, terms: "Terms") -> bool:
        """Whether an offer is not given without head office."""
        return False

    def check_good(self, now: datetime) -> None:
        """Raise Refuse where what is read from here may no longer be sold by."""

    # --- the connection ---------------------------------------------------------------------------

    def __init__(self, driver: Any, *, is_postgresql: bool) -> None:
        self.driver = driver
        self.is_postgresql = is_postgresql
        if is_postgresql:
            driver.autocommit = True
            driver.execute("set statement_timeout = '10s'")
        else:
            driver.isolation_level = None

    @classmethod
    def of(cls, engine: "Engine") -> "Self":
        """A connection of its own, made as the engine makes them."""
        fairy = engine.raw_connection()
        driver = fairy.driver_connection
        fairy.detach()  # it is ours for good
        return cls(driver, is_postgresql=engine.dialect.name == "postgresql")

    def rows(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        found: list[tuple[Any, ...]] = self.driver.execute(
            _for_psycopg(sql) if self.is_postgresql else sql, values
        ).fetchall()
        return found

    def in_transaction(self, work: Callable[["Statements"], Result]) -> Result:
        """Do some work whole or not at all. On SQLite it keeps all other writers out."""
        self.driver.execute("begin" if self.is_postgresql else "begin immediate")
        try:
            result = work(self)
            self.driver.execute("commit")
        except BaseException:
            if not self.is_lost:
                self.driver.execute("rollback")
            raise
        return result

    def change(self, sql: str, values: Sequence[object]) -> None:
        """A statement that gives no rows."""
        self.driver.execute(_for_psycopg(sql) if self.is_postgresql else sql, values)

    @property
    def is_lost(self) -> bool:
        """Whether the server has hung up."""
        return bool(self.is_postgresql and self.driver.closed)

    def close(self) -> None:
        """Hang up."""
        self.driver.close()

    # --- where the databases differ: SQL whose text is the same for any number of values ----------

    def among(self, column: str) -> str:
        """`column in (the values of one parameter made by several())`."""
        if self.is_postgresql:
            return f"{column} = any(?)"
        return f"{column} in (select value from json_each(?))"

    def several(self, values: Iterable[object]) -> object:
        """A parameter of many values."""
        return list(values) if self.is_postgresql else json.dumps(list(values))

    def table(self, columns: Mapping[str, str]) -> str:
        """A table `n` made of one parameter, a JSON text of rows; columns: PostgreSQL's types."""
        if self.is_postgresql:
            named = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            return f"json_to_recordset(?) as n({named})"
        got = ", ".join(f"json_extract(value, '$.{name}') as {name}" for name in columns)
        return f"(select {got} from json_each(?)) as n"

    def moment(self, at: datetime) -> str:
        """An instant as SQLAlchemy would store it here, in UTC."""
        said = at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
        return f"{said}+00:00" if self.is_postgresql else said

    @property
    def held(self) -> str:
        """What ends a query whose rows nobody else may change until the transaction ends."""
        return "for no key update" if self.is_postgresql else ""


@lru_cache(maxsize=256)
def _for_psycopg(sql: str) -> str:
    return sql.replace("?", "%s")


@contextmanager
def connected(url: str) -> Iterator[Statements]:
    """Statements on the database of a URL, once its schema is checked. Raises DatabaseError."""
    file = PLAIN_FILE.fullmatch(url)
    with closing(_on_file(Path(file[1])) if file else _through_engine(url)) as statements:
        if file:
            _check_revision(statements, file[1])
        yield statements


def _on_file(path: Path) -> Statements:
    schema.check_file(path)
    try:
        return Statements(sqlite3.connect(path, SQLITE_SECONDS), is_postgresql=False)
    except sqlite3.Error as error:
        raise _failed(path, error) from None


def _check_revision(statements: Statements, path: str) -> None:
    has = "select 1 from sqlite_master where name = 'alembic_version'"
    try:
        found = statements.rows(schema.VERSION_QUERY, ()) if statements.rows(has, ()) else []
    except sqlite3.Error as error:
        raise _failed(path, error) from None
    schema.check_revision(found[0][0] if found else None)


def _failed(path: object, error: sqlite3.Error) -> schema.DatabaseError:
    return schema.failed(f"sqlite {path} on this machine", error)


def _through_engine(url: str) -> Statements:
    from promo import database

    engine = database.connect(url)
    database.check_schema(engine)
    return Statements.of(engine)
