"""The commands about offers and what tills say of them: parse, call, print; nothing else."""

import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promo.command import (
    SET_ASIDE,
    day_option,
    locked,
    say_imported,
    sentences,
    settings_of,
)
from promo.counting import counted

# What a command needs it imports itself: see promo.command.
if TYPE_CHECKING:
    from promo.house import House

WITHDRAWN = "We are sorry: this offer has been withdrawn."


def _said(_: click.Context, __: click.Parameter, value: str) -> str:
    """What is kept with an offer says something."""
    if not value.strip():
        raise click.BadParameter("expected words, and got none.")
    return value


@click.group()
def offers() -> None:
    """Offers: in, how they stand, paused, stopped, with another budget."""


@offers.command("import")
@click.argument("source")
@click.option("--format", "form", type=click.Choice(["file", "complete-journey"]), default="file",
              help="A YAML or CSV file, or the data set's campaigns.")  # fmt: skip
@click.pass_context
@sentences
def import_offers(context: click.Context, source: str, form: str) -> None:
    """Take in offers from FILE (.yaml or .csv); a bad one is refused, the others go in."""
    from promo import incoming
    from promo.offers import catalogue

    with locked(context, "offers import") as house, house.engine.begin() as connection:
        raw = incoming.raw_offers(source, form, house.settings)
        found = catalogue.import_offers(connection, house.settings, raw)
    say_imported(counted(len(found.taken), "offer"), found.refused, found.notices)


@offers.command("list")
@day_option
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON lines.")
@click.pass_context
@sentences
def list_offers(context: click.Context, day: date | None, *, as_json: bool) -> None:
    """List all offers: state, dates, budget, spent, promised."""
    from promo import offering

    house = _house(context)
    facts = offering.facts(house, day or house.settings.current_day())
    offering.say_list(facts, house.settings, as_json=as_json)


@offers.command("show")
@click.argument("offer")
@day_option
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_context
@sentences
def show_offer(context: click.Context, offer: str, day: date | None, *, as_json: bool) -> None:
    """Say what OFFER gives, where its budget stands, what was done to it."""
    from promo import offering

    house = _house(context)
    today = day or house.settings.current_day()
    offering.say_one(offering.one(house, offer, today), house.settings, as_json=as_json)


@offers.command("pause")
@click.argument("offer")
@click.option("--reason", required=True, callback=_said, help="Why; kept with the offer.")
@click.pass_context
@sentences
def pause(context: click.Context, offer: str, reason: str) -> None:
    """Print OFFER no more for now. Where it is printed it is honoured."""
    _change(context, offer, "paused", reason)


@offers.command("resume")
@click.argument("offer")
@click.option("--reason", required=True, callback=_said, help="Why; kept with the offer.")
@click.pass_context
@sentences
def resume(context: click.Context, offer: str, reason: str) -> None:
    """Print a paused OFFER again."""
    _change(context, offer, "resumed", reason)


@offers.command("stop")
@click.argument("offer")
@click.option(
    "--reason", required=True, callback=_said, help="Why: a recall, a misprint, a withdrawal."
)
@click.option("--bearer", required=True, callback=_said, help="Who bears the loss.")
@click.option("--sentence", default=WITHDRAWN, show_default=True, help="What shoppers are told.")
@click.pass_context
@sentences
def stop(context: click.Context, offer: str, reason: str, bearer: str, sentence: str) -> None:
    """Stop OFFER at once and for good, also where it is printed. Waits for no other command."""
    _change(context, offer, "stopped", reason, bearer=bearer, sentence=sentence)
    click.echo("Lists that hold it are replaced by `promo lists reissue`.")


@offers.command("budget")
@click.argument("offer")
@click.option("--money", type=Decimal, help="In currency units; as it is if not given.")
@click.option("--redemptions", type=click.IntRange(min=0), help="As they are if not given.")
@day_option
@click.pass_context
@sentences
def budget(
    context: click.Context,
    offer: str,
    money: Decimal | None,
    redemptions: int | None,
    day: date | None,
) -> None:
    """Give OFFER another budget, never less than what is spent and promised."""
    from promo import offering

    if money is None and redemptions is None:
        raise click.UsageError("Give --money, --redemptions or both.")
    # Not while a night is at work: what it is about to promise is not stored yet.
    with locked(context, "offers budget") as house:
        today = day or house.settings.current_day()
        click.echo(offering.set_budget(house, offer, money, redemptions, today))


def _house(context: click.Context) -> "House":
    from promo.house import House

    return House.open(settings_of(context))


def _change(context: click.Context, offer: str, kind: str, reason: str, **said: str) -> None:
    from promo.offers import states

    with _house(context).engine.begin() as connection:
        now = datetime.now(UTC)
        changed = states.change(connection, offer, kind, reason, now, **said)
    click.echo(f"Offer {offer} is {states.TO[kind]}{'' if changed else ' already'}.")


@click.group()
def redemptions() -> None:
    """What tills say was redeemed."""


@redemptions.command("import")
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
@sentences
def import_redemptions(context: click.Context, source: Path) -> None:
    """Take in redemptions, voids and returns from FILE (.csv or .parquet).

    A line that cannot be is refused with a sentence, the others go in; a line that comes again is
    not counted again.
    """
    from promo import redeeming

    # No lock: tills redeem while a night is at work.
    house = _house(context)
    found = redeeming.take(house, source)
    for sentence in found.refused:
        click.echo(f"Refused. {sentence}", err=True)
    for offer in found.exhausted:
        click.echo(f"The budget of offer {offer} is spent: it is not printed any more.", err=True)
    click.echo(
        f"{counted(found.taken, 'redemption')} in, {found.repeated:,} known already, "
        f"{len(found.refused):,} refused."
    )
    if found.refused:
        sys.exit(SET_ASIDE)


@offers.command("preview")
@click.argument("source")
@day_option
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_context
@sentences
def preview_offers(context: click.Context, source: str, day: date | None, *, as_json: bool) -> None:
    """Say what the offers of FILE would do on the lists of a fortnight. Nothing is stored."""
    import json
    from dataclasses import asdict

    from promo import incoming, preview
    from promo.house import House
    from promo.progress import Progress

    house = House.open(settings_of(context))
    raw = incoming.raw_offers(source, "file", house.settings)
    today = day or house.settings.current_day()
    found = preview.preview(house, raw, today, Progress("preview"))
    for sentence in (*found.notices, *(f"Refused. {refusal}" for refusal in found.refused)):
        click.echo(sentence, err=True)
    click.echo(json.dumps(asdict(found)) if as_json else preview.in_words(found, house.settings))
    sys.exit(SET_ASIDE if found.refused else 0)


@click.command()
@click.argument("code", metavar="LIST")
@click.argument("offer")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_context
@sentences
def why(context: click.Context, code: str, offer: str, *, as_json: bool) -> None:
    """Say why OFFER is or is not on a list (its code or short code), as its night decided."""
    import json

    from promo.command import keys_of
    from promo.house import House
    from promo.why import why as ask

    house = House.open(settings_of(context))
    found = ask(house, keys_of(house.settings), code, offer)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    stands = "on" if found["on_list"] else "not on"
    click.echo(f"{found['title']} ({found['offer']}) is {stands} list {found['list']}.")
    click.echo(found["answer"])
    if "probability" in found:
        click.echo(
            f"Redeemed with probability {found['probability']:.1%} at a worth of "
            f"{house.settings.in_words(found['worth'])}."
        )
