"""The commands that look after models and say why: `promo models ...` and `promo shopper`."""

import json
import sys
from datetime import date
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from promo.command import DAY, SET_ASIDE, day_option, locked, sentences, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from promo.config import Settings
    from promo.shoppers.shelf import Entry

json_option = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


def say_comparison(folder: "Path", card: dict[str, Any]) -> None:
    """After a fit: how it compares with the model in use; leaves with 1 when it was set aside."""
    from promo.shoppers import care, shelf

    compared, aside = card["compared"], shelf.set_aside(folder)
    if compared is None:
        click.echo("  Not compared: no model was in use, or it had seen every day of the test.")
    else:
        for level in card["backtest"]:
            click.echo(
                f"  {level}: log-loss {compared[level]['log_loss_higher_by']:+.4f} against "
                f"{compared['with']}, the model in use"
                + care.advantage(compared["with"], compared["seen_days"])
            )
    if card["forced"]:
        click.echo("It was to be set aside, and is in use because of --force.", err=True)
    if aside:
        click.echo(
            f"{folder.name} is set aside. {aside['why']} Use it all the same with `promo models "
            f"restore {folder.name}` or `promo fit --force`.", err=True,
        )  # fmt: skip
        sys.exit(SET_ASIDE)


@click.group()
def models() -> None:
    """The models there are, and which one is in use."""


@models.command("list")
@click.option("--day", type=DAY, help="As if today were this day.")
@json_option
@click.pass_context
@sentences
def list_models(context: click.Context, day: date | None, *, as_json: bool) -> None:
    """List the models: data, test, and how their lists' forecasts came true."""
    from promo import watch
    from promo.shoppers import shelf

    settings = settings_of(context)
    found = shelf.entries(settings.paths.models, day or settings.current_day())
    watched = watch.by_model(settings.paths.lake)
    if as_json:
        click.echo(json.dumps([_entry(one, watched) for one in found], ensure_ascii=False))
    elif found:
        _show_models(found, watched)
    else:
        click.echo(f"There are no models in {settings.paths.models}: run `promo fit`.")


def _entry(one: "Entry", watched: dict[str, Any]) -> dict[str, Any]:
    names = ("fitted_for", "first_day", "last_day", "scans", "backtest")
    return {"name": one.name, "state": one.state, "why": one.why,
            **{name: one.card.get(name) for name in names},
            "watched": watched.get(one.name)}  # fmt: skip


def _show_models(found: list["Entry"], watched: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("model", "state", "data", "test: log-loss, AUC, calibration error", "lists")
    for one in found:
        card, seen = one.card, watched.get(one.name)
        tested = [
            f"{level} {of['log_loss']}, {of['auc']}, {of['calibration_error']}"
            for level, of in card.get("backtest", {}).items()
        ]
        table.add_row(
            one.name,
            f"{one.state}: {one.why}" if one.why else one.state,
            f"{card['first_day']} to {card['last_day']}, {card['scans']:,} scans"
            if "scans" in card else "",
            "\n".join(tested),
            f"{seen['predicted']:.1%} said, {seen['bought']:.1%} bought of {seen['rows']:,}"
            if seen and seen["rows"] else "",
        )  # fmt: skip
    Console(markup=False, emoji=False).print(table, highlight=False)


@models.command()
@click.argument("old")
@click.argument("new")
@json_option
@click.pass_context
@sentences
def compare(context: click.Context, old: str, new: str, *, as_json: bool) -> None:
    """Say in what the models OLD and NEW differ: their cards, and their parameters."""
    from promo.shoppers import care, shelf
    from promo.shoppers.models import load

    root = settings_of(context).paths.models
    tables = [shelf.parameters(root, name) for name in (old, new)]
    cards = [load(root / name).card for name in (old, new)]
    found = {
        "cards": care.differences(*cards),
        "parameters": {
            name: care.changes(tables[0][name], table)
            for name, table in tables[1].items()
            if name in tables[0]
        },
    }
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        _show_comparison(old, new, found)


def _show_comparison(old: str, new: str, found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("card", old, new)
    for name, before, after in found["cards"]:
        table.add_row(name, _cell(before), _cell(after))
    Console(markup=False, emoji=False).print(table, highlight=False)
    for name, of in found["parameters"].items():
        click.echo(f"{name}: {of['rows']:,} rows, {of['added']:,} added, {of['gone']:,} gone")
        for column, change in of.items():
            if isinstance(change, dict):
                click.echo(
                    f"  {column}: changed by {change['median']:.1%} in the median, "
                    f"at most by {change['most']:.0%} ({change['at']})"
                )


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


@models.command()
@day_option
@click.option("--why", required=True, help="The reason, for whoever asks later.")
@click.pass_context
@sentences
def rollback(context: click.Context, day: date | None, why: str) -> None:
    """Set the newest model aside, so that the one before it is in use. Nothing is deleted."""
    from promo.shoppers import shelf

    with locked(context, "models rollback") as house:
        root, today = house.settings.paths.models, house.settings.current_day()
        name = shelf.roll_back(root, day or today, today, why)
        now = shelf.newest(root, day or today) or "prior"
    click.echo(f"{name} is set aside; {now} is in use. `promo models restore {name}` undoes it.")


@models.command()
@click.argument("name")
@click.pass_context
@sentences
def restore(context: click.Context, name: str) -> None:
    """Take back that the model NAME was set aside."""
    from promo.shoppers import shelf

    with locked(context, "models restore") as house:
        shelf.restore(house.settings.paths.models, name)
    click.echo(f"{name} is no longer set aside.")


@click.command()
@click.argument("card")
@click.option("--day", type=DAY, help="As if today were this day.")
@click.option("--all", "every", is_flag=True, help="Also what is neither due nor above 5 %.")
@click.option("--name", "with_name", is_flag=True, help="Say the household's name, too.")
@json_option
@click.pass_context
@sentences
def shopper(
    context: click.Context, card: str, day: date | None, *, every: bool, with_name: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Say what the household of a loyalty CARD is due to buy, and why.

    What is sensitive or restricted is never said.
    """
    from promo import shopper as shoppers
    from promo.house import House

    house = House.open(settings_of(context))
    today = day or house.settings.current_day()
    found = shoppers.of_card(house, card, today, name=with_name)
    if not every:
        found["categories"] = [one for one in found["categories"] if one["shown"]]
    for one in found["categories"]:
        del one["shown"]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        _show_shopper(found, house.settings)


def _show_shopper(found: dict[str, Any], settings: "Settings") -> None:
    from rich.console import Console
    from rich.table import Table

    # Words are a chain's own: no markup, no emoji codes.
    console = Console(markup=False, emoji=False)
    name = f" ({found['name'] or 'no name'})" if "name" in found else ""
    store = f"store {found['store']}" if found["store"] else "no store"
    click.echo(
        f"Household {found['shopper']}{name}: {found['tier']}, "
        f"{settings.in_words(found['spend_a_week'])} a week, {store}. {found['why']}\n"
        f"{_portrait(found, console.width)}"
        f"Chances are for {found['first_day']} to {found['last_day']}, by model {found['model']}."
    )
    table = Table()
    rows = [_told(one) for one in found["categories"]]
    for name in SAID if console.width >= WIDE else SAID_IN_SHORT:
        table.add_column(name, no_wrap=name in ("chance", "next", "cycle, days"))
    for row in rows:
        table.add_row(*(row[str(column.header)] for column in table.columns))
    console.print(table, highlight=False)


def _portrait(found: dict[str, Any], width: int) -> str:
    """State, kind and club in words, each from a line of its own on."""
    parts = [found[name]["words"] for name in ("state", "kind", "club") if found[name]]
    return "".join(fill(part, width, subsequent_indent="  ") + "\n" for part in parts)


WIDE = 140  # columns of a terminal that has room for all there is to say
SAID = (
    "category",
    "last",
    "days ago",
    "cycle, days",
    "chance",
    "next",
    "pieces",
    "buyer",
    "state",
    "why",
)
SAID_IN_SHORT = ("category", "chance", "next", "buyer", "why")


def _told(one: dict[str, Any]) -> dict[str, str]:
    return {
        "category": one["words"],
        "last": one["last"],
        "days ago": str(one["days_ago"]),
        "cycle, days": _cycle(one),
        "chance": f"{one['probability']:.1%}",
        "next": one["expected_day"],
        "pieces": f"{one['expected_quantity']:.1f}",
        "buyer": one["buyer"],
        "state": ", ".join(word for word in ("due", "lapsed") if one[word]),
        "why": one["why"],
    }


def _cycle(one: dict[str, Any]) -> str:
    if one["cycle_days"] is None:
        return "too few to tell"
    return f"{one['cycle_days']:.1f} ± {one['spread_days']:.1f}"
