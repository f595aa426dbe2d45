"""Offers: rows that say what their terms say, goods to give them on, states with their events."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, func, select

from promo import tables
from promo.checking.findings import LOOK, Check, Finding, several
from promo.checking.look import Look
from promo.offers.handed import is_coupon
from promo.offers.states import TO
from promo.offers.terms import Terms

NAMES = ("starts", "ends", "funder", "objective", "hard")
RESTORE = "Restore the row from a backup: tills go by the terms, nights by the row."


def offers(look: Look) -> Iterator[Finding]:
    """Offers' rows say what their terms say, and have the goods that these name."""
    pair = tables.OfferProduct
    goods: dict[str, set[int]] = {}
    for offer, purchase in look.rows(select(pair.offer, pair.purchase).distinct()):
        goods.setdefault(offer, set()).add(purchase)
    table = tables.Offer.__table__
    for row in look.rows(select(table).order_by(table.c.id)):
        try:
            terms = Terms.from_stored(row.terms)
        except (ValueError, TypeError) as error:
            yield Finding(f"offer {row.id}", "its terms cannot be read:",
                          str(error).splitlines()[0], "terms as an offer has them",
                          RESTORE)  # fmt: skip
            continue
        yield from _unlike(row, terms)
        yield from _without_goods(row, terms, goods.get(row.id, set()))


def _unlike(row: Row[Any], terms: Terms) -> Iterator[Finding]:
    for name in ("id", *NAMES):
        if getattr(row, name) != getattr(terms, name):
            yield Finding(f"offer {row.id}", f"its row says of `{name}`", f"{getattr(row, name)}",
                          f"{getattr(terms, name)}, as its terms say", RESTORE)  # fmt: skip


def _without_goods(row: Row[Any], terms: Terms, goods: set[int]) -> Iterator[Finding]:
    """Purchases that name goods and have none; makers' coupons have those of their families."""
    if is_coupon(row.id):
        return
    named = {number for number, purchase in terms.purchases.items() if purchase.named}
    if lacks := sorted(named - goods):
        yield Finding(
            f"offer {row.id}", "it has no products for purchase", several(lacks),
            "the products that its terms name",
            "No till would give it. Import it again: `promo offers import`.",
        )  # fmt: skip


def states(look: Look) -> Iterator[Finding]:
    """An offer that is paused or stopped has an event that says so, and why."""
    offer, event = tables.Offer, tables.OfferEvent
    newest = (
        select(event.offer, func.max(event.id).label("id"))
        .where(event.kind.in_(TO))
        .group_by(event.offer)
        .subquery()
    )
    query = (
        select(offer.id, offer.state, event.kind)
        .outerjoin(newest, newest.c.offer == offer.id)
        .outerjoin(event, event.id == newest.c.id)
        .order_by(offer.id)
    )
    for name, state, kind in look.rows(query):
        if state != TO.get(kind, "live"):
            yield Finding(
                f"offer {name}", f"it is {state}, and its last event is",
                kind or "none", f"an event that made it {state}",
                "Shoppers and funders are told by the event: restore the database from a backup.",
            )  # fmt: skip
    yield from _silent(look)


def _silent(look: Look) -> Iterator[Finding]:
    """Stopped offers without a sentence for the shopper."""
    offer, event = tables.Offer, tables.OfferEvent
    query = (
        select(offer.id)
        .join(event, (event.offer == offer.id) & (event.kind == "stopped"))
        .where(offer.state == "stopped", func.coalesce(event.sentence, "") == "")
        .order_by(offer.id)
    )
    for (name,) in look.rows(query):
        yield Finding(f"offer {name}", "it is stopped, and the shopper is told", "nothing",
                      "a sentence", "The cashier has to explain it.", LOOK)  # fmt: skip


CHECKS = (
    Check("offers", "offers' rows say what their terms say, and have goods", offers),
    Check("states", "paused and stopped offers have events that say so", states),
)
