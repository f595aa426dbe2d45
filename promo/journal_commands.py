"""The commands about the journal of a store machine: parse, call, print; nothing else."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from promo.command import SET_ASIDE, sentences, settings_of
from promo.counting import counted

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def journal() -> None:
    """What a store machine decided on its own: check it, read it, begin a new one."""


@journal.command()
@click.argument("path", metavar="FILE", type=FILE)
@sentences
def verify(path: Path) -> None:
    """Check every byte of a journal, without changing it; leaves with 1 where it was changed.

    It may be in use.
    """
    from promo.checkout.pack.chain import Broken
    from promo.checkout.pack.journal_reading import verify as verified

    try:
        report = verified(path)
    except Broken as error:
        click.echo(str(error), err=True)
        sys.exit(SET_ASIDE)
    if report.torn:
        click.echo(
            f"{report.torn:,} bytes behind them are no whole decision: one is being written, or "
            "the machine stopped then. The service cuts them off when it starts.", err=True
        )  # fmt: skip
    head, place = report.head, report.place
    click.echo(
        f"{counted(place.seq, 'decision')} of store {', '.join(head.stores)}, from "
        f"{head.made:%Y-%m-%d %H:%M} UTC on, {place.end:,} bytes: all as they were written. "
        f"Journal {head.journal}, chain {place.chain}."
    )


@journal.command()
@click.argument("path", metavar="FILE", type=FILE)
@click.option("--after", type=click.IntRange(0), default=0, help="Only decisions after this one.")
@click.option("--json", "as_json", is_flag=True, help="Each decision as it stands there.")
@sentences
def show(path: Path, after: int, *, as_json: bool) -> None:
    """Say what a journal holds, a line a decision."""
    from promo.checkout.pack.journal_reading import records
    from promo.checkout.pack.journal_words import in_words

    for record in records(path, after):
        click.echo(record.text if as_json else in_words(record))


@journal.command()
@click.argument("path", metavar="FILE", type=FILE)
@sentences
def close(path: Path) -> None:
    """Put a journal aside once head office has all of it, and begin the next one.

    The service must not be running. Keep the closed one for as long as sales are brought back.
    """
    from promo.checkout.pack.closing import close as closed

    aside = closed(path, datetime.now(UTC))
    click.echo(f"{path} begins anew; what it held is in {aside}.")


@journal.command()
@click.argument("path", metavar="FILE", type=FILE)
@click.option("--to", "url", required=True, help="Head office's address.")
@click.option("--key-file", type=click.Path(path_type=Path, dir_okay=False, exists=True),
              help="A file with the store's key that may `sync`; else PROMO_SYNC_KEY, or sync.key "
              "beside config.yaml.")  # fmt: skip
@click.option("--authorities", type=click.Path(path_type=Path, dir_okay=False, exists=True),
              help="Who signs head office's certificate (PEM), if not one that the machine trusts."
              )  # fmt: skip
@click.pass_context
@sentences
def send(
    context: click.Context, path: Path, url: str, key_file: Path | None, authorities: Path | None
) -> None:
    """Send a journal to head office, from where that has it on. The service does so by itself.

    It may be in use. Sent again, nothing is booked twice.
    """
    from promo.checkout.pack.syncing import Sender, Where
    from promo.checkout.pack.syncing_keys import key
    from promo.checkout.service_address import Address

    own = key(settings_of(context), key_file)
    with Sender(path, Where(Address.of(url, authorities), own)) as sender:
        seq = sender.send()
    click.echo(f"Head office has {path} up to decision {seq:,}.")
