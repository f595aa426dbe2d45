"""The commands about lists that are made: parse, call, print; nothing else."""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promo.command import (
    DAY,
    SET_ASIDE,
    TEXT,
    Place,
    day_option,
    keys_of,
    locked,
    sentences,
    settings_of,
    store_option,
)
from promo.counting import counted, verb
from promo.errors import Sentence
from promo.streams import is_closed

if TYPE_CHECKING:
    from promo.printing import Outcome

FORMATS = ("pdf", "large", "mail", "html", "email", "receipt-80", "receipt-58")
DRAFT = "This night is a draft: it is not published, and may still change."
SUFFIXES = {"html": "html", "email": "eml", "receipt-80": "bin", "receipt-58": "bin"}


@click.group()
def lists() -> None:
    """Lists that are made: print them, show one, issue them anew."""


@lists.command("print")
@click.option("--night", "--day", "day", type=DAY, help="The night's day; today if not given.")
@click.option("--store", type=TEXT, help="Only the lists of this store.")
@click.option("--card", type=TEXT, help="Only the list in force of this loyalty card's household.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    help="What to write; more than once for more. As nights do if not given.",
)
@click.option(
    "--output",
    type=Place(path_type=Path, allow_dash=True),
    help="A folder of the print's own; with --card a file, or - for standard output.",
)
@click.pass_context
@sentences
def print_(
    context: click.Context,
    day: date | None,
    store: str | None,
    card: str | None,
    formats: Sequence[str],
    output: Path | None,
) -> None:
    """Print lists as they are stored: a night's, a store's, or one card's.

    Households that have since taken back their consent are left out; those that lack the address
    a format needs are named in a file, and the command leaves with 1.

    Exit codes with --card: 13 unknown, 14 not yet valid, 15 expired.
    """
    formats = tuple(dict.fromkeys(formats))
    if card is not None:
        if store is not None:
            raise click.UsageError("Give --store or --card, one of the two.")
        if len(formats) > 1:
            raise click.UsageError("With --card, give one --format.")
        _print_card(context, card, day, formats[0] if formats else "pdf", output)
        return
    if str(output) == "-":
        raise click.UsageError("A night is printed into a folder: --output - goes with --card.")
    _print_night(context, day, store, formats, output)


def _print_card(
    context: click.Context, card: str, day: date | None, form: str, output: Path | None
) -> None:
    from promo import one_list

    if str(output) == "-" and is_closed(sys.stdout):
        raise click.UsageError("Standard output is closed: give --output a file.")
    settings = settings_of(context)
    keys = keys_of(settings)
    asked = one_list.Asked(day or settings.current_day(), card=card)
    sheet, draft = one_list.found(settings, keys, asked)
    data = one_list.one(settings, sheet, form)
    if draft:
        click.echo(DRAFT, err=True)
    if str(output) == "-":
        click.echo(data, nl=False)
        return
    target = output or Path(f"{sheet.code}.{SUFFIXES.get(form, 'pdf')}")
    _write(target, data)
    click.echo(f"The list {sheet.code} of store {sheet.draft.store} is in {target}")


def _write(target: Path, data: bytes) -> None:
    from promo.files import replacing

    if target.is_dir():
        raise click.UsageError(f"--output {target} is a folder; expected a file.")
    if target.exists() and not target.is_file():
        _into_device(target, data)
    else:
        with replacing(target) as temporary:
            temporary.write_bytes(data)


def _into_device(target: Path, data: bytes) -> None:
    """A printer or a pipe: what stands there is no file to be replaced."""
    try:
        target.write_bytes(data)
    except BrokenPipeError:
        raise Sentence(f"{target} stopped reading before it had the whole list.") from None


def _print_night(
    context: click.Context,
    day: date | None,
    store: str | None,
    formats: Sequence[str],
    output: Path | None,
) -> None:
    from promo import printing
    from promo.progress import Progress

    settings = settings_of(context)
    keys, today = keys_of(settings), settings.current_day()
    wanted = printing.Wanted(
        day or today, formats or settings.lists.formats, store=store, output=output
    )
    found = printing.night(settings, keys, wanted, today, Progress("lists print"))
    _say(found, len(wanted.formats))
    if found.done.aside:
        sys.exit(SET_ASIDE)


def _say(found: "Outcome", formats: int) -> None:
    aside = [file.pages for file in found.done.files if file.kind == "aside"]
    if found.draft:
        click.echo(DRAFT, err=True)
    for file in found.done.files:
        if file.kind == "aside":
            were = verb(file.pages, "was", "were")
            click.echo(f"{counted(file.pages, 'household')} {were} set aside, for want of an "
                       f"address: {found.folder / file.path}", err=True)  # fmt: skip
    # A household that one format leaves out may still be in another.
    printed = found.lists - (min(aside) if len(aside) == formats else 0)
    click.echo(f"{counted(printed, 'list')} in {found.folder}")


@lists.command("show")
@click.argument("code")
@click.option(
    "--format", "form", type=click.Choice(("text", "html")), default="text", help="How to show it."
)
@click.option("--day", type=DAY, help="As if today were this day.")
@store_option
@click.pass_context
@sentences
def show(context: click.Context, code: str, form: str, day: date | None, store: str | None) -> None:
    """Show the list that CODE opens, as its household reads it.

    Exit codes: 11 mistyped, 12 forged, 13 unknown, 14 not yet valid, 15 expired.
    """
    from promo import one_list

    settings = settings_of(context)
    asked = one_list.Asked(day or settings.current_day(), code, store=store)
    sheet, draft = one_list.found(settings, keys_of(settings), asked)
    if draft:
        click.echo(DRAFT, err=True)
    click.echo(one_list.shown(settings, sheet, form), nl=False)


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
        click.echo(f"{counted(sheets, 'sheet')} printed in {folder}")
    click.echo(
        f"{counted(found.lists, 'list')} issued anew, with {counted(found.offers, 'other offer')}."
    )
