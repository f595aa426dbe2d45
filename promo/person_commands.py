"""The commands about persons: forget one, give out what is held, wishes, households."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promo.command import DAY, FAILED, TEXT, keys_of, locked, sentences, settings_of

if TYPE_CHECKING:
    from datetime import date

    from promo.person.forgetting import Outcome

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("cards", metavar="[CARD]...", nargs=-1, type=TEXT)
@click.option(
    "--household",
    "ids",
    metavar="ID",
    type=TEXT,
    multiple=True,
    help="A household by its id, such as one without a card; may be repeated.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--logs",
    "also",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="Search this file or folder, too, such as the logs of cron and of the service.",
)
@click.pass_context
@sentences
def forget(
    context: click.Context, cards: tuple[str, ...], ids: tuple[str, ...],
    also: tuple[Path, ...], *, yes: bool,
) -> None:  # fmt: skip
    """Remove the household of each CARD everywhere; totals stay, and it is proved that they do.

    It cannot be undone, but from a backup. Leaves with 3 where something is left or a total moved.
    """
    from promo.person import forgetting

    if not cards and not ids:
        raise click.UsageError("Say whom: a CARD, or --household ID.")
    if not yes:
        several = [f"{len(cards)} cards"] if cards else []
        several += [f"{len(ids)} ids"] if ids else []
        if not _is_sure(f"Forget the households of {' and '.join(several)} for good?"):
            click.echo("Nothing was forgotten.", err=True)
            sys.exit(FAILED)
    with locked(context, "forget") as house:
        found = forgetting.forget(house, keys_of(house.settings), cards, also, ids)
    _say(found)


def _is_sure(question: str) -> bool:
    """What a person answers; whoever has nothing to say, such as cron, is not sure."""
    try:
        return click.confirm(question)
    except click.Abort:
        click.echo()
        return False


def _say(found: "Outcome") -> None:
    click.echo(f"{found.households} households are forgotten. Totals before and after:")
    for line in found.totals:
        click.echo(line)
    for folder in found.printed:
        click.echo(f"Pages were cut out of {folder}")
    if found.left_out:
        kinds = ", ".join(found.left_out)
        click.echo(f"Not searched for, being short or others' as well: {kinds}")
    if found.notice:
        click.echo(found.notice, err=True)
    if found.found:
        for each in found.found:
            click.echo(f"Left: {each.kind} in {each.place}", err=True)
        sys.exit(FAILED)
    click.echo("A search of tables, lake, models, prints and lines set aside found nothing more.")


@click.command("export-person")
@click.argument("card", required=False, type=TEXT)
@click.option("--household", "shopper", metavar="ID", type=TEXT, help="By its id, without a card.")
@click.option("--output", type=FILE, help="A file; else standard output.")
@click.pass_context
@sentences
def export_person(
    context: click.Context, card: str | None, shopper: str | None, output: Path | None
) -> None:
    """Give out all that is held of CARD's household, as JSON: for the person it is about."""
    from promo.files import write_text
    from promo.house import House
    from promo.person import held, whom

    if (card is None) == (shopper is None):
        raise click.UsageError("Say whom: a CARD, or --household ID, one of the two.")
    cards, ids = ([card] if card else []), ([shopper] if shopper else [])
    settings = settings_of(context)
    house = House.open(settings)
    with house.engine.connect() as connection:
        [who] = whom.named(connection, settings, keys_of(settings), cards, ids)
        given = held.export(house, connection, who)
    text = json.dumps(given, indent=1, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        write_text(output, text)
        click.echo(f"All that is held of the household is in {output}")


@click.group()
def households() -> None:
    """Households: joined, split, their wishes."""


@households.command("join")
@click.argument("one", metavar="FROM", type=TEXT)
@click.option("--into", type=TEXT, required=True, help="The household that it becomes part of.")
@click.pass_context
@sentences
def join(context: click.Context, one: str, into: str) -> None:
    """Make household FROM part of another: its cards, past, lists and uses go there.

    Lists that are open stay open. Both are suppressed if one was, and of what they agreed to the
    stricter holds; name and address are those of --into.
    """
    from promo.person import households as moving

    with locked(context, "households join") as house:
        moved = moving.join(house, one, into)
    click.echo(f"{one} is part of {moved.shopper} now; {moved.parts} files of the lake say so.")


@households.command("split")
@click.argument("card", type=TEXT)
@click.option("--to", "into", type=TEXT, help="The household's id; `card:CARD` if not given.")
@click.pass_context
@sentences
def split(context: click.Context, card: str, into: str | None) -> None:
    """Give CARD, with its past, to another household, which is made if it is not there.

    One that is made has agreed to nothing yet. Lists and uses stay where they are. After a file of
    cards moved CARD to another household, this lets its past follow.
    """
    from promo.person import households as moving

    with locked(context, "households split") as house:
        moved = moving.split(house, card, into)
    if moved.was_so:
        click.echo(f"{card} is of {moved.shopper} already, with its past; nothing was changed.")
        return
    click.echo(f"{card} is of {moved.shopper} now; {moved.parts} files of the lake say so.")
    for each in moved.emptied:
        click.echo(
            f"The household {each} has no card left. To forget it: `promo forget --household "
            f"{each}`; to make it part of another: `promo households join {each} --into TO`."
        )


@households.command("consent")
@click.argument("card", type=TEXT)
@click.option("--give", is_flag=True, help="CARD's household wants lists.")
@click.option("--withdraw", is_flag=True, help="It wants them no more.")
@click.option("--day", type=DAY, help="The day it was said; today if not given.")
@click.pass_context
@sentences
def consent(
    context: click.Context, card: str, day: "date | None", *, give: bool, withdraw: bool
) -> None:
    """Note that CARD's household wants lists, or wants them no more."""
    from promo.person import wishes

    if give == withdraw:
        raise click.UsageError("Say --give or --withdraw, one of the two.")
    settings = settings_of(context)
    said = day or settings.current_day()
    if said > settings.current_day():
        raise click.UsageError(f"--day {said} has not come yet.")
    wishes.agree(settings, card, said, given=give)
    click.echo(f"Noted: the household {'wants' if give else 'wants no'} lists, from {said} on.")


@households.command("suppress")
@click.argument("card", type=TEXT)
@click.option("--lift", is_flag=True, help="Let it be written to again.")
@click.pass_context
@sentences
def suppress(context: click.Context, card: str, *, lift: bool) -> None:
    """Write to CARD's household no more, whatever it agreed to; --lift takes that back."""
    from promo.person import wishes

    wishes.suppress(settings_of(context), card, suppressed=not lift)
    click.echo("Noted: the household " + ("may be written to." if lift else "is suppressed."))
