"""The commands about manufacturers' coupons: parse, call, print; nothing else."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from promo.command import SET_ASIDE, locked, sentences

if TYPE_CHECKING:
    from promo.checkout.filed import Filed

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def coupons() -> None:
    """Manufacturers' coupons handed over at the till: what they give, and on which items."""


@coupons.command("import")
@click.argument("source", metavar="FILE", type=FILE)
@click.pass_context
@sentences
def import_offers(context: click.Context, source: Path) -> None:
    """Take in a positive offer file (.csv, .parquet or .jsonl): what coupons of AI 8112 give.

    A row whose offer is there already takes its place. A bad row is refused, the others go in.
    """
    from promo.checkout import positive_file

    _take(context, source, positive_file.import_file, "coupons in")


@coupons.command("families")
@click.argument("source", metavar="FILE", type=FILE)
@click.pass_context
@sentences
def import_families(context: click.Context, source: Path) -> None:
    """Take in makers' families (.csv, .parquet or .jsonl): which items coupons of AI 8110 mean.

    What the file says of a maker takes the place of all that was said of it before.
    """
    from promo.checkout import family_file

    _take(context, source, family_file.import_file, "items of families in")


def _take(context: click.Context, source: Path, take: "Callable[..., Filed]", what: str) -> Any:
    with locked(context, "coupons") as house, house.engine.begin() as connection:
        found = take(connection, house.settings, source)
    for notice in found.notices:
        click.echo(notice, err=True)
    for refusal in found.refused:
        click.echo(f"Refused. {refusal}", err=True)
    click.echo(f"{found.taken:,} {what}, {len(found.refused):,} refused.")
    if found.refused:
        sys.exit(SET_ASIDE)
