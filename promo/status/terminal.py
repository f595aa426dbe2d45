"""The morning's report on a terminal."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from promo.status import words
from promo.status.facts import Level, Report

WIDE = 120  # columns of a terminal on which all of a table finds room
STYLES = {Level.OK: "green", Level.LOOK: "yellow", Level.ACT: "bold red"}


def show(report: Report, console: Console, most: int, money: words.Money) -> None:
    """Draw it; most: offers that are shown."""
    facts = report.facts
    console.print(Text(words.title(report), STYLES[report.level]))
    for finding in report.findings:
        line = Text(f"{finding.level.word:>4}  ", STYLES[finding.level])
        console.print(line.append(finding.sentence, ""), soft_wrap=False, highlight=False)
    console.print()
    console.print(words.night(facts, money), highlight=False)
    for table in (
        words.stages(facts), words.files(facts), words.rejects(report), words.logs(facts),
        words.offers(facts, most, money, short=console.width < WIDE),
    ):  # fmt: skip
        if table.rows:
            console.print(_drawn(table))
    for said in (words.model(facts), *words.disks(facts)):
        console.print(said, highlight=False)


def _drawn(table: words.Table) -> Table:
    drawn = Table(*table.columns, title=table.title, title_justify="left", box=SIMPLE_HEAD)
    for row in table.rows:
        # Titles and file names are a chain's own words: no markup, no emoji codes.
        drawn.add_row(*(Text(cell) for cell in row))
    return drawn
