"""The morning's report for the textfile collector of Prometheus' node exporter."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time

from promo import exposition
from promo.exposition import Family
from promo.status.facts import Disk, Facts, OfferStands, Report
from promo.status.findings import KINDS

NONE: dict[str, str] = {}
FIGURES: dict[str, Callable[[OfferStands], tuple[float, float]]] = {
    "budget": lambda o: (o.budget_money, o.budget_redemptions),
    "spent": lambda o: (o.spent_money, o.spent_redemptions),
    "promised": lambda o: (o.promised_money, o.promised_redemptions),
    "expected": lambda o: (o.expected_money, o.expected_redemptions),
}
"""Money and redemptions of an offer."""


def text(report: Report, most: int) -> str:
    """The whole file; most: offers that are told, the nearest to their budgets first."""
    facts = report.facts
    return exposition.text(
        [*_findings(report), *_night(facts), *_files(report), *_offers(facts, most), *_rest(facts)]
    )


def _findings(report: Report) -> list[Family]:
    counts = Counter(finding.kind for finding in report.findings)
    return [
        Family("promo_status_timestamp_seconds", "When this was written, seconds since 1970.",
               ((NONE, report.facts.at.timestamp()),)),
        Family("promo_status_level", "0: all is well; 1: something to look at; 2: something to do.",
               ((NONE, float(report.level)),)),
        Family("promo_status_findings", "Findings by kind; docs/status.md says what each means.",
               tuple(({"kind": kind, "level": level.word}, float(counts[kind]))
                     for kind, level in KINDS.items())),
    ]  # fmt: skip


def _night(facts: Facts) -> list[Family]:
    made, last = facts.night, facts.night.last
    states = ("none", "unfinished", "draft", "published")
    counts = {"lists": made.lists, "offers": made.offers, "due": made.due_items}
    stages = last.stages if last else ()
    seconds = {stage.name: stage.seconds for stage in stages if stage.seconds is not None}
    return [
        Family("promo_night_day_timestamp_seconds", "The night told of: midnight UTC of its day.",
               ((NONE, _midnight(made.day)),)),
        Family("promo_night_state", "1 at the state the night is in.",
               tuple(({"state": state}, float(state == made.state)) for state in states)),
        Family("promo_night_tries", "How often the night was begun.",
               ((NONE, float(len(made.tries))),)),
        Family("promo_night_seconds", "Seconds that the last try took.",
               ((NONE, last.seconds),) if last and last.seconds is not None else ()),
        Family("promo_night_stage_seconds", "Seconds of the last try, by stage.",
               tuple(({"stage": name}, took) for name, took in seconds.items())),
        Family("promo_night_counts", "What stands on the night's lists, and how many they are.",
               tuple(({"of": name}, float(count)) for name, count in counts.items())),
        Family("promo_night_worth_minor", "What the night's offers are worth, minor units.",
               (({"currency": facts.currency}, float(made.worth)),)),
    ]  # fmt: skip


def _files(report: Report) -> list[Family]:
    lines: Counter[tuple[str, str]] = Counter()
    for file in report.facts.files:
        lines[file.table, "in"] += file.rows
        lines[file.table, "repeat"] += file.repeats
        lines[file.table, "rejected"] += file.rejects
    kinds: Counter[tuple[str, str]] = Counter()
    for kind in report.rejects:
        kinds[kind.table, kind.field] += kind.lines
    refused = sum(not file.taken for file in report.facts.files)
    missing = [log for log in report.facts.logs if log.delivery is None]
    return [
        Family("promo_lines", "Lines that came since the night before, by what became of them.",
               tuple(({"table": t, "fate": fate}, float(n)) for (t, fate), n in lines.items())),
        Family("promo_rejects", "Faults of rejected lines, by field.",
               tuple(({"table": t, "field": f}, float(n)) for (t, f), n in kinds.items())),
        Family("promo_files_refused", "Files refused as a whole since the night before.",
               ((NONE, float(refused)),)),
        Family("promo_logs_expected", "Till logs that the night expected.",
               ((NONE, float(len(report.facts.logs))),)),
        Family("promo_logs_missing", "Till logs of these that are not in.",
               ((NONE, float(len(missing))),)),
        Family("promo_log_missing", "1 for each store whose till log is not in.",
               tuple(({"store": log.store}, 1.0) for log in missing)),
    ]  # fmt: skip


def _offers(facts: Facts, most: int) -> list[Family]:
    shown = facts.offers[:most]
    rows = [
        ({"offer": offer.offer, "figure": name}, of(offer))
        for offer in shown
        for name, of in FIGURES.items()
    ]
    return [
        Family("promo_offers", "Offers that are not over.", ((NONE, float(len(facts.offers))),)),
        Family("promo_offer_money_minor", "Minor units, of the offers nearest to their budgets.",
               tuple((labels, float(money)) for labels, (money, _) in rows)),
        Family("promo_offer_redemptions", "Redemptions, of the offers nearest to their budgets.",
               tuple((labels, float(uses)) for labels, (_, uses) in rows)),
        Family("promo_offer_used_ratio", "Share of its budget that is spent or expected.",
               tuple(({"offer": o.offer}, o.used) for o in shown)),
    ]  # fmt: skip


def _rest(facts: Facts) -> list[Family]:
    age = facts.model.age_days
    gaps = [one for one in facts.watched if one.rows]
    return [
        Family("promo_model_age_days", "Age of the model in use, days.",
               ((NONE, float(age)),) if age is not None else ()),
        Family("promo_model_prior", "1 where the model in use is the shipped one.",
               ((NONE, float(facts.model.is_prior)),)),
        Family("promo_forecast_gap", "Share of due items forecast to be bought, less those bought.",
               tuple(({"night": one.night}, (one.predicted or 0) - (one.bought or 0))
                     for one in gaps)),
        Family("promo_disk_free_bytes", "Bytes free on a disk of the house.",
               tuple((_places(disk), float(disk.free)) for disk in facts.disks)),
        Family("promo_disk_size_bytes", "Bytes of a disk of the house.",
               tuple((_places(disk), float(disk.size)) for disk in facts.disks)),
    ]  # fmt: skip


def _places(disk: Disk) -> dict[str, str]:
    return {"path": disk.path, "holds": ",".join(disk.places)}


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()
