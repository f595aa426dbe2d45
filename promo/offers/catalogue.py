"""The catalogue: offers in; a bad one is refused with a sentence, the others are stored."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from promo import money, tables
from promo.config import Settings
from promo.database import upsert
from promo.offers.terms import OfferError, Terms, parse
from promo.scans.gtin import CodeError, gtin14


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
    known = _products(connection)
    for where, offer in raw:
        try:
            terms = parse(offer, where, settings.currency)
            if terms.id in seen:
                raise OfferError(f"{where}: the id {terms.id!r} stands twice in this file.")
            seen.add(terms.id)
            products, notice = _allowed(terms, known, settings, where)
            _store(connection, terms, products, settings, where)
        except OfferError as error:
            result.refused.append(str(error))
        else:
            result.taken.append(terms.id)
            result.notices.extend(notice)
    return result


def _products(connection: Connection) -> dict[str, tuple[str | None, bool]]:
    columns = (tables.Product.id, tables.Product.category, tables.Product.no_coupon)
    return {row[0]: (row[1], row[2]) for row in connection.execute(select(*columns))}


def _allowed(
    terms: Terms, known: dict[str, tuple[str | None, bool]], settings: Settings, where: str
) -> tuple[list[str], list[str]]:
    """The products that the offer may be given on; what was left out, in a sentence each."""
    never = settings.categories.never_said
    wanted = {_product_id(product, where) for product in terms.products}
    unknown = sorted(wanted - known.keys())
    banned = {p for p in wanted & known.keys() if known[p][0] in never or known[p][1]}
    allowed = sorted((wanted & known.keys()) - banned)
    notices = []
    if unknown:
        notices.append(
            f"{where}: {len(unknown)} products are not in the product table and are left out, "
            f"{unknown[0]!r} among them."
        )
    if banned:
        notices.append(
            f"{where}: {len(banned)} products are left out: no_coupon, sensitive or restricted."
        )
    if not allowed:
        raise OfferError(" ".join([*notices, f"{where}: no product is left to give it on."]))
    return allowed, notices


def _product_id(product: str, where: str) -> str:
    """The id of a product as it is written: any form of GTIN becomes GTIN-14."""
    domain, _, code = product.partition(":")
    if domain != "gtin":
        return product
    try:
        return f"gtin:{gtin14(code)}"
    except CodeError as error:
        raise OfferError(f"{where}: `products`: {error}") from None


def _store(
    connection: Connection, terms: Terms, products: list[str], settings: Settings, where: str
) -> None:
    row = {
        "id": terms.id,
        "starts": terms.starts,
        "ends": terms.ends,
        "funder": terms.funder,
        "objective": terms.objective,
        "budget_money": money.to_minor(terms.budget.money, settings.currency),
        "budget_redemptions": terms.budget.redemptions,
        "terms": {
            "title": terms.title,
            "buy": terms.buy,
            "amount_off": terms.amounts(settings.currency),
        },
    }
    promised = select(func.count()).where(tables.Promise.offer == terms.id)
    if connection.execute(promised).scalar() and not _same(connection, row, products):
        raise OfferError(
            f"{where}: lists already promise this offer, so its terms stay as they are. "
            "Give changed terms an id of their own."
        )
    upsert(connection, tables.Offer, [row])
    connection.execute(delete(tables.OfferProduct).where(tables.OfferProduct.offer == terms.id))
    rows = [{"offer": terms.id, "product": product} for product in products]
    connection.execute(insert(tables.OfferProduct), rows)


def _same(connection: Connection, row: dict[str, Any], products: list[str]) -> bool:
    """Whether an offer is the stored one, but perhaps for a larger budget."""
    stored = connection.execute(
        select(tables.Offer.__table__).where(tables.Offer.id == row["id"])
    ).one()
    items = select(tables.OfferProduct.product).where(tables.OfferProduct.offer == row["id"])
    budgets = ("budget_money", "budget_redemptions")
    return (
        all(stored._mapping[key] == row[key] for key in row if key not in budgets)
        and all(stored._mapping[key] <= row[key] for key in budgets)
        and set(connection.execute(items).scalars()) == set(products)
    )
