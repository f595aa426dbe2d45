"""The commands about manufacturers' coupons: parse, call, print; nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promo.command import locked, say_imported, sentences
from promo.counting import counted

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

    _take(context, source, positive_file.import_file, "coupon")


@coupons.command("families")
@click.argument("source", metavar="FILE", type=FILE)
@click.pass_context
@sentences
def import_families(context: click.Context, source: Path) -> None:
    """Take in makers' families (.csv, .parquet or .jsonl): which items coupons of AI 8110 mean.

    What the file says of a maker takes the place of all that was said of it before.
    """
    from promo.checkout import family_file

    _take(context, source, family_file.import_file, "item of families", "items of families")


def _take(
    context: click.Context, source: Path, take: "Callable[..., Filed]", one: str, several: str = ""
) -> None:
    with locked(context, "coupons") as house, house.engine.begin() as connection:
        found = take(connection, house.settings, source)
    say_imported(counted(found.taken, one, several), found.refused, found.notices)
