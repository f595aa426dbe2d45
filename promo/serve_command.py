"""The command that serves the tills: parse, call, print; nothing else."""

from pathlib import Path

import click

from promo.command import keys_of, sentences, settings_of

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@click.option("--tls-certificate", type=FILE, help="Serve over TLS with this certificate (PEM).")
@click.option("--tls-key", type=FILE, help="The certificate's key (PEM).")
@click.option("--till", is_flag=True, help="Serve a till to try at /till, too; for training only.")
@click.pass_context
@sentences
def serve(
    context: click.Context,
    host: str,
    port: int,
    tls_certificate: Path | None,
    tls_key: Path | None,
    *,
    till: bool,
) -> None:
    """Serve the tills and kiosks: lists by code or card, and their sheets, over HTTP.

    Tills need a key: see `promo stores key`. Log lines (JSON) go to standard error; SIGTERM lets
    requests under way be finished. See docs/service.md.
    """
    from promo import database
    from promo.checkout import serving
    from promo.checkout.service import Service

    if (tls_certificate is None) != (tls_key is None):
        raise click.UsageError("--tls-certificate and --tls-key go together.")
    settings = settings_of(context)
    keys = keys_of(settings)
    engine = database.connect(settings.database_url)
    database.check_schema(engine)
    where = serving.Where(host, port, tls_certificate, tls_key)
    if till:
        scheme = "https" if tls_certificate else "http"
        click.echo(f"A till to try: {scheme}://{host}:{port}/till", err=True)
    serving.serve(Service(settings, keys, engine, till=till), where)
