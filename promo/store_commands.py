"""The commands about stores and their keys: parse, call, print; nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from promo.command import DAY, TEXT, sentences, settings_of

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Connection

SHOWN_ONCE = "Keep it now: it is shown this once, and only its hash is stored."


@click.group()
def stores() -> None:
    """Stores: the keys with which their tills and kiosks ask the service."""


@stores.group()
def key() -> None:
    """Keys of stores: each opens the service for one store and some verbs."""


@key.command("add")
@click.option("--store", type=TEXT, required=True, help="The store's id.")
@click.option("--verb", "verbs", multiple=True, default=("lookup",), show_default=True,
              help="What it may do: lookup, sheet, quote, reserve, redeem, return, void, sync; may "
              "be repeated.")  # fmt: skip
@click.option("--till", is_flag=True, help="All that a till does: every verb but sheet and sync.")
@click.option("--until", type=DAY, help="The last day on which it opens; for ever if not given.")
@click.pass_context
@sentences
def add(
    context: click.Context, store: str, verbs: tuple[str, ...], until: "date | None", *, till: bool
) -> None:
    """Make a key for a store. Its secret goes to standard output, once."""
    from promo.checkout import store_keys

    end = None if until is None else datetime(until.year, until.month, until.day, tzinfo=UTC)
    wanted = {*verbs, *store_keys.TILL} if till else verbs
    with _writing(context) as connection:
        token = store_keys.add(connection, store, wanted, _now(), end and end + timedelta(1))
    _show(token)


@key.command("list")
@click.option("--store", type=TEXT, help="Only this store's.")
@click.pass_context
@sentences
def list_(context: click.Context, store: str | None) -> None:
    """List the keys: number, store, verbs, state; never a secret."""
    from rich.console import Console
    from rich.table import Table

    from promo.checkout import store_keys

    with _writing(context) as connection:
        found = store_keys.listed(connection, store)
    table = Table("key", "store", "may", "made", "until", "state")
    for each in found:
        verbs = ", ".join(verb for verb in store_keys.VERBS if verb in each.verbs)
        until = f"{each.expires:%Y-%m-%d %H:%M} UTC" if each.expires else ""
        table.add_row(
            f"{each.id}", each.store, verbs, f"{each.created:%Y-%m-%d}", until, each.state(_now())
        )
    Console(markup=False, emoji=False).print(table)


@key.command("rotate")
@click.argument("number", type=int)
@click.option("--keep-hours", type=click.FloatRange(0, 24 * 90), default=24.0, show_default=True,
              help="How long the old key still opens.")  # fmt: skip
@click.pass_context
@sentences
def rotate(context: click.Context, number: int, keep_hours: float) -> None:
    """Make a new key like key NUMBER, which goes on for a while. The secret is shown once."""
    from promo.checkout import store_keys

    with _writing(context) as connection:
        token = store_keys.rotate(connection, number, _now(), timedelta(hours=keep_hours))
    _show(token)
    click.echo(f"Key {number} still opens for {keep_hours:g} hours.", err=True)


@key.command("revoke")
@click.argument("number", type=int)
@click.pass_context
@sentences
def revoke(context: click.Context, number: int) -> None:
    """Let key NUMBER open nothing any more, within `service.key_seconds`."""
    from promo.checkout import store_keys

    with _writing(context) as connection:
        store_keys.revoke(connection, number, _now())
    click.echo(f"Key {number} is revoked.")


@contextmanager
def _writing(context: click.Context) -> "Iterator[Connection]":
    """A transaction in the house's database; a night that is being made need not wait for it."""
    from promo import database

    engine = database.connect(settings_of(context).database_url)
    database.check_schema(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def _now() -> datetime:
    return datetime.now(UTC)


def _show(token: str) -> None:
    click.echo(token)
    click.echo(SHOWN_ONCE, err=True)
