"""What all commands share: sentences instead of tracebacks, days, the house and its lock."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from promo import mishaps, streams
from promo.errors import Sentence

# What a command needs it imports itself: `lookup` answers a cashier and must not wait for the
# libraries of `fit`.
if TYPE_CHECKING:
    from promo.config import Settings
    from promo.house import House
    from promo.lists.codes.keys import CodeKeys

SET_ASIDE, FAILED = 1, 3
Command = TypeVar("Command", bound=Callable[..., Any])


def sentences(command: Command) -> Command:
    """Turn the failures we foresee into a sentence on standard error and an exit code."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except Sentence as error:
            click.echo(str(error), err=True)
            sys.exit(error.exit_code)
        except UnicodeEncodeError as error:
            given = ascii(str(error.object)[:80])
            click.echo(f"{given} is no text: its bytes are not UTF-8.", err=True)
            sys.exit(FAILED)
        except Exception as error:
            if isinstance(error, BrokenPipeError) and streams.are_unread():
                raise
            found = mishaps.sentence(error)
            if found is None:
                raise
            click.echo(str(found), err=True)
            sys.exit(found.exit_code)

    return wrapped  # type: ignore[return-value]


class Day(click.ParamType[date]):
    """A calendar day, YYYY-MM-DD."""

    name = "day"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:
        """Parse an ISO day."""
        if isinstance(value, date):
            return value
        try:
            day = datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007
        except ValueError:
            self.fail(f"{value!r} is no day such as 2017-11-06.", param, ctx)
        if not 2000 <= day.year <= 2099:
            self.fail(f"{value!r} is not between 2000 and 2099.", param, ctx)
        return day


class Text(click.ParamType[str]):
    """Text that says something. An empty one is most often a script's variable that is not set."""

    name = "text"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """The text as it was given."""
        if not value.strip():
            self.fail("it is empty; say which, or leave it out.", param, ctx)
        return str(value)


class Place(click.Path):
    """A path that was named."""

    name = "path"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """As click does it, of what is not empty."""
        if value == "":  # which else is the folder we stand in
            self.fail("it is empty; say where, or leave it out.", param, ctx)
        return super().convert(value, param, ctx)


DAY, TEXT = Day(), Text()
day_option = click.option("--day", type=DAY, help="The night's day; today if not given.")
store_option = click.option(
    "--store",
    type=TEXT,
    help="The store where CODE is handed in: an EAN-13 opens nothing elsewhere.",
)


def settings_of(context: click.Context) -> "Settings":
    """Read the settings that --config names."""
    from promo import config

    return config.load(context.obj)


def settings_or_shipped(context: click.Context) -> "Settings":
    """As `settings_of`; the shipped settings where no --config is given and none lies here."""
    given = context.find_root().get_parameter_source("config_path")
    if given is ParameterSource.DEFAULT and not context.obj.exists():
        context.obj = Path(__file__).parent.parent / "config.yaml"
    return settings_of(context)


def say_imported(taken: str, refused: Sequence[str], notices: Iterable[str] = ()) -> None:
    """Say what became of a file: `taken` in words, a sentence for each row that is not in.

    Leaves with 1 where there is one.
    """
    for notice in notices:
        click.echo(notice, err=True)
    for refusal in refused:
        click.echo(f"Refused. {refusal}", err=True)
    click.echo(f"{taken} in, {len(refused):,} refused.")
    if refused:
        sys.exit(SET_ASIDE)


@contextmanager
def locked(context: click.Context, who: str) -> "Iterator[House]":
    """The house, for a command that changes it: one at a time, entered as promo.entering says."""
    from promo import entering
    from promo.files import only_one

    settings = settings_of(context)
    with only_one(settings.paths.state / "promo.lock", who):
        yield entering.enter(settings, partial(click.echo, err=True))


def keys_of(settings: "Settings") -> "CodeKeys":
    """The list-code keys, from the environment or the file beside the settings."""
    from promo.lists.codes import keys
    from promo.scans.gtin import CodeError

    text = settings.secret("PROMO_CODE_KEYS", "code.key")
    if not text:
        raise CodeError(
            "There are no list-code keys: set PROMO_CODE_KEYS or run `promo init`, which makes "
            "a file code.key."
        )
    return keys.load_keys(settings.lists.document_type, text)
