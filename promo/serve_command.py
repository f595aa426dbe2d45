"""The command that serves the tills: parse, call, print; nothing else."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from promo.command import keys_of, sentences, settings_of

if TYPE_CHECKING:
    from promo.checkout.service import Service
    from promo.checkout.service_address import Address
    from promo.config import Settings
    from promo.lists.codes.keys import CodeKeys

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
PACK = click.Path(path_type=Path, exists=True)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@click.option("--tls-certificate", type=FILE, help="Serve over TLS with this certificate (PEM).")
@click.option("--tls-key", type=FILE, help="The certificate's key (PEM).")
@click.option("--pack", type=PACK, help="Serve a store from this pack, or the newest of a folder.")
@click.option("--delta", type=FILE, help="What has changed since the pack was made.")
@click.option("--journal", type=FOLDER, help="Where the store's decisions are kept; with --pack.")
@click.option("--store", help="Where this machine stands; with --pack.")
@click.option("--head-office", help="The service that requests are passed on to; with --pack.")
@click.option("--authorities", type=FILE, help="Who signs head office's certificate (PEM), if not "
              "one that the machine trusts.")  # fmt: skip
@click.option("--till", is_flag=True, help="Serve a till to try at /till, too; for training only.")
@click.pass_context
@sentences
def serve(
    context: click.Context,
    host: str,
    port: int,
    tls_certificate: Path | None,
    tls_key: Path | None,
    pack: Path | None,
    delta: Path | None,
    journal: Path | None,
    store: str | None,
    head_office: str | None,
    authorities: Path | None,
    *,
    till: bool,
) -> None:
    """Serve the tills and kiosks: lists by code or card, and their sheets, over HTTP.

    Tills need a key: see `promo stores key`. Log lines (JSON) go to standard error; SIGTERM lets
    requests under way be finished. See docs/service.md.

    With --pack it is a store's machine that redeems on its own: from a signed pack, and into a
    journal that head office is sent. See docs/offline.md.
    """
    from promo.checkout import serving

    if (tls_certificate is None) != (tls_key is None):
        raise click.UsageError("--tls-certificate and --tls-key go together.")
    if pack is None and (delta or journal or store or head_office):
        raise click.UsageError("--delta, --journal, --store and --head-office go with --pack.")
    line = _line(head_office, authorities)

    settings = settings_of(context)
    keys = keys_of(settings)
    where = serving.Where(host, port, tls_certificate, tls_key)
    if till:
        scheme = "https" if tls_certificate else "http"
        click.echo(f"A till to try: {scheme}://{host}:{port}/till", err=True)
    if pack is None:
        serving.serve(_of_the_house(settings, keys, till=till), where)
        return
    from promo.checkout.pack import machine

    asked = machine.Asked(pack, delta, journal, (store,) if store else (), line, till)
    with machine.opened(settings, keys, asked) as service:
        serving.serve(service, where)


def _line(head_office: str | None, authorities: Path | None) -> "Address | None":
    """Head office's address, if it was given. Raises NoAddress."""
    from promo.checkout.service_address import Address

    if head_office is not None:
        return Address.of(head_office, authorities)
    if authorities is not None:
        raise click.UsageError("--authorities goes with --head-office.")
    return None


def _of_the_house(settings: "Settings", keys: "CodeKeys", *, till: bool) -> "Service":
    """The service on the house's own database. Raises DatabaseError."""
    from promo import database
    from promo.checkout.service import Service

    engine = database.connect(settings.database_url)
    database.check_schema(engine)
    return Service(settings, keys, engine, till=till)
