"""The commands about persons: forget one, give out what is held, wishes, households."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promo.command import FAILED, TEXT, keys_of, locked, sentences, settings_of

if TYPE_CHECKING:
    from promo.person.forgetting import Outcome

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("cards", metavar="CARD...", nargs=-1, required=True, type=TEXT)
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
    context: click.Context, cards: tuple[str, ...], also: tuple[Path, ...], *, yes: bool
) -> None:
    """Remove the household of each CARD everywhere; totals stay, and it is proved that they do.

    It cannot be undone, but from a backup. Leaves with 3 where something is left or a total moved.
    """
    from promo.person import forgetting

    if not yes:
        click.confirm(f"Forget the household of {len(cards)} cards for good?", abort=True)
    with locked(context, "forget") as house:
        found = forgetting.forget(house, keys_of(house.settings), cards, also)
    _say(found)


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
@click.argument("card", type=TEXT)
@click.option("--output", type=FILE, help="A file; else standard output.")
@click.pass_context
@sentences
def export_person(context: click.Context, card: str, output: Path | None) -> None:
    """Give out all that is held of CARD's household, as JSON: for the person it is about."""
    from promo.files import write_text
    from promo.house import House
    from promo.person import held, whom

    settings = settings_of(context)
    house = House.open(settings)
    with house.engine.connect() as connection:
        [who] = whom.of_cards(connection, settings, keys_of(settings), [card])
        given = held.export(house, connection, who)
    text = json.dumps(given, indent=1, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        write_text(output, text)
        click.echo(f"All that is held of the household is in {output}")
