"""The commands about lists that are out: parse, call, print; nothing else."""

from datetime import date

import click

from promo.command import DAY, day_option, keys_of, locked, sentences


@click.group()
def lists() -> None:
    """Lists that are made: issue them anew."""


@lists.command("reissue")
@click.option("--night", type=DAY, help="Only lists of this night.")
@click.option("--offer", help="Only lists that hold this stopped offer.")
@click.option("--list", "code", help="Only the list with this code, the 33 digits.")
@day_option
@click.pass_context
@sentences
def reissue(
    context: click.Context,
    night: date | None,
    offer: str | None,
    code: str | None,
    day: date | None,
) -> None:
    """Replace sheets that hold a stopped offer; they keep their codes, serials and days.

    Unpublished nights are made again; of published lists the sheets that changed are printed.
    Running it twice changes nothing the second time.
    """
    from promo import reissuing
    from promo.lists.reissue import Wanted
    from promo.progress import Progress

    with locked(context, "lists reissue") as house:
        today = day or house.settings.current_day()
        keys = keys_of(house.settings)
        wanted = Wanted(night, offer, code)
        found = reissuing.run(house, keys, wanted, today, Progress("reissue"))
    for made in found.nights:
        click.echo(f"The night of {made}, not yet published, was made again.")
    for folder, sheets in found.folders.items():
        click.echo(f"{sheets:,} sheets printed in {folder}")
    click.echo(f"{found.lists:,} lists issued anew, with {found.offers:,} other offers.")
