"""What a morning's facts ask of a person: pure functions from facts and bounds to findings.

KINDS names all there are; docs/status.md says of each what it means and what to do.
"""

from collections.abc import Callable, Iterable, Iterator

from promo.operating_sections import Bounds, Status
from promo.status import about_files, about_night, about_places
from promo.status.facts import (
    Disk,
    Facts,
    File,
    Finding,
    Level,
    ModelStands,
    OfferStands,
    RejectKind,
    Report,
    Unfinished,
    Watched,
)

GB = 10**9
SHOWN_NAMES = 60  # characters of an offer's title

KINDS = {
    **about_night.KINDS,
    **about_files.KINDS,
    "change-unfinished": Level.ACT,
    **about_places.KINDS,
    "offer-passed": Level.ACT,
    "offer-spent": Level.LOOK,
    "offer-near": Level.LOOK,
    "model-none": Level.ACT,
    "model-prior": Level.LOOK,
    "model-old": Level.LOOK,
    "model-aside": Level.LOOK,
    "drift": Level.LOOK,
    "disk-low": Level.LOOK,
    "disk-full": Level.ACT,
}


def report(facts: Facts, bounds: Status, money: Callable[[int], str]) -> Report:
    """Everything judged; money: how an amount in minor units is said."""
    found = [
        *about_places.gone(facts.gone),
        *about_night.night(facts, bounds),
        *about_night.logs(facts.logs, facts.night, bounds),
        *about_files.files(facts.files),
        *about_files.others(facts.others),
        *about_files.reject_rate(facts.files, bounds.reject_rate),
        *changes(facts.changes),
        *offers(facts.offers, bounds.budget_used, money),
        *model(facts.model, bounds.model_days),
        *drift(facts.watched),
        *disks(facts.disks, bounds, facts.night_bytes),
    ]
    ordered = sorted(found, key=lambda finding: -finding.level)
    return Report(facts, tuple(ordered), rejects(facts.files))


def rejects(files: Iterable[File]) -> tuple[RejectKind, ...]:
    """The kinds of rejects of all files together, the most frequent first."""
    lines: dict[tuple[str, str, str], int] = {}
    for kind in (kind for file in files for kind in file.kinds):
        key = kind.table, kind.field, kind.expected
        lines[key] = lines.get(key, 0) + kind.lines
    ordered = sorted(lines.items(), key=lambda item: (-item[1], item[0]))
    return tuple(RejectKind(*key, count) for key, count in ordered)


def changes(found: Iterable[Unfinished]) -> Iterator[Finding]:
    """Forgettings, joins and splits of households that were killed."""
    for change in found:
        yield _finding("change-unfinished", str(change.id), (
            f"The {change.kind} of households begun on {change.day} is not finished, and no "
            "command is at work on it. The next command that changes the house finishes it: run "
            "one, such as `promo ingest` or `promo nightly`."
        ))  # fmt: skip


def offers(
    found: Iterable[OfferStands], used: float, money: Callable[[int], str]
) -> Iterator[Finding]:
    """Offers that passed their budgets, spent them, or come near."""
    for offer in found:
        if offer.state not in ("live", "exhausted"):
            continue
        name = f"{offer.offer} ({offer.title[:SHOWN_NAMES]})"
        budget = f"{money(offer.budget_money)} and {offer.budget_redemptions:,} redemptions"
        spent = f"{money(offer.spent_money)} in {offer.spent_redemptions:,}"
        more = f"give it more with `promo offers budget {offer.offer}`"
        if offer.is_passed:
            yield _finding("offer-passed", offer.offer, (
                f"Offer {name} has cost {spent}, more than its budget of {budget}. Tell its "
                f"funder, and {more}, or end it with `promo offers stop`."
            ))  # fmt: skip
        elif offer.state == "exhausted" and offer.spent_redemptions:
            yield _finding("offer-spent", offer.offer, (
                f"Offer {name} has spent its budget of {budget} and is printed no more: {more}, "
                "or let it end."
            ))  # fmt: skip
        elif offer.state == "live" and offer.used >= used:
            yield _finding("offer-near", offer.offer, (
                f"Of offer {name} {offer.used:.0%} of the budget of {budget} is spent or expected "
                f"of open lists: {more}, or let it run out."
            ))  # fmt: skip


def model(found: ModelStands, days: int) -> Iterator[Finding]:
    """A model that is none, none of the chain's own, or old; a fit that was set aside."""
    if found.name is None:
        yield _finding("model-none", "", (
            "There is no model that can be read: no night can be made. Run `promo fit`, or look "
            "with `promo models list`."
        ))  # fmt: skip
    elif found.is_prior:
        yield _finding("model-prior", found.name, (
            "The model in use is the shipped one, of another chain: run `promo fit`."
        ))  # fmt: skip
    elif found.age_days is not None and found.age_days > days:
        yield _finding("model-old", found.name, (
            f"The model in use, {found.name}, is {found.age_days} days old: run `promo fit`."
        ))  # fmt: skip
    if found.set_aside:
        yield _finding("model-aside", found.set_aside, (
            f"The model {found.set_aside} was set aside: {(found.why or '').rstrip('.')}. Compare "
            f"with `promo models list`; `promo models restore {found.set_aside}` uses it all the "
            "same."
        ))  # fmt: skip


def drift(found: Iterable[Watched]) -> Iterator[Finding]:
    """Forecasts that came out too far from what was bought."""
    for one in found:
        if one.warning:
            yield _finding("drift", one.night, one.warning)


def disks(found: Iterable[Disk], bounds: Status, night_bytes: int) -> Iterator[Finding]:
    """Disks that fill up: below both bounds, or without room for another night like this."""
    for disk in found:
        share = disk.free / disk.size if disk.size else 0.0
        level = min(_below(share, bounds.disk_free), _below(disk.free / GB, bounds.disk_free_gb))
        needs = night_bytes if "out" in disk.places else 0
        if disk.free < 2 * needs:
            level = Level.ACT
        if level is Level.OK:
            continue
        kind = "disk-full" if level is Level.ACT else "disk-low"
        yield _finding(kind, disk.path, (
            f"Of the disk of {', '.join(disk.places)} ({disk.path}) {disk.free / GB:,.1f} GB are "
            f"free, {share:.0%}: make room, such as old nights in the out folder that have been "
            "handed over and backed up, or a larger disk."
        ))  # fmt: skip


def _below(value: float, bounds: Bounds) -> Level:
    if value < bounds.act:
        return Level.ACT
    return Level.LOOK if value < bounds.look else Level.OK


def _finding(kind: str, about: str, sentence: str) -> Finding:
    return Finding(KINDS[kind], kind, about, sentence)
