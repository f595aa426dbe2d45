"""`promo why LIST OFFER`: why an offer stands on a list, or why it does not.

Reads what the night decided, `lake/decisions/<night>.parquet`, and never decides anew; lists that
were issued anew since then are told apart.
"""

from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection, Row, func, select

from promo import records, tables
from promo.choosing import ON_LIST
from promo.errors import Sentence
from promo.house import House
from promo.lists.codes import open_code
from promo.lists.codes.keys import CodeKeys
from promo.offers.terms import Terms

SENTENCES = {
    "chosen": "It is on the list: {value} of value, {spare} above what its budget costs.",
    "drawn": "It is on the list: chance drew it for a discovery slot ({chance:.1%} likely).",
    "control": "Held back by the control coin, to measure what it does: it had won a slot.",
    "elsewhere": "It stands on another list of the household that is open on the same days.",
    "worthless": "Nothing would come of it: its value here is {value}.",
    "budget": "Out-priced: its budget goes to households that make more of it than {value}; what "
              "it would use costs {price}.",
    "category": "Beaten by {beaten_by}, the better offer in {category}.",
    "funder": "Beaten by {beaten_by}: its funder has as many offers on the list as it may.",
    "rival": "Beaten by {beaten_by}, its rival: the two never stand on one list.",
    "slots": "Beaten by {beaten_by}: every slot went to an offer of more value than {value}.",
    "band": "With it the list would be worth more than lists of the household's tier may be.",
    "not_carried": "The household's store does not carry what it is on, or not enough of it.",
    "out_of_stock": "The household's store is out of what it is on, or of too much of it.",
    "store": "It is not good in the household's store.",
    "no_saving": "What it is on costs so little in the household's store that it would take "
                 "nothing off.",
    "unfit": "It had won a slot, but the sheet had no room left to print it.",
    "replaced": "It came onto the list in place of a stopped offer, when the list was issued anew.",
    "stopped": "It left the list when the list was issued anew: {stopped}",
}  # fmt: skip
LATER = (
    "It came later: when the list of {night} was made, the offer was not in force. It has been "
    "imported, changed or resumed since, or its budget was spent then."
)
INELIGIBLE = (
    "ineligible",
    "Ineligible: when the list was made, the household had bought neither the offer's products nor "
    "enough in their category, or other offers promised it more.",
)


class Unasked(Sentence):
    """The question cannot be answered; the message says why."""


def why(house: House, keys: CodeKeys, code: str, offer: str) -> dict[str, Any]:
    """Why an offer is or is not on the list that a code names, whether the list is open or not.

    Returns list, night, shopper, offer, title, on_list, why (a word) and answer (a sentence), and
    for a candidate its value, price, worth (minor units), probability and chance. Raises Unasked.
    """
    opened = open_code(keys, code)
    with house.engine.connect() as connection:
        found = connection.execute(
            select(tables.ShopperList).where(
                tables.ShopperList.key_id == opened.key_id,
                tables.ShopperList.counter == opened.counter,
            )
        ).one_or_none()
        if found is None:
            raise Unasked("The code is genuine, but its list was withdrawn before print.")
        known = connection.execute(
            select(tables.Offer.__table__).where(tables.Offer.id == offer)
        ).one_or_none()
        if known is None:
            raise Unasked(f"There is no offer {offer!r}.")
        stopped = _stopped(connection, offer)
        uses = _uses(connection, found, offer)
    asked = {
        "list": found.code,
        "night": found.night.isoformat(),
        "shopper": found.shopper,
        "offer": offer,
        "title": known.terms["title"],
        "on_list": any(item["offer"] == offer for item in found.content["offers"]),
    }
    row = _decision(house, found.night, found.shopper, offer)
    if row is None:
        there = records.offers_of(house.settings.paths.lake, found.night)
        word, answer = _never_a_candidate(found, known, stopped, uses, there)
        return asked | {"why": word, "answer": answer}
    row["why"] = _since(row["why"], stopped, on_list=asked["on_list"])
    names = ("why", "value", "price", "worth", "probability", "chance", "beaten_by")
    answer = _answer(row | {"stopped": stopped}, house)
    return asked | {name: row[name] for name in names} | {"answer": answer}


def _since(word: str, stopped: str | None, *, on_list: bool) -> str:
    """The reason, where what happened after the night's decision made it another."""
    if on_list:
        return word if word in ON_LIST else "replaced"
    if word not in ON_LIST:
        return word
    return "unfit" if stopped is None else "stopped"


def _stopped(connection: Connection, offer: str) -> str | None:
    """Why an offer was stopped, if it was."""
    event = tables.OfferEvent
    return connection.execute(
        select(event.reason).where(event.offer == offer, event.kind == "stopped")
    ).scalar()


def _uses(connection: Connection, found: Row[Any], offer: str) -> int:
    """How often the household had used an offer when the list was made."""
    use = tables.Redemption
    of_household = (use.shopper == found.shopper) & (use.offer == offer) & (use.day < found.night)
    return int(connection.execute(select(func.sum(use.uses)).where(of_household)).scalar() or 0)


def _decision(house: House, night: date, shopper: str, offer: str) -> dict[str, Any] | None:
    path = house.settings.paths.lake / "decisions" / f"{night}.parquet"
    if not path.is_file():
        raise Unasked(f"{path} is missing: the night of {night} kept no record of its decisions.")
    mine = (pl.col("shopper") == shopper) & (pl.col("offer") == offer)
    rows = pl.scan_parquet(path).filter(mine).collect().to_dicts()
    return rows[0] if rows else None


def _answer(row: dict[str, Any], house: House) -> str:
    in_words = house.settings.in_words
    return SENTENCES[row["why"]].format(
        value=in_words(round(row["value"])),
        price=in_words(round(row["price"])),
        spare=in_words(round(row["value"] - row["price"])),
        chance=row["chance"],
        beaten_by=row["beaten_by"] or "better offers",
        category=row["category"],
        stopped=row["stopped"],
    )


def _never_a_candidate(
    found: Row[Any], offer: Row[Any], stopped: str | None, uses: int, there: frozenset[str] | None
) -> tuple[str, str]:
    """Why the night did not even look at the pair: a word and a sentence.

    there: the offers that the night had; None where it left no record of them.
    """
    terms = Terms.from_stored(offer.terms)
    most = terms.uses.per_household
    reasons: tuple[tuple[bool, str, str], ...] = (
        (
            offer.starts > found.first_day or offer.ends < found.last_day,
            "dates",
            f"Ineligible: the offer is good from {offer.starts} to {offer.ends}, the list from "
            f"{found.first_day} to {found.last_day}.",
        ),
        (stopped is not None, "stopped", f"The offer is stopped: {stopped}"),
        (offer.state != "live", offer.state, f"The offer is {offer.state}."),
        (offer.hard, "hard", "Ineligible: it is never promised on paper."),
        (
            not terms.printable,
            "coupon",
            "Ineligible: it is handed over at the till, never printed.",
        ),
        (
            not (offer.budget_money and offer.budget_redemptions),
            "unfunded",
            "Ineligible: it has no budget.",
        ),
        (
            there is not None and offer.id not in there,
            "later",
            LATER.format(night=found.night),
        ),
        (
            most is not None and uses + terms.uses.per_list > most,
            "used",
            f"Ineligible: the household had used it {uses} of {most} times before.",
        ),
    )
    return next(((word, said) for holds, word, said in reasons if holds), INELIGIBLE)
