"""Whom a change is about: a household with everything that leads to it.

Collected once, when the change begins, and kept with it until it is done: what is erased first
must still be looked for at the end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self

from sqlalchemy import Connection, select

from promo import tables
from promo.config import Settings
from promo.errors import Sentence
from promo.lists.codes import short_code
from promo.lists.codes.ean import of_list
from promo.lists.codes.keys import CodeKeys, Opened
from promo.offers.known import ListId

FACTS = ("name", "email", "line1")  # of master data: what can lead to one household


class UnknownCard(Sentence):
    """No household carries the card."""


class UnknownHousehold(Sentence):
    """No household has the id; the message says so of a card that was given in its place."""


@dataclass(frozen=True)
class Listed:
    """A list that was made for the household: its serial, and the codes that open it."""

    key_id: int
    counter: int
    night: str
    code: str
    short: str
    ean: str

    @property
    def id(self) -> ListId:
        """The list's key in the tables."""
        return ListId(self.key_id, self.counter)


@dataclass(frozen=True)
class Whom:
    """One household: its id, its cards, what can lead to it, and its lists."""

    shopper: str
    cards: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]  # kind (of FACTS) and value
    lists: tuple[Listed, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its lists, as manifests have them."""
        return tuple(each.code for each in self.lists)

    def stored(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)

    @classmethod
    def restored(cls, raw: dict[str, Any]) -> Self:
        """What `stored` gave."""
        return cls(
            raw["shopper"],
            tuple(raw["cards"]),
            tuple((kind, value) for kind, value in raw["facts"]),
            tuple(Listed(**each) for each in raw["lists"]),
        )


def shopper_of(connection: Connection, card: str) -> str:
    """The household that carries a card. Raises UnknownCard."""
    query = select(tables.Card.shopper).where(tables.Card.card == card.strip())
    shopper = connection.execute(query).scalar()
    if shopper is None:
        raise UnknownCard(f"No household carries the card {card.strip()[:64]!r}.")
    return str(shopper)


def household(connection: Connection, name: str) -> str:
    """The id of a household that is named by it. Raises UnknownHousehold."""
    name, who, card = name.strip(), tables.Shopper, tables.Card
    if connection.execute(select(who.id).where(who.id == name)).scalar() is not None:
        return name
    owner = connection.execute(select(card.shopper).where(card.card == name)).scalar()
    if owner is not None:
        raise UnknownHousehold(
            f"{name[:64]!r} is a card, of the household {owner}: give {owner} in its place."
        )
    raise UnknownHousehold(f"There is no household {name[:64]!r}.")


def named(
    connection: Connection, settings: Settings, keys: CodeKeys, cards: Iterable[str],
    ids: Iterable[str] = (),
) -> list[Whom]:  # fmt: skip
    """The households that carry some cards, then those of some ids, each once.

    Raises UnknownCard, UnknownHousehold.
    """
    shoppers = [shopper_of(connection, card) for card in cards]
    shoppers += [household(connection, name) for name in ids]
    return [of_shopper(connection, settings, keys, each) for each in dict.fromkeys(shoppers)]


def of_shopper(connection: Connection, settings: Settings, keys: CodeKeys, shopper: str) -> Whom:
    """One household, by its id."""
    card, who = tables.Card, tables.Shopper
    cards = connection.execute(
        select(card.card).where(card.shopper == shopper).order_by(card.card)
    ).scalars()
    row = connection.execute(select(who.__table__).where(who.id == shopper)).mappings().one()
    facts = tuple((kind, row[kind].strip()) for kind in FACTS if (row[kind] or "").strip())
    return Whom(shopper, tuple(cards), facts, tuple(_lists(connection, settings, keys, shopper)))


def _lists(
    connection: Connection, settings: Settings, keys: CodeKeys, shopper: str
) -> Iterable[Listed]:
    sheet = tables.ShopperList
    columns = (sheet.key_id, sheet.counter, sheet.night, sheet.code, sheet.store)
    query = select(*columns).where(sheet.shopper == shopper).order_by(sheet.night, sheet.counter)
    for row in connection.execute(query):
        night: date = row.night
        known = row.key_id in keys.secrets  # a key that was thrown away opens nothing any more
        own = CodeKeys(keys.document_type, keys.secrets, row.key_id) if known else keys
        short = short_code(own, row.counter) if known else ""
        ean = ""
        if known:
            prefix = settings.lists.ean_prefix
            ean = of_list(own, Opened(row.key_id, row.counter), row.store, prefix)
        yield Listed(row.key_id, row.counter, night.isoformat(), row.code, short, ean)


def shoppers(people: Sequence[Whom]) -> list[str]:
    """Their ids."""
    return [each.shopper for each in people]


def cards(people: Sequence[Whom]) -> list[str]:
    """All their cards."""
    return [card for each in people for card in each.cards]


def codes(people: Sequence[Whom]) -> frozenset[str]:
    """All codes of their lists."""
    return frozenset(code for each in people for code in each.codes)


def lists(people: Sequence[Whom]) -> list[ListId]:
    """All their lists."""
    return [each.id for person in people for each in person.lists]
