"""The command that opens a till to try: parse, call, print; nothing else."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from promo.command import SET_ASIDE, keys_of, sentences, settings_of
from promo.errors import Sentence

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.option("--store", help="The store that the till stands in; with --url the key says it.")
@click.option("--url", help="A service's address; without it the till brings its own service.")
@click.option("--store-url", help="The store's own service; with --head-office-url.")
@click.option("--head-office-url", help="Whom to ask when that does not answer.")
@click.option("--key-file", type=FILE, help="A file with the key for --url; else PROMO_STORE_KEY.")
@click.pass_context
@sentences
def till(
    context: click.Context,
    store: str | None,
    url: str | None,
    store_url: str | None,
    head_office_url: str | None,
    key_file: Path | None,
) -> None:
    """A till to try: scan or type a list and items, watch prices fall, pay, return, void.

    Reads commands from standard input, one a line; `?` lists them. What is paid is booked as at any
    till. Exit codes: 0 done; 1 done, but something was refused; 2 wrong usage; 3 the till could not
    be opened.
    """
    from promo.checkout.till.talk import Talk
    from promo.checkout.till.terminal import Terminal

    if (store_url is None) != (head_office_url is None) or (url and store_url):
        raise click.UsageError("--store-url and --head-office-url go together, and without --url.")
    url = url or store_url
    with ExitStack() as stack:
        if url is None:
            if store is None:
                raise click.UsageError("Give --store, or --url and a key.")
            url, key = stack.enter_context(_own_service(context, store))
        else:
            key = _key(key_file)
        terminal = Terminal(Talk(url, key, store, head_office_url), click.echo)
        terminal.run(_typed())
    sys.exit(SET_ASIDE if terminal.refusals else 0)


class KeyMissing(Sentence):
    """There is no store key to ask a service with."""

    exit_code = 2


def _key(file: Path | None) -> str:
    """The store key, which is never an argument: others could read it in the list of processes."""
    from promo.config import secret_of

    key = secret_of(file) if file else os.environ.get("PROMO_STORE_KEY", "")
    if not key.strip():
        raise KeyMissing("There is no store key: set PROMO_STORE_KEY or give --key-file; "
                         "`promo stores key add` makes one.")  # fmt: skip
    return key.strip()


@contextmanager
def _own_service(context: click.Context, store: str) -> Iterator[tuple[str, str]]:
    """A service on the house's own database; says a list to try it with."""
    from promo.checkout.till import running

    settings = settings_of(context)
    keys = keys_of(settings)
    with running.opened(settings, keys, store) as own:
        if (code := running.example(settings, keys, store)) is not None:
            click.echo(f"A list of this store's to try: {code}")
        yield own


def _typed() -> Iterator[str]:
    """Lines of standard input; where nobody types they are shown, so that answers make sense."""
    while sys.stdin is not None:  # it may be closed
        is_person = sys.stdin.isatty()
        if is_person:
            click.echo("> ", nl=False)
        try:
            line = sys.stdin.buffer.readline().decode("utf-8", "replace")
        except KeyboardInterrupt:
            line = ""
        if not line:
            return
        if not is_person:
            click.echo(f"> {line.rstrip()}")
        yield line
