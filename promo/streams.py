"""How commands end where no sentence says it: by a fault of ours, Ctrl-C, or read by nobody.

An unforeseen error keeps its traceback. Python and click would leave with 1, which says that the
work is done but for what was set aside.

`promo … | head -1` ends as a tool does that the signal SIGPIPE ends, but by an exception: the
signal itself would also end a command whose database closes its connection.
"""

import os
import select
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TextIO

import click

from promo.errors import CRASHED, INTERRUPTED, Sentence

ENOUGH = 128 + 13  # what a shell says of a tool that SIGPIPE ended


class Quiet(click.Group):
    """Commands that end with a code of their own, and in silence where nobody reads them."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """As click does it, with every output open."""
        _open_all()
        with _ending():
            return super().main(*args, **kwargs)

    # click would leave with 1, as if something had been set aside, were these two not before it.
    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """As click does it: `--help` is said here."""
        with _ending():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """As click does it: all else is said here."""
        with _ending():
            return super().invoke(ctx)


def is_closed(stream: TextIO) -> bool:
    """Whether an output was closed before the command began."""
    return getattr(stream, "name", "") == os.devnull


def are_unread() -> bool:
    """Whether the reader of standard output or error has gone; another pipe may have broken."""
    poll = select.poll()
    for number in (1, 2):
        poll.register(number, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))


def _open_all() -> None:
    """Let what is closed be the null device: else the next file that is opened, which may be the
    database, takes its number, and what a library says there is written into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    sys.stdout = sys.stdout or _null()
    sys.stderr = sys.stderr or _null()


def _null() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 -- as long as the process


@contextmanager
def _ending() -> Iterator[None]:
    try:
        yield
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except BrokenPipeError:
        if not are_unread():
            raise
        _leave(ENOUGH)
    except SystemExit as error:
        # rich leaves with 1 where it meets a broken pipe.
        if error.code == 1 and isinstance(error.__context__, BrokenPipeError):
            _leave(ENOUGH)
        raise
    except OSError as error:
        with suppress(OSError):
            click.echo(f"What it says cannot be written: {error.strerror}.", err=True)
        _leave(Sentence.exit_code)
    except KeyboardInterrupt:
        click.echo("\nInterrupted.", err=True)
        sys.exit(INTERRUPTED)
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception:  # EOFError, too, which click takes for the end of what is typed
        traceback.print_exc()
        sys.exit(CRASHED)


def _leave(code: int) -> NoReturn:
    """Leave, and drop what is still to be written: Python would complain of it at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            os.dup2(null, stream.fileno())
    sys.exit(code)
