"""The commands about offline packs: parse, call, print; nothing else."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promo.command import TEXT, Place, keys_of, sentences, settings_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from promo.config import Settings
    from promo.packing import Made

FILE = Place(path_type=Path, dir_okay=False)
region_option = click.option("--region", type=TEXT, default="banner", show_default=True,
                             help="One of packs.regions, or banner: all stores.")  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")


@click.group()
def pack() -> None:
    """Packs: what stores redeem from while their line to head office is down."""


@pack.command()
@region_option
@json_option
@click.pass_context
@sentences
def build(context: click.Context, region: str, *, as_json: bool) -> None:
    """Make a region's pack in paths.packs: its lists in force, offers, cards, uses.

    Tills and nights go on meanwhile. The file is there as a whole or not at all.
    """
    from promo import packing

    with _house(context) as (settings, engine):
        made = packing.build(settings, engine, region, packing.now())
    _say(made, as_json=as_json)


@pack.command()
@region_option
@json_option
@click.pass_context
@sentences
def delta(context: click.Context, region: str, *, as_json: bool) -> None:
    """Make the delta over a region's pack: all that is not now as it stands there.

    Only the newest delta is ever needed.
    """
    from promo import packing

    with _house(context) as (settings, engine):
        made = packing.build_delta(settings, engine, region, packing.now())
    _say(made, as_json=as_json)


@contextmanager
def _house(context: click.Context) -> "Iterator[tuple[Settings, Engine]]":
    """Settings and database; nobody is locked out, as nothing of the house is written."""
    from promo import database

    settings = settings_of(context)
    engine = database.connect(settings.database_url)
    database.check_schema(engine)
    yield settings, engine
    engine.dispose()


def _say(made: "Made", *, as_json: bool) -> None:
    from promo import packing

    found = packing.facts(made.path, made.footer, packing.now())
    click.echo(json.dumps(found) if as_json else packing.in_words(found))


@pack.command()
@click.argument("file", type=FILE)
@json_option
@click.pass_context
@sentences
def show(context: click.Context, file: Path, *, as_json: bool) -> None:
    """Say what a pack says of itself: version, age, region. It proves nothing: see `check`."""
    from promo import packing
    from promo.checkout.pack import footer

    found = packing.facts(file, footer.read(file), packing.now())
    click.echo(json.dumps(found) if as_json else packing.in_words(found))


@pack.command()
@click.argument("file", type=FILE)
@click.option("--delta", "over", type=FILE, help="The delta over it, to be checked with it.")
@click.pass_context
@sentences
def check(context: click.Context, file: Path, over: Path | None) -> None:
    """Prove a pack to the last byte, and that it can be used now.

    Needs packs.pub (or packs.key) and the list-code keys. Leaves with 3 where it cannot be used.
    """
    from promo import packing
    from promo.checkout.pack import keys
    from promo.checkout.pack.opened import Pack

    settings = settings_of(context)
    public, codes = keys.public_of(settings), keys_of(settings)
    with closing(Pack.open(file, over, public, codes, packing.now())) as found:
        counts = found.counts
    click.echo(f"{file} is whole, signed with key {found.about.key}, good until "
               f"{found.about.expires}: {counts['lists']:,} lists, {counts['cards']:,} cards, "
               f"{counts['uses']:,} uses.")  # fmt: skip


@pack.group()
def key() -> None:
    """The keys that sign packs, and what stores need to prove them."""


@key.command("new")
@click.pass_context
@sentences
def new(context: click.Context) -> None:
    """Add a key to packs.key, which signs from now on; older packs open as long as theirs stay."""
    from promo import packing

    path, made = packing.add_key(settings_of(context))
    click.echo(f"Made key {made} in {path}. Keep it secret, and keep a copy. Give stores what "
               "`promo pack key public` prints before the next pack.")  # fmt: skip


@key.command("public")
@click.pass_context
@sentences
def public(context: click.Context) -> None:
    """Print what stores put into packs.pub: it proves packs and finds cards, and signs nothing."""
    from promo.checkout.pack import keys

    click.echo(keys.private_of(settings_of(context)).public().text(), nl=False)
