"""The catalogue: offers in; a bad one is refused with a sentence, the others are stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from promo import tables
from promo.config import Settings
from promo.database import upsert
from promo.offers.goods import Known
from promo.offers.terms import Offered, OfferError, Terms, parse


@dataclass
class Imported:
    """What became of a file of offers."""

    taken: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # a sentence each
    notices: list[str] = field(default_factory=list)


def import_offers(
    connection: Connection, settings: Settings, raw: Iterable[tuple[str, Any]]
) -> Imported:
    """Take offers in one by one; a bad one is refused with a sentence, the others go in."""
    result, seen = Imported(), set[str]()
    known = Known.read(connection, settings.categories.never_said)
    for where, offer in raw:
        try:
            terms = parse(offer, where, settings.currency)
            if terms.id in seen:
                raise OfferError(f"{where}: the id {terms.id!r} stands twice in this file.")
            seen.add(terms.id)
            known.check_names(terms, where)
            goods = known.goods(terms, where)
            _store(connection, terms, goods.products, where)
        except OfferError as error:
            result.refused.append(str(error))
        else:
            result.taken.append(terms.id)
            result.notices.extend(goods.notices)
    return result


def resolve_again(connection: Connection, settings: Settings) -> int:
    """Look the goods of all offers up anew, as products come and go; returns the offers changed.

    An offer whose goods are all gone keeps what it has: lists may promise it.
    """
    known = Known.read(connection, settings.categories.never_said)
    changed = 0
    offers = connection.execute(select(tables.Offer.id, tables.Offer.terms)).all()
    for name, stored in offers:
        try:
            goods = known.goods(Terms.from_stored(stored), name)
        except OfferError:
            continue
        changed += _set_products(connection, name, goods.products)
    return changed


def _store(
    connection: Connection, terms: Offered, products: Mapping[int, Iterable[str]], where: str
) -> None:
    row = {
        "id": terms.id,
        "starts": terms.starts,
        "ends": terms.ends,
        "funder": terms.funder,
        "objective": terms.objective,
        "hard": terms.hard,
        "budget_money": terms.budget.money,
        "budget_redemptions": terms.budget.redemptions,
        "terms": terms.stored(),
    }
    promised = select(func.count()).where(tables.Promise.offer == terms.id)
    if connection.execute(promised).scalar():
        _refuse_changes(connection, row, where)
    upsert(connection, tables.Offer, [row])
    _set_products(connection, terms.id, products)


def _refuse_changes(connection: Connection, row: dict[str, Any], where: str) -> None:
    """Lists promise the offer: nothing but its budget may change, and that only grow."""
    stored = connection.execute(
        select(tables.Offer.__table__).where(tables.Offer.id == row["id"])
    ).one()
    old, new = stored.terms, row["terms"]
    changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    changed += [
        name.replace("_", ".", 1)
        for name in ("budget_money", "budget_redemptions")
        if row[name] < stored._mapping[name]
    ]
    if changed:
        raise OfferError(
            f"{where}: lists already promise this offer, so its terms stay as they are and its "
            f"budget may only grow, but `{'`, `'.join(changed)}` would change. "
            "Give changed terms an id of their own."
        )


def _set_products(
    connection: Connection, offer: str, products: Mapping[int, Iterable[str]]
) -> bool:
    """Write which products count to which purchase; returns whether that is news."""
    table = tables.OfferProduct
    wanted = {(product, number) for number, some in products.items() for product in some}
    query = select(table.product, table.purchase).where(table.offer == offer)
    if wanted == {tuple(row) for row in connection.execute(query)}:
        return False
    connection.execute(delete(table).where(table.offer == offer))
    rows = [
        {"offer": offer, "product": product, "purchase": number}
        for product, number in sorted(wanted)
    ]
    if rows:
        connection.execute(insert(table), rows)
    return True
