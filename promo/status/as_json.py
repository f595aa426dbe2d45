"""The morning's report as JSON: every fact, and the findings."""

import json
from dataclasses import asdict
from datetime import date
from typing import Any

from promo.status.facts import Report, Try


def text(report: Report) -> str:
    """One object; moments and days in ISO 8601, money in minor units, levels in words."""
    facts = asdict(report.facts)
    facts["offers"] = [asdict(o) | {"used": round(o.used, 4)} for o in report.facts.offers]
    facts["night"]["tries"] = [_try(each) for each in report.facts.night.tries]
    facts["others"] = [_try(each) for each in report.facts.others]
    said = {
        "level": report.level.word,
        "findings": [asdict(f) | {"level": f.level.word} for f in report.findings],
        "rejects": [asdict(kind) for kind in report.rejects],
    }
    return json.dumps(said | facts, ensure_ascii=False, indent=2, default=_plain)


def _try(each: Try) -> dict[str, Any]:
    return asdict(each) | {"seconds": each.seconds}


def _plain(value: object) -> str:
    assert isinstance(value, date), value  # a moment is one, too
    return value.isoformat()
