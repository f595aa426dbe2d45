"""What the night itself asks of a person, and the till logs that it expected."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from math import sqrt

from promo.operating_sections import Status
from promo.status.facts import (
    AT_WORK,
    FAILED,
    KILLED,
    Facts,
    Finding,
    Level,
    Log,
    NightMade,
    Try,
)

SOME = 8  # stores that are named in a sentence
SURE = 3.0  # standard deviations of chance that a log must be shorter by

KINDS = {
    "night-none": Level.ACT,
    "night-failed": Level.ACT,
    "night-killed": Level.ACT,
    "night-unfinished": Level.ACT,
    "night-running": Level.LOOK,
    "night-waiting": Level.LOOK,
    "night-draft": Level.LOOK,
    "night-empty": Level.LOOK,
    "night-fewer": Level.LOOK,
    "log-missing": Level.LOOK,
    "log-left-out": Level.LOOK,
    "log-late": Level.LOOK,
    "log-late-folded": Level.OK,
    "log-short": Level.LOOK,
}
TRANSIENT = 75  # exit code of a command that found the house busy


def night(facts: Facts, bounds: Status) -> Iterator[Finding]:
    """Whether the night was made, and what became of its tries."""
    made, again = facts.night, f"`promo nightly --day {facts.night.day}`"
    if made.state == "published":
        yield from _counts(made, bounds)
        return
    last = made.last
    if last is not None and last.state in (AT_WORK, KILLED, FAILED):
        yield _unended(made, last, again)
    elif made.state == "unfinished":
        yield _finding("night-unfinished", made, (
            f"The night of {made.day} died before its lists were printed: run {again}."
        ))  # fmt: skip
    elif made.state == "none" and made.due and made.works:
        yield _finding("night-none", made, (
            f"No night of {made.day} was made, and none was tried: look whether cron or the timer "
            f"runs, then run {again}."
        ))  # fmt: skip
    if made.state == "draft":
        yield from _counts(made, bounds)
        if last is None or last.state != AT_WORK:
            yield _finding("night-draft", made, (
                f"The night of {made.day} is a draft: hand its files over and run `promo publish "
                f"--day {made.day}`. Until then nothing of it is watched, and it may change."
            ))  # fmt: skip


def _unended(made: NightMade, last: Try, again: str) -> Finding:
    """What is said of a try that is at work, was killed or failed."""
    stage = f" in the stage {last.last_stage}" if last.last_stage else ""
    kept = " The draft that an earlier try made is as it was." if made.state == "draft" else ""
    if last.state == AT_WORK and last.last_stage == "wait" and last.stages[-1].seconds is None:
        waiting = last.facts["waiting"]
        stores = _stores([each["store"] for each in waiting["for"]])
        return _finding("night-waiting", made, (
            f"The night of {made.day} waits for the till logs of {stores}: take in what comes "
            "with `promo ingest`; at the hour that config.yaml sets it goes on or stops."
        ))  # fmt: skip
    if last.state == AT_WORK:
        return _finding("night-running", made, (
            f"The night of {made.day} is still at work{stage} (process {last.process}): look again "
            "later."
        ))  # fmt: skip
    if last.state == KILLED:
        return _finding("night-killed", made, (
            f"The night of {made.day} was killed{stage} (process {last.process}): look in the "
            f"machine's log for why, then run {again}; what it had done is not lost.{kept}"
        ))  # fmt: skip
    said = last.sentence or f"It left with {last.code}."
    mend = "Try" if last.code == TRANSIENT else "Mend that and run"
    return _finding("night-failed", made, (
        f"The night of {made.day} failed{stage}: {said} {mend} {again} again.{kept}"
    ))  # fmt: skip


def _counts(made: NightMade, bounds: Status) -> Iterator[Finding]:
    """Whether a night made as many lists as its wave usually gets."""
    before = made.lists_before
    if made.works and not made.lists:
        yield _finding("night-empty", made, (
            f"The night of {made.day} made no list: look whether consents, till logs and offers "
            "are in, with `promo nightly --dry-run` and `promo status --json`."
        ))  # fmt: skip
    elif before and made.lists < bounds.fewer_lists * before:
        yield _finding("night-fewer", made, (
            f"The night of {made.day} made {made.lists:,} lists; the same wave had {before:,} a "
            "fortnight before. Look whether till logs or consents are missing before it is "
            "published."
        ))  # fmt: skip


def logs(found: Iterable[Log], made: NightMade, bounds: Status) -> Iterator[Finding]:
    """Till logs that are missing, came late, or are shorter than usual."""
    stated: list[tuple[str, Log]] = [(_kind(log, made, bounds), log) for log in found]
    for (kind, day), some in _by_kind_and_day(stated):
        about = ", ".join(log.store for log in some)
        yield Finding(KINDS[kind], kind, about, _sentence(kind, day, some, made, bounds))


def _sentence(kind: str, day: date, some: list[Log], made: NightMade, bounds: Status) -> str:
    one = len(some) == 1
    them, have = ("it", "has") if one else ("them", "have")
    which = f"till {'log' if one else 'logs'} of {day} of {_stores([log.store for log in some])}"
    without = f"The night of {made.day} went on without the {which}, which {have}"
    again = f"`promo nightly --day {made.day}`"
    # A night that is published changes no more.
    then = (
        "the households' next lists know it" if made.state == "published" else f"run {again} again"
    )
    return {
        "log-missing": f"The {which} {have} not come: take {them} in with `promo ingest`.",
        "log-left-out": f"{without} not come: take {them} in with `promo ingest`, and {then}.",
        "log-late": f"{without} come since{_came(some)}: {then} to have {them} in the draft.",
        "log-late-folded": f"{without} come since{_came(some)}: {then}.",
        "log-short": f"The {which} {have} fewer than {bounds.short_log:.0%} of the lines usual on "
        f"that weekday: look whether all of {them} came, and take in the rest.",
    }[kind]


def _kind(log: Log, made: NightMade, bounds: Status) -> str:
    """Which finding a log is, or none."""
    if log.left_out:
        if log.delivery is None:
            return "log-left-out"
        return "log-late-folded" if made.state == "published" else "log-late"
    if log.delivery is None:
        return "log-missing"
    return "log-short" if log.usual and _is_short(log.lines, log.usual, bounds.short_log) else ""


def _is_short(lines: int, usual: float, share: float) -> bool:
    """Whether a log has too few lines, and fewer than chance alone would leave it (Poisson)."""
    return lines < share * usual and usual - lines > SURE * sqrt(usual)


def _by_kind_and_day(
    stated: list[tuple[str, Log]],
) -> Iterator[tuple[tuple[str, date], list[Log]]]:
    """The logs that something is said of, together where it is the same."""

    def key(each: tuple[str, Log]) -> tuple[str, date]:
        return each[0], each[1].day

    for of, some in groupby(sorted((each for each in stated if each[0]), key=key), key):
        yield of, [log for _, log in some]


def _came(some: Iterable[Log]) -> str:
    """When the last of them came, where that was noted."""
    moments = [log.came for log in some if log.came]
    return f" ({max(moments):%Y-%m-%d %H:%M %Z})" if moments else ""


def _stores(names: list[str]) -> str:
    """Stores by name, shortened: `store 7`, `stores 1, 7 and 12 more`."""
    more = f" and {len(names) - SOME:,} more" if len(names) > SOME else ""
    return f"{'store' if len(names) == 1 else 'stores'} {', '.join(names[:SOME])}{more}"


def _finding(kind: str, made: NightMade, sentence: str) -> Finding:
    return Finding(KINDS[kind], kind, made.day.isoformat(), sentence)
