"""Words and figures that the terminal and the mail say alike."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from promo.status.facts import Facts, OfferStands, Report, Stage
from promo.status.findings import GB

Money = Callable[[int], str]
"""How an amount in minor units is said."""
STATES = {
    "none": "not made", "unfinished": "not printed", "draft": "a draft", "published": "published",
}  # fmt: skip


class Table(NamedTuple):
    """A table to be drawn: its title, its columns' names, its rows."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def title(report: Report) -> str:
    """Whose morning it is, and how it stands."""
    facts = report.facts
    own = " ".join(facts.banner.split())
    return f"{own}, {facts.day}: {headline(report)} ({facts.at:%Y-%m-%d %H:%M})"


def headline(report: Report) -> str:
    """How it stands, in some words."""
    said = {"act": 0, "look": 0}
    for finding in report.findings:
        if finding.level:
            said[finding.level.word] += 1
    words = {"act": "to do", "look": "to look at"}
    parts = [f"{count:,} {words[level]}" for level, count in said.items() if count]
    return ", ".join(parts) or "all is well"


def night(facts: Facts, money: Money) -> str:
    """The night in a line or two."""
    made = facts.night
    words = f"The night of {made.day} is {STATES[made.state]}"
    if made.state in ("draft", "published"):
        words += (
            f": {made.lists:,} lists for {made.stores:,} stores with {made.due_items:,} due items "
            f"and {made.offers:,} offers worth {money(made.worth)}, good {made.first_day} to "
            f"{made.last_day}"
        )
    elif not made.works:
        words += " (a night off)"
    last = made.last
    if last is not None:
        took = f", {duration(last.seconds)}" if last.seconds is not None else ""
        tries = f", try {len(made.tries)}" if len(made.tries) > 1 else ""
        words += f". Begun {last.began:%Y-%m-%d %H:%M}{took}{tries}: {last.state.replace('_', ' ')}"
    return f"{words}."


def duration(seconds: float) -> str:
    """Seconds as 1:02:03, 2:03 or 3.2 s."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def stages(facts: Facts) -> Table:
    """The last try's stages."""
    last = facts.night.last
    rows = [(each.name, _took(each), _said(each)) for each in (last.stages if last else ())]
    return Table("Stages", ("stage", "took", "facts"), rows)


def _took(stage: Stage) -> str:
    return "not ended" if stage.seconds is None else duration(stage.seconds)


def _said(stage: Stage) -> str:
    return ", ".join(f"{name} {_figure(value)}" for name, value in stage.facts.items())


def _figure(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def files(facts: Facts) -> Table:
    """What came in since the night before."""
    rows = [
        (file.source, file.table, f"{file.lines:,}", f"{file.rows:,}", f"{file.repeats:,}",
         f"{file.rejects:,}", f"{file.came:%m-%d %H:%M}" if file.taken else "refused")
        for file in facts.files
    ]  # fmt: skip
    columns = ("file", "holds", "lines", "in", "repeats", "rejects", "came")
    return Table("Came in since the night before", columns, rows)


def rejects(report: Report) -> Table:
    """Rejects by kind."""
    rows = [(k.table, k.field, f"{k.lines:,}", k.expected) for k in report.rejects]
    return Table("Rejects", ("of", "field", "lines", "expected"), rows)


def logs(facts: Facts) -> Table:
    """Till logs that are not as they should be."""
    rows = [
        (log.store, f"{log.day}", "left out" if log.left_out else "",
         "not in" if log.delivery is None else _came(log.came), f"{log.lines:,}")
        for log in facts.logs
        if log.left_out or log.delivery is None
    ]  # fmt: skip
    return Table("Till logs", ("store", "of", "by the night", "since", "lines"), rows)


def _came(moment: datetime | None) -> str:
    return f"came {moment:%m-%d %H:%M}" if moment else "came"


def offers(facts: Facts, most: int, money: Money, *, short: bool = False) -> Table:
    """The offers nearest to their budgets, and how many more there are; or `short` of columns."""
    rows = [_offer(offer, money) for offer in facts.offers[:most]]
    more = len(facts.offers) - len(rows)
    title = "Offers, nearest to their budgets first" + (f"; {more:,} more" if more > 0 else "")
    columns = [name for name in OFFER if name in SHORT or not short]
    return Table(title, tuple(columns), [tuple(row[name] for name in columns) for row in rows])


OFFER = ("offer", "state", "budget", "spent", "promised", "expected", "used", "risk")
SHORT = ("offer", "budget", "spent", "promised", "used")


def _offer(offer: OfferStands, money: Money) -> dict[str, str]:
    return {
        "offer": offer.offer,
        "state": offer.state,
        "budget": f"{money(offer.budget_money)} in {offer.budget_redemptions:,}",
        "spent": f"{money(offer.spent_money)} in {offer.spent_redemptions:,}",
        "promised": f"{money(offer.promised_money)} in {offer.promised_redemptions:,}",
        "expected": f"{money(round(offer.expected_money))} in {offer.expected_redemptions:,.1f}",
        "used": f"{offer.used:.0%}",
        "risk": f"{offer.overspend:.2%}",
    }


def model(facts: Facts) -> str:
    """The model and the last lists that were watched, in a line."""
    found = facts.model
    age = f", {found.age_days} days old" if found.age_days is not None else ""
    words = f"Model {found.name or 'none that can be read'}{age}."
    for one in facts.watched:
        if one.rows:
            words += (
                f" Lists of {one.night}: {one.predicted:.1%} said, {one.bought:.1%} bought of "
                f"{one.rows:,} due items."
            )
    return words


def disks(facts: Facts) -> list[str]:
    """A line a disk."""
    return [
        f"Disk of {', '.join(disk.places)}: {disk.free / GB:,.1f} of {disk.size / GB:,.1f} GB free "
        f"({disk.path})."
        for disk in facts.disks
    ]
