"""`promo check`: parse, call, print; nothing else."""

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from promo.command import FAILED, SET_ASIDE, TEXT, sentences, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promo.checking.running import Result

SHOWN = 10  # findings of a check that are printed


@click.command()
@click.option("--only", multiple=True, type=TEXT, metavar="NAME",
              help="Run this check only; may be repeated.")  # fmt: skip
@click.option("--quick", is_flag=True,
              help="Look at open lists, drafts, recent scans and samples only.")  # fmt: skip
@click.option("--list", "as_list", is_flag=True, help="List the checks, and run none.")
@click.option("--json", "as_json", is_flag=True, help="Say everything found as JSON.")
@click.pass_context
@sentences
def check(
    context: click.Context, only: tuple[str, ...], *, quick: bool, as_list: bool, as_json: bool
) -> None:
    """Hold the whole house against itself, and say what is wrong and what to do.

    Changes nothing, and may run at any time. Exit codes: 0 all is well; 1 somebody should look;
    3 something is wrong. docs/check.md says what each check holds against what.
    """
    from promo.checking import every

    try:
        checks = every.named(only)
    except KeyError as error:
        names = ", ".join(one.name for one in every.CHECKS)
        raise click.UsageError(f"There is no check {error.args[0]!r}; expected {names}.") from None
    if as_list:
        for one in checks:
            click.echo(f"{one.name:14} {one.holds}")
        return
    from promo.checking import running
    from promo.house import House

    settings = settings_of(context)
    engine = House.open(settings).engine
    asked = running.Asked(checks, datetime.now(UTC), settings.current_day(), quick)
    found = list(_told(running.run(settings, engine, asked), as_json=as_json))
    engine.dispose()
    if as_json:
        click.echo(json.dumps(_as_json(found), ensure_ascii=False, indent=1))
    elif all(one.level is None for one in found):
        click.echo(f"All is well: {len(found)} checks found nothing.")
    sys.exit(_exit_code(found))


def _told(results: "Iterable[Result]", *, as_json: bool) -> "Iterable[Result]":
    """The results as they come, each said when it is there."""
    for result in results:
        if not as_json:
            _say(result)
        yield result


def _say(result: "Result") -> None:
    count = len(result.findings) + result.more
    said = "ok" if not count else f"{count:,} {'finding' if count == 1 else 'findings'}"
    click.echo(f"{result.check.name:14} {said:14} {result.check.holds}")
    for finding in result.findings[:SHOWN]:
        click.echo(f"  {finding.level}: {finding.in_words}")
    if count > SHOWN:
        click.echo(f"  … and {count - SHOWN:,} more.")


def _as_json(found: "list[Result]") -> dict[str, Any]:
    from promo.checking.findings import LOOK, WRONG

    levels = [finding.level for one in found for finding in one.findings]
    return {
        "wrong": levels.count(WRONG), "look": levels.count(LOOK),
        "more": sum(one.more for one in found), "checks": [one.as_dict() for one in found],
    }  # fmt: skip


def _exit_code(found: "list[Result]") -> int:
    from promo.checking.findings import WRONG

    levels = {one.level for one in found}
    return FAILED if WRONG in levels else SET_ASIDE if levels - {None} else 0
