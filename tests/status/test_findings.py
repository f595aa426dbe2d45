"""What a morning's facts ask of a person, case by case; and that each says what to do."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from promo.status import findings
from promo.status.facts import (
    Disk,
    Facts,
    Gone,
    Level,
    ModelStands,
    RejectKind,
    Report,
    Stage,
    Unfinished,
    Watched,
)
from status.facts import (
    AT,
    GB,
    NIGHT,
    STATUS,
    a_file,
    a_log,
    a_night,
    a_try,
    an_offer,
    good,
    money,
)

ROOT = Path(__file__).parent.parent.parent
WAITING = {"waiting": {"for": [{"store": "7", "day": "2017-11-05"}], "until": "…"}}


def report(facts: Facts) -> Report:
    return findings.report(facts, STATUS, money)


def test_a_good_morning() -> None:
    found = report(good())
    assert (found.findings, found.level, found.level.exit_code) == ((), Level.OK, 0)


def ingest(state: str, **changes: Any) -> Any:
    own = {"command": "ingest", "night": None, "facts": {"source": "scans-1.csv"}}
    return a_try(state, **own | changes)


def disk(size: float, free: float, *places: str) -> Disk:
    return Disk(places or ("lake",), "/srv", round(size * GB), round(free * GB))


CASES: list[tuple[str, dict[str, Any], str]] = [
    # --- households
    ("change-unfinished", {"changes": (Unfinished(3, "forget", date(2017, 11, 5)),)},
     "The forget of households begun on 2017-11-05 is not finished, .* run one, such as `promo"),
    # --- the night
    ("night-none", {"night": a_night("none", tries=())}, "none was tried: .* cron .* run `promo"),
    ("", {"night": a_night("none", tries=(), due=False)}, ""),
    ("", {"night": a_night("none", tries=(), works=False)}, ""),  # a night off
    ("night-failed", {"night": a_night("none", tries=(a_try("failed", sentence="It broke."),))},
     "failed in the stage print: It broke. Mend that and run `promo nightly --day 2017-11-06`"),
    ("night-failed", {"night": a_night("none", tries=(a_try("failed", code=9, stages=()),))},
     "of 2017-11-06 failed: It left with 9"),
    ("night-failed", {"night": a_night("none", tries=(a_try("failed", code=75, sentence="Busy"),))},
     "Busy Try `promo nightly"),
    ("night-killed", {"night": a_night("unfinished", tries=(a_try("killed"),))},
     "killed in the stage print .*process 4711.*then run `promo nightly"),
    ("night-unfinished", {"night": a_night("unfinished", tries=())}, "died before .* printed: run"),
    ("night-running", {"night": a_night("none", tries=(a_try("at work"),))}, "still at work in"),
    ("night-waiting",
     {"night": a_night("none", tries=(a_try("at work", stages=(Stage("wait", None, {}),),
                                            facts=WAITING),))},
     "waits for the till logs of store 7: take in what"),
    ("night-draft", {"night": a_night("draft")}, "is a draft: .* `promo publish --day 2017-11-06`"),
    ("night-empty", {"night": a_night(lists=0)}, "made no list: look whether"),
    ("", {"night": a_night(lists=0, works=False, lists_before=None)}, ""),
    ("night-fewer", {"night": a_night(lists=50)}, "made 50 lists; .* had 118 a fortnight before"),
    ("", {"night": a_night(lists=59)}, ""),
    ("", {"night": a_night(lists=5, lists_before=None)}, ""),
    # Published, a try that failed afterwards changed nothing.
    ("", {"night": a_night(tries=(a_try(), a_try("failed")))}, ""),
    # --- folders
    ("lake-gone", {"gone": (Gone("lake", "/srv/lake/scans", 1200),)},
     "of 1,200 deliveries are gone: .* no folder /srv/lake/scans. .* `promo restore`"),
    ("out-gone", {"gone": (Gone("out", "/srv/out/x", night=NIGHT, state="draft"),)},
     "no folder /srv/out/x. .* anew: `promo nightly --day 2017-11-06`"),
    ("out-gone", {"gone": (Gone("out", "/srv/out/x", night=NIGHT, state="published"),)},
     "anew: `promo lists print --night 2017-11-06`"),
    # --- till logs
    ("log-missing", {"logs": (a_log(delivery=None),)},
     "The till log of 2017-11-05 of store 7 has not come: take it in"),
    ("log-left-out", {"logs": (a_log(delivery=None, left_out=True),)},
     "went on without .* of store 7, which has not come: take it .*, and the .* lists know it"),
    ("log-late-folded", {"logs": (a_log(left_out=True, came=AT),)},
     r"come since \(2017-11-06 07:30 EST\): the households' next lists know it"),
    ("log-short", {"logs": (a_log(lines=209),)}, "store 7 has fewer than 50% of the lines"),
    ("", {"logs": (a_log(lines=210),)}, ""),
    ("", {"logs": (a_log(lines=1, usual=None),)}, ""),
    ("", {"logs": (a_log(lines=0, usual=9.0),)}, ""),  # chance
    ("log-short", {"logs": (a_log(lines=0, usual=9.1),)}, "store 7 has fewer"),
    # --- what came in
    ("file-refused", {"files": (a_file(taken=False, rows=0, rejects=300),)},
     "Nothing of scans-1.csv .* 300 of its 1,000 lines .* at `product`: expected a product's"),
    ("file-refused", {"files": (a_file(taken=False, kinds=(RejectKind("scans", "product",
                                                                      "'1' ends in 7.", 3),)),)},
     r"most of them at `product`: '1' ends in 7\. Have it mended and take it in"),
    ("", {"files": (a_file(taken=False), a_file())}, ""),  # it came again
    ("rejects", {"files": (a_file(rejects=6),)}, r"Of 1,000 lines of scans 6 were set .* \(0.6%"),
    ("", {"files": (a_file(rejects=5),)}, ""),
    ("ingest-failed", {"others": (ingest("failed", sentence="There is no file x."),)},
     "`promo ingest` of scans-1.csv failed: There is no file x. Run it again"),
    ("ingest-killed", {"others": (ingest("killed"),)}, "`promo ingest` of scans-1.csv was killed."),
    ("", {"others": (ingest("killed"), ingest("set_aside"))}, ""),
    ("", {"others": (ingest("failed"),)}, ""),  # its files tell
    ("fit-failed", {"others": (a_try("failed", command="fit", sentence="No scans."),)},
     "`promo fit` for 2017-11-06 failed: No scans. The model in use stays"),
    ("fit-killed", {"others": (a_try("killed", command="fit"),)}, "`promo fit` .* was killed. The"),
    ("publish-failed", {"others": (a_try("failed", command="publish", sentence="Gone."),)},
     "`promo publish` of 2017-11-06 failed: Gone. Run it again"),
    ("publish-killed", {"others": (a_try("killed", command="publish"),)}, "Run it again"),
    # --- offers
    ("offer-near", {"offers": (an_offer(expected_money=8000.0),)}, "Of offer o01 .Milk. 90% of"),
    ("", {"offers": (an_offer(expected_money=7999.0),)}, ""),
    ("offer-near", {"offers": (an_offer(expected_redemptions=80.0),)}, "90% of the budget"),
    ("offer-spent", {"offers": (an_offer(state="exhausted", spent_money=10000),)},
     r"o01 .* has spent its budget of \$100.00 and 100 redemptions and is printed no more"),
    ("", {"offers": (an_offer(state="exhausted", spent_money=0, spent_redemptions=0),)}, ""),
    ("offer-passed", {"offers": (an_offer(state="exhausted", spent_money=10001),)},
     r"has cost \$100.01 in 10, more than .* Tell its funder"),
    ("offer-passed", {"offers": (an_offer(spent_redemptions=101),)}, "in 101, more than"),
    ("", {"offers": (an_offer(state="paused", spent_money=10001),)}, ""),
    # --- model, drift, disks
    ("model-none", {"model": ModelStands(None, None, False)}, "no night can be made. Run `promo"),
    ("model-prior", {"model": ModelStands("prior", 3, True)}, "of another chain: run `promo fit`"),
    ("model-old", {"model": ModelStands("2017-10-01", 36, False)}, "is 36 days old: run `promo"),
    ("", {"model": ModelStands("2017-10-02", 35, False)}, ""),
    ("model-aside", {"model": ModelStands("2017-10-30", 7, False, "2017-11-06", "Worse.")},
     "The model 2017-11-06 was set aside: Worse. Compare with `promo models list`"),
    ("drift", {"watched": (Watched("2017-10-23", 800, 0.4, 0.3, "Too far. Fit."),)}, "Too far"),
    ("disk-low", {"disks": (disk(190, 18.9),)}, r"\(/srv\) 18.9 GB are free, 10%: make room"),
    ("", {"disks": (disk(190, 19.1),)}, ""),  # a tenth is free
    ("", {"disks": (disk(1000, 20),)}, ""),  # 20 GB are free
    ("disk-low", {"disks": (disk(100, 4),)}, "4.0 GB"),
    ("disk-full", {"disks": (disk(200, 4.9),)}, "4.9 GB are free, 2%"),
    ("disk-full", {"disks": (disk(1, 0.19, "out"),), "night_bytes": 10**8}, "0.2 GB"),
    ("", {"disks": (disk(1, 0.21, "out"),), "night_bytes": 10**8}, ""),
    ("disk-full", {"disks": (disk(0, 0),)}, "0.0 GB"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "changes", "words"), CASES)
def test_each_case(kind: str, changes: dict[str, Any], words: str) -> None:
    found = report(good(**changes)).findings
    assert [finding.kind for finding in found] == [kind] * bool(kind)
    for finding in found:
        assert re.search(words, finding.sentence), finding.sentence
        assert finding.level is findings.KINDS[kind]
        assert finding.sentence.endswith(".")


def test_a_log_that_comes_while_the_night_is_a_draft() -> None:
    found = report(good(night=a_night("draft"), logs=(a_log(left_out=True),))).findings
    (late,) = [finding for finding in found if finding.kind == "log-late"]
    assert "has come since: run `promo nightly --day 2017-11-06` again to have" in late.sentence


def test_every_kind_has_a_case_and_stands_in_the_manual() -> None:
    assert {kind for kind, _, _ in CASES if kind} | {"log-late"} == set(findings.KINDS)
    manual = (ROOT / "docs" / "status.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \|", manual, re.MULTILINE)
    assert dict(rows) == {kind: level.word for kind, level in findings.KINDS.items()}
    assert len(rows) == len(findings.KINDS)


def test_stores_with_the_same_fate_share_a_sentence() -> None:
    many = tuple(a_log(str(n), delivery=None) for n in range(12))
    other = a_log("99", delivery=None, day=NIGHT - timedelta(2))
    found = report(good(logs=(*many, other))).findings
    assert [finding.about for finding in found] == ["99", ", ".join(str(n) for n in range(12))]
    assert (
        "of stores 0, 1, 2, 3, 4, 5, 6, 7 and 4 more have not come: take them" in found[1].sentence
    )


def test_the_gravest_comes_first_and_decides() -> None:
    model, night = ModelStands("prior", 3, True), a_night("none", tries=())
    found = report(good(night=night, model=model, logs=(a_log(left_out=True),)))
    assert [finding.level for finding in found.findings] == [Level.ACT, Level.LOOK, Level.LOOK]
    assert (found.level.word, found.level.exit_code) == ("act", 3)
    assert replace(found, findings=found.findings[1:]).level.exit_code == 1


def test_rejects_add_up_over_files() -> None:
    kinds = (RejectKind("scans", "paid", "cents", 5), RejectKind("scans", "product", "a code", 1))
    other = (RejectKind("scans", "product", "a code", 9),)
    found = report(good(files=(a_file(kinds=kinds), a_file(kinds=other)))).rejects
    assert [(kind.field, kind.lines) for kind in found] == [("product", 10), ("paid", 5)]
