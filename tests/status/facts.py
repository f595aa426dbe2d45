"""Facts made up for tests: a good morning, of which each test changes what it is about."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from promo.operating_sections import Status
from promo.status import facts
from promo.status.facts import Facts

NIGHT = date(2017, 11, 6)
ZONE = ZoneInfo("America/New_York")
AT = datetime(2017, 11, 6, 7, 30, tzinfo=ZONE)
GB = 10**9

STATUS = Status.model_validate(
    {
        "night_by": "06:00", "reject_rate": 0.005, "short_log": 0.5, "fewer_lists": 0.5,
        "model_days": 35, "budget_used": 0.9, "offers": 3,
        "disk_free": {"look": 0.1, "act": 0.03}, "disk_free_gb": {"look": 20, "act": 5},
        "mail_to": ["cron@example.com"],
    }
)  # fmt: skip


def money(minor: int) -> str:
    return f"${minor / 100:,.2f}"


def a_try(state: str = "done", **changes: Any) -> facts.Try:
    ended = None if state in ("at work", "killed") else AT - timedelta(hours=5)
    stages = (facts.Stage("fold", 3.25, {"scans": 1234}), facts.Stage("print", 61.0, {}))
    began = AT - timedelta(hours=5, minutes=10)
    made = facts.Try(
        1, "nightly", NIGHT, 4711, began, ended, state,
        {"done": 0, "set_aside": 1, "failed": 3}.get(state), None, stages, {},
    )  # fmt: skip
    return replace(made, **changes)


def a_night(state: str = "published", **changes: Any) -> facts.NightMade:
    made = facts.NightMade(
        NIGHT, state, True, True, 120, 118, 900, 1500, 98765, 3, 2, "2017-11-06", NIGHT,
        NIGHT + timedelta(13), (a_try(),),
    )  # fmt: skip
    return replace(made, **changes)


def a_file(**changes: Any) -> facts.File:
    kind = facts.RejectKind("scans", "product", "a product's code", 3)
    made = facts.File("scans-1.csv", "scans", 7, 1000, 995, 2, 3, True, AT, (kind,))
    return replace(made, **changes)


def an_offer(**changes: Any) -> facts.OfferStands:
    made = facts.OfferStands(
        "o01", "Milk", "live", NIGHT + timedelta(60), 10000, 100, 1000, 10, 3000, 30, 900.0, 9.0,
        0.001,
    )  # fmt: skip
    return replace(made, **changes)


def a_log(store: str = "7", **changes: Any) -> facts.Log:
    return replace(facts.Log(store, NIGHT - timedelta(1), 7, None, False, 400, 420.0), **changes)


def good(**changes: Any) -> Facts:
    """A morning on which all is well."""
    made = Facts(
        "Main Street Market", NIGHT, AT, "USD", a_night(), (), (a_file(),), (a_log(),),
        (an_offer(),), facts.ModelStands("2017-10-30", 7, False),
        (facts.Watched("2017-10-23", 800, 0.31, 0.30, None),),
        (facts.Disk(("state", "lake", "out"), "/srv/promo", 500 * GB, 300 * GB),), 10**8,
    )  # fmt: skip
    return replace(made, **changes)
