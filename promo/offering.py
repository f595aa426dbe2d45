"""How offers stand, for those who look after them: what `promo offers list|show|budget` says."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import click
import numpy as np
from sqlalchemy import func, select

from promo import money, tables
from promo.config import Settings
from promo.house import House
from promo.language import Languages
from promo.offers import budgets, handed, states
from promo.offers.risk import Risk
from promo.offers.terms import OfferError, Terms
from promo.offers.values import MOST
from promo.offers.wording import Wording

Facts = dict[str, Any]
MOST_MINOR = MOST * 1000  # minor units, in a currency of three decimals


def _risk(settings: Settings) -> Risk:
    return Risk(settings.allocation.overspend_risk, settings.allocation.response_cv)


def facts(house: House, day: date, only: str | None = None) -> list[Facts]:
    """What is known of the chain's own offers, or any one, on a day, by id; money in minor units.

    promised_*: what open lists could still cost in full; expected_*: by the chances of redemption;
    overspend: the chance that spent and promised pass the budget.
    """
    offer = tables.Offer
    query = select(offer.__table__)
    query = query.where(handed.own(offer.id) if only is None else offer.id == only)
    late = house.settings.offers.late_days
    with house.engine.connect() as connection:
        rows = sorted(connection.execute(query), key=lambda row: row.id)
        found = budgets.read(connection, [row.id for row in rows], day, late_days=late)
    passed = states.overspend(found, found.money, found.uses, _risk(house.settings))
    figures = {
        "budget_money": found.money, "budget_redemptions": found.uses,
        "spent_money": found.spent_money, "spent_redemptions": found.spent_uses,
        "promised_money": found.open_money, "promised_redemptions": found.open_uses,
        "expected_money": np.round(found.open.money_1, 2),
        "expected_redemptions": np.round(found.open.uses_1, 3), "overspend": np.round(passed, 5),
    }  # fmt: skip
    columns = {name: values.tolist() for name, values in figures.items()}
    return [
        {
            "offer": row.id, "title": row.terms["title"], "state": _state(row, found, number, day),
            "starts": row.starts.isoformat(), "ends": row.ends.isoformat(), "funder": row.funder,
        }
        | {name: values[number] for name, values in columns.items()}
        for number, row in enumerate(rows)
    ]  # fmt: skip


def _state(row: Any, found: budgets.Budgets, number: int, day: date) -> str:
    """The state in a word: `live` only where it could be printed."""
    spent = found.money_left[number] <= 0 or found.uses_left[number] <= 0
    if row.state == "live" and row.ends < day:
        return "expired"
    return "exhausted" if row.state == "live" and spent else str(row.state)


def one(house: House, name: str, day: date) -> Facts:
    """The facts of one offer; its terms in words, open lists, events. Raises OfferError."""
    found = facts(house, day, name)
    if not found:
        raise OfferError(f"There is no offer {name!r}.")
    event, promise = tables.OfferEvent, tables.Promise
    late = budgets.first_open(day, house.settings.offers.late_days)
    with house.engine.connect() as connection:
        terms = Terms.from_stored(states.get(connection, name).terms)
        said = connection.execute(
            select(event.at, event.kind, event.reason, event.bearer, event.sentence)
            .where(event.offer == name)
            .order_by(event.id)
        ).mappings()
        events = [dict(row) | {"at": row["at"].isoformat(" ", "minutes")} for row in said]
        uses = connection.execute(
            select(func.sum(promise.uses)).where(promise.offer == name, promise.last_day >= late)
        ).scalar()
    words = Wording(Languages.of(house.settings).default)
    return found[0] | {
        "terms": words.sentences(terms, terms.reward.number),
        "lists_open": int(uses or 0) // terms.uses.per_list,
        "events": events,
    }


def set_budget(
    house: House, name: str, wanted: Decimal | None, redemptions: int | None, day: date
) -> str:
    """Give an offer another budget; returns what was done, in a sentence. Raises OfferError."""
    settings = house.settings
    try:
        minor = None if wanted is None else money.to_minor(wanted, settings.currency)
    except ValueError as error:
        raise OfferError(f"--money: {error}.") from None
    if minor is not None and not 0 <= minor <= MOST_MINOR:
        raise OfferError(f"--money is {wanted}; expected 0 to {MOST}.")
    if redemptions is not None and redemptions > MOST:
        raise OfferError(f"--redemptions is {redemptions}; expected 0 to {MOST}.")
    with house.engine.begin() as connection:
        old = states.get(connection, name)
        new = (
            old.budget_money if minor is None else minor,
            old.budget_redemptions if redemptions is None else redemptions,
        )
        states.set_budget(
            connection, name, *new, datetime.now(UTC), day, _risk(settings),
            late_days=settings.offers.late_days, in_words=settings.in_words,
        )  # fmt: skip
    return (
        f"The budget of offer {name} was {settings.in_words(old.budget_money)} in "
        f"{old.budget_redemptions:,} redemptions, and is {settings.in_words(new[0])} in {new[1]:,}."
    )


def say_list(found: list[Facts], settings: Settings, *, as_json: bool) -> None:
    """Print what is known of offers: a table, or JSON lines."""
    from rich.console import Console
    from rich.table import Column, Table

    if as_json:
        for each in found:
            click.echo(json.dumps(each, ensure_ascii=False))
        return
    whole = (Column(name, no_wrap=True) for name in ("offer", "state", "until"))
    console = Console(markup=False, emoji=False)
    titled = console.width >= 110  # money must stay whole; `show` says the title
    table = Table(*whole, "budget", "spent", "promised", "risk", *["title"][: int(titled)])
    for each in sorted(found, key=lambda each: each["state"] == "expired"):
        table.add_row(
            each["offer"], each["state"], each["ends"],
            *(_both(each, name, settings) for name in ("budget", "spent", "promised")),
            f"{each['overspend']:.2%}", *[each["title"]][: int(titled)],
        )  # fmt: skip
    console.print(table)


def _both(each: Facts, name: str, settings: Settings) -> str:
    return f"{settings.in_words(each[f'{name}_money'])} in {each[f'{name}_redemptions']:,}"


def say_one(each: Facts, settings: Settings, *, as_json: bool) -> None:
    """Print all that is known of one offer."""
    if as_json:
        click.echo(json.dumps(each, ensure_ascii=False))
        return
    most = _both(each, "promised", settings)
    expected = settings.in_words(round(each["expected_money"]))
    lines = [
        f"{each['offer']}: {each['title']} ({each['state']})",
        f"  {each['terms']}",
        f"  good {each['starts']} to {each['ends']}, funded by {each['funder']}",
        f"  budget    {_both(each, 'budget', settings)} redemptions",
        f"  spent     {_both(each, 'spent', settings)}",
        f"  promised  on {each['lists_open']:,} open lists: {expected} in "
        f"{each['expected_redemptions']:,.1f} expected, at most {most}",
        f"  chance that it passes its budget: {each['overspend']:.2%}",
    ]
    for event in each["events"]:
        bearer = f" (borne by {event['bearer']})" if event["bearer"] else ""
        lines.append(f"  {event['at']}  {event['kind']}: {event['reason']}{bearer}")
        if event["sentence"]:
            lines.append(f"    shoppers are told: {event['sentence']}")
    click.echo("\n".join(lines))
