"""The commands: parse, call, print; nothing else.

Exit codes: 0 done; 1 done, but something was set aside; 2 wrong usage or settings; 3 nothing was
done; 70 an error of promo's own, with its traceback; 75 another command is at work; 130 Ctrl-C; 141
nobody reads what it says (`promo … | head -1`). `lookup` has its own, from 11 on: see `promo lookup
--help`.
"""

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from promo.backup_commands import backup, migrate, restore
from promo.check_command import check
from promo.command import (
    DAY,
    FAILED,
    SET_ASIDE,
    TEXT,
    day_option,
    keys_of,
    locked,
    sentences,
    settings_of,
    settings_or_shipped,
    store_option,
)
from promo.conflict_commands import conflicts
from promo.counting import counted
from promo.coupon_commands import coupons
from promo.journal_commands import journal
from promo.list_commands import lists
from promo.model_commands import models, say_comparison, shopper
from promo.offer_commands import offers, redemptions, why
from promo.pack_commands import pack
from promo.person_commands import export_person, forget, households
from promo.scans import FORMATS, TABLES
from promo.serve_command import serve
from promo.shoppers import LEVELS, MODELS
from promo.status_command import status
from promo.store_commands import stores
from promo.streams import Quiet
from promo.template_commands import templates
from promo.till_command import till

# What a command needs it imports itself: see promo.command.
if TYPE_CHECKING:
    from promo.config import Settings


FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Quiet)
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=Path("config.yaml"),
    envvar="PROMO_CONFIG",
    show_default=True,
    help="The settings of the house.",
)
@click.version_option(package_name="promo")
@click.pass_context
def main(context: click.Context, config_path: Path) -> None:
    """One barcoded list per household, every fortnight."""
    context.obj = config_path


@main.command()
@click.pass_context
@sentences
def init(context: click.Context) -> None:
    """Make the house: database, folders, list-code key. Safe to run again."""
    from promo import database
    from promo.files import only_one, replacing
    from promo.lists.codes import keys

    settings = settings_of(context)
    with only_one(settings.paths.state / "promo.lock", "init"):
        database.make(database.connect(settings.database_url))
        settings.paths.lake.mkdir(parents=True, exist_ok=True)
        key = settings.folder / "code.key"
        if not settings.secret("PROMO_CODE_KEYS", "code.key"):
            with replacing(key) as temporary:
                temporary.touch(mode=0o600)
                temporary.write_text(f"1:{keys.new_secret()}\n", encoding="utf-8")
            click.echo(f"Made the list-code key {key}. Keep it secret, and keep a copy.")
    click.echo(f"The house is ready: {settings.paths.state}")


@main.command()
@click.argument("source")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    required=True,
    help="What the source is written in.",
)
@click.option("--table", type=click.Choice(TABLES), help="What it holds; else its name tells.")
@click.option("--from", "first", type=DAY, help="First business day (complete-journey).")
@click.option("--to", "last", type=DAY, help="Last business day (complete-journey).")
@click.option("--history", is_flag=True, help="Let lines in however old they are.")
@click.option("--corrects", is_flag=True,
              help="A log sent again: its transactions replace what came before.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON lines.")
@click.pass_context
@sentences
def ingest(
    context: click.Context,
    source: str,
    form: str,
    table: str | None,
    first: date | None,
    last: date | None,
    *,
    history: bool,
    corrects: bool,
    as_json: bool,
) -> None:
    """Take in SOURCE: a file or folder of till logs and master data.

    For complete-journey SOURCE is a folder of the data set's Parquet files, or the word
    `installed` for the copy in the Python package.
    """
    from promo import incoming
    from promo.attempts import recorded

    request = incoming.Request(source, form, table, first, last, history, corrects)
    reports = []
    with locked(context, "ingest") as house, recorded("ingest", source=source) as attempt:
        attempt.begin(house.engine)
        for report in incoming.take(house, request):
            reports.append(report)
            attempt.note(files=[each.as_fact() for each in reports])
            click.echo(json.dumps(report.as_dict()) if as_json else report.in_words())
        if not all(report.taken for report in reports):
            sys.exit(FAILED)
        if any(report.rejects for report in reports):
            sys.exit(SET_ASIDE)


@main.command()
@day_option
@click.option("--force", is_flag=True, help="Use it even if it is worse than the model in use.")
@click.pass_context
@sentences
def fit(context: click.Context, day: date | None, *, force: bool) -> None:
    """Fit the models for the nights from a day on, and test them on the fortnight before it.

    A fit that is worse there than the model in use is set aside.
    """
    from promo import training
    from promo.attempts import recorded

    with locked(context, "fit") as house:
        night = day or house.settings.current_day()
        with recorded("fit", night) as attempt:
            attempt.begin(house.engine)
            folder = training.run(house, night, attempt.progress(), force=force)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    click.echo(f"Fitted {folder} on {card['scans']:,} scans, {card['first_day']} to "
               f"{card['last_day']}.")  # fmt: skip
    for level, tested in card["backtest"].items():
        click.echo(
            f"  {level}: log-loss {tested['log_loss']} (Poisson {tested['poisson_log_loss']}), "
            f"AUC {tested['auc']} (Poisson {tested['poisson_auc']}) on {tested['pairs']:,} pairs"
        )
    say_comparison(folder, card)


@main.command()
@day_option
@click.option("--output", type=FILE, required=True, help="A Parquet file.")
@click.option(
    "--unseen",
    type=click.IntRange(0, 1000),
    default=0,
    help="So many categories and products that a household has never bought, too.",
)
@click.pass_context
@sentences
def due(context: click.Context, day: date | None, output: Path, unseen: int) -> None:
    """Write what every household is due to buy in the window of a list made on a day."""
    from promo import due as forecasts

    with locked(context, "due") as house:
        night = day or house.settings.current_day()
        house.fold(range(256), night)
        rows = forecasts.write(house, night, output, unseen)
    click.echo(f"{counted(rows, 'forecast')} for {night} in {output}")


@main.command()
@click.option("--scans", type=FILE, required=True, help="A till log, .csv or .parquet.")
@click.option("--products", type=FILE, required=True, help="Its product file.")
@click.option("--cut", "cuts", type=DAY, required=True, multiple=True, help="A day to forecast on.")
@click.option("--horizon", type=click.IntRange(1, 28), default=14, help="Days forecast.")
@click.option("--level", type=click.Choice(LEVELS), default="category", help="What is forecast.")
@click.option("--model", type=click.Choice(MODELS), default=MODELS[0], help="What forecasts.")
@click.option("--baselines", is_flag=True, help="Measure simpler forecasts, too.")
@click.option("--predictions", type=FILE, help="Write every forecast to this Parquet file.")
@click.option("--json", "summary", type=FILE, help="Write what was measured to this JSON file.")
@click.option("--pictures", type=click.Path(path_type=Path, file_okay=False),
              help="Draw reliability and gain into this folder.")  # fmt: skip
@click.pass_context
@sentences
def backtest(context: click.Context, /, **asked: Any) -> None:
    """Forecast days that a till log already has, and measure how good that was.

    Needs no house. A cut's forecast knows only the days before it; --cut may be repeated.
    """
    from promo import backtesting
    from promo.progress import Progress

    request = backtesting.Request(**asked)
    result = backtesting.run(request, settings_or_shipped(context), Progress("backtest"))
    for notice in result.notices:
        click.echo(notice, err=True)
    click.echo(backtesting.table(result.summary))
    sys.exit(SET_ASIDE if result.set_aside else 0)


@main.command("nightly")
@day_option
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--per-store", is_flag=True, help="Also write a PDF and a manifest for each store.")
@click.option("--without", type=TEXT, multiple=True, metavar="STORE",
              help="Do not wait for its till log; repeatable; `all`: for no store's.")  # fmt: skip
@click.pass_context
@sentences
def nightly_command(
    context: click.Context, day: date | None, without: tuple[str, ...], *, dry_run: bool,
    per_store: bool,
) -> None:  # fmt: skip
    """Make the lists of a night: a draft, which may be made again until it is published.

    Where a store's till log has not come it waits as config.yaml says, and then goes on without.
    """
    from promo import clock, nightly, waiting, watch
    from promo.attempts import recorded

    settings = settings_of(context)
    night = day or settings.current_day()
    if dry_run:
        _say_plan(settings, night, without)
        return
    asked = waiting.Asked(night, frozenset(without))
    with recorded("nightly", night) as attempt, waiting.opened(settings, asked, attempt) as found:
        house, missing = found
        keys = keys_of(settings)
        by_clock = day is None and settings.today is None
        doubt = house.patience.over(lambda: clock.doubt(house, night)) if by_clock else None
        if doubt:
            click.echo(doubt, err=True)
        todo = house.patience.over(lambda: nightly.plan(house, night))
        report = nightly.run(
            house, todo, keys, attempt.progress(), per_store=per_store, without=missing
        )
    if missing:
        click.echo(waiting.notice(missing), err=True)
    for warning in watch.warnings(report["calibration"], house):
        click.echo(warning, err=True)
    counts = report["counts"]
    held = f"{counted(counts['lists'], 'list')} with {counted(counts['offers'], 'offer')}"
    click.echo(
        f"{night}: {held} worth {settings.in_words(counts['worth'])}, good "
        f"{report['first_day']} to {report['last_day']}, in "
        f"{settings.paths.out / night.isoformat()}"
    )


def _say_plan(settings: "Settings", night: date, without: tuple[str, ...]) -> None:
    """Say what a night would do; nothing where it could not be done."""
    from promo import logs, nightly
    from promo.house import House

    house = House.open(settings)
    todo = nightly.plan(house, night)
    logs.check_named(house, without, "--without")
    missing = logs.look(house, night).missing
    click.echo(nightly.describe(house, todo))
    if missing:
        click.echo(f"Till logs that are not in: of the stores {logs.in_words(missing)}.")


@main.command()
@day_option
@click.pass_context
@sentences
def publish(context: click.Context, day: date | None) -> None:
    """Freeze a night's draft: from now on nothing of it moves."""
    from promo import publishing
    from promo.attempts import recorded

    with locked(context, "publish") as house:
        night = day or house.settings.current_day()
        with recorded("publish", night) as attempt:
            attempt.begin(house.engine)
            report = house.patience.over(lambda: publishing.publish(house, night))
    click.echo(f"{night} is published: {counted(report['counts']['lists'], 'list')}.")


@main.command()
@click.argument("code", required=False)
@click.option("--card", type=TEXT, help="Open the list by a loyalty card.")
@click.option("--day", type=DAY, help="As if today were this day.")
@store_option
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_context
@sentences
def lookup_command(
    context: click.Context,
    code: str | None,
    card: str | None,
    day: date | None,
    store: str | None,
    *,
    as_json: bool,
) -> None:
    """Open a list by CODE (scanned, typed, or its short code) or by a card.

    A stopped offer is named with its sentence for the shopper.

    Exit codes: 11 mistyped, 12 forged, 13 unknown, 14 not yet valid, 15 expired.
    """
    from promo import one_list
    from promo.lists import lookup

    if (code is None) == (card is None):
        raise click.UsageError("Give a code or --card, one of the two.")
    if card is not None and store is not None:
        raise click.UsageError("--store goes with CODE: a card opens its list in every store.")
    settings = settings_of(context)
    asked = one_list.Asked(day or settings.current_day(), code or "", card, store)
    try:
        found = one_list.seen(settings, keys_of(settings), asked)
    except lookup.Refused as error:
        if as_json:
            click.echo(json.dumps({"refused": error.reason, "message": str(error)}))
        raise
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        _show(found, settings)


main.add_command(lookup_command, "lookup")
main.add_command(backup)
main.add_command(check)
main.add_command(conflicts)
main.add_command(coupons)
main.add_command(export_person)
main.add_command(forget)
main.add_command(households)
main.add_command(journal)
main.add_command(migrate)
main.add_command(models)
main.add_command(offers)
main.add_command(redemptions)
main.add_command(lists)
main.add_command(pack)
main.add_command(restore)
main.add_command(serve)
main.add_command(shopper)
main.add_command(status)
main.add_command(stores)
main.add_command(templates)
main.add_command(till)
main.add_command(why)


def _show(found: dict[str, Any], settings: "Settings") -> None:
    from rich.console import Console
    from rich.table import Table

    click.echo(
        f"List {found['list_code']} ({found['state']}), store {found['store']}, good "
        f"{found['first_day']} to {found['last_day']}, worth {settings.in_words(found['worth'])}"
    )
    table = Table("gives", "on", "buy", "state", "offer")
    for offer in found["offers"]:
        table.add_row(
            offer["headline"], offer["title"], str(offer["buy"]),
            offer["state"], offer["offer"],
        )  # fmt: skip
    # Titles are a chain's own words: no markup, no emoji codes.
    console = Console(markup=False, emoji=False)
    console.print(table)
    for offer in found["offers"]:
        if offer["state"] == "stopped":
            console.print(f"{offer['offer']}: {offer['sentence']}", highlight=False)
    console.print("Due soon: " + ", ".join(found["due"]), highlight=False)
