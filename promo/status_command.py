"""`promo status`: what was done in the night, and what a person must look at; nothing else."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promo.command import Place, day_option, sentences, settings_of

# What a command needs it imports itself: see promo.command.
if TYPE_CHECKING:
    from promo.status.facts import Report
    from promo.status.words import Money


@click.command()
@day_option
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.option("--mail", is_flag=True, help="Answer as a mail, for `sendmail -t`.")
@click.option("--prometheus", type=Place(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write a file for the textfile collector; nothing else is said without --json "
              "or --mail.")  # fmt: skip
@click.pass_context
@sentences
def status(
    context: click.Context, day: date | None, prometheus: Path | None, *, as_json: bool, mail: bool
) -> None:
    """Say how the last night went and what a person must look at.

    Exit codes: 0 all is well, 1 something to look at, 3 something must be done.
    """
    from promo.files import reached, write_text
    from promo.house import House
    from promo.status import as_json as json_form
    from promo.status import findings, reading, textfile
    from promo.status import mail as mail_form

    if as_json and mail:
        raise click.UsageError("Give --json or --mail, one of the two.")
    if prometheus and not (folder := reached(prometheus).parent).is_dir():
        raise click.UsageError(
            f"--prometheus {prometheus}: there is no folder {folder}; expected the one that node "
            "exporter collects."
        )
    settings = settings_of(context)
    bounds, money = settings.status, settings.in_words
    if mail and not bounds.mail_to:
        raise click.UsageError("`status.mail_to` in config.yaml names nobody to write to.")
    facts = reading.read(House.open(settings), day or settings.current_day(), datetime.now(UTC))
    report = findings.report(facts, bounds, money)
    if prometheus:
        write_text(prometheus, textfile.text(report, bounds.offers))
    if as_json:
        click.echo(json_form.text(report))
    elif mail:
        click.echo(mail_form.message(report, settings, money), nl=False)
    elif not prometheus:
        _show(report, bounds.offers, money)
    sys.exit(report.level.exit_code)


def _show(report: "Report", most: int, money: "Money") -> None:
    from rich.console import Console

    from promo.status import terminal

    terminal.show(report, Console(markup=False, emoji=False), most, money)
