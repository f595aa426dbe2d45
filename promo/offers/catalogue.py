"""The catalogue: offers in; a bad one is refused with a sentence, the others are stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from promo import tables
from promo.config import Settings
from promo.database import upsert
from promo.offers.goods import Known
from promo.offers.handed import is_coupon, reads_itself
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
            if is_coupon(terms.id):
                raise OfferError(f"{where}: the id {terms.id!r} begins as those of manufacturers' "
                                 "coupons, 8110 or 8112; expected another one.")  # fmt: skip
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
    """Let products that joined since join the offers on their brand, category or code.

    None is taken away: lists may promise it. Returns the number of offers that got more.
    """
    known = Known.read(connection, settings.categories.never_said)
    offer = tables.Offer
    query = select(offer.id, offer.terms).where(~reads_itself(offer.id))
    offers = connection.execute(query).all()
    return sum(_more(connection, known, name, Terms.from_stored(stored)) for name, stored in offers)


def _more(connection: Connection, known: Known, offer: str, terms: Terms) -> bool:
    try:
        goods = known.goods(terms, offer)
    except OfferError:  # all its goods are gone by now
        return False
    new = _pairs(goods.products) - _stored_pairs(connection, offer)
    _insert_pairs(connection, offer, new)
    return bool(new)


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
    is_promised = bool(connection.execute(promised).scalar())
    if is_promised:
        _refuse_changes(connection, row, where)
    upsert(connection, tables.Offer, [row])
    wanted, table = _pairs(products), tables.OfferProduct
    if is_promised:
        wanted -= _stored_pairs(connection, terms.id)
    else:
        connection.execute(delete(table).where(table.offer == terms.id))
    _insert_pairs(connection, terms.id, wanted)


def _refuse_changes(connection: Connection, row: dict[str, Any], where: str) -> None:
    """Lists promise the offer: nothing but its budget may change, and that only grow."""
    stored = connection.execute(
        select(tables.Offer.__table__).where(tables.Offer.id == row["id"])
    ).one()
    # What is stored may say the same in earlier words.
    old, new = Terms.from_stored(stored.terms).stored(), row["terms"]
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


Pair = tuple[str, int]  # a product, and the purchase that it counts to


def _pairs(products: Mapping[int, Iterable[str]]) -> set[Pair]:
    return {(product, number) for number, some in products.items() for product in some}


def _stored_pairs(connection: Connection, offer: str) -> set[Pair]:
    table = tables.OfferProduct
    query = select(table.product, table.purchase).where(table.offer == offer)
    return {(row.product, row.purchase) for row in connection.execute(query)}


def _insert_pairs(connection: Connection, offer: str, pairs: set[Pair]) -> None:
    rows = [
        {"offer": offer, "product": product, "purchase": number}
        for product, number in sorted(pairs)
    ]
    if rows:
        connection.execute(insert(tables.OfferProduct), rows)
