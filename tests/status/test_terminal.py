"""The morning's report as it stands on a terminal, and as JSON."""

import json
from datetime import date, datetime

from rich.console import Console

from promo.status import as_json, findings, terminal, words
from promo.status.facts import Facts, ModelStands, Stage
from status.facts import AT, NIGHT, STATUS, a_log, a_night, a_try, an_offer, good, money


def shown(facts: Facts, width: int = 120) -> str:
    console = Console(width=width, color_system=None, markup=False, emoji=False)
    report = findings.report(facts, STATUS, money)
    with console.capture() as captured:
        terminal.show(report, console, 2, money)
    return captured.get()


def test_a_good_morning() -> None:
    said = shown(good())
    lines = said.splitlines()
    assert lines[0] == "Main Street Market, 2017-11-06: all is well (2017-11-06 07:30)"
    assert lines[2].startswith("The night of 2017-11-06 is published: 120 lists for 3 stores with")
    for words_ in ("scans-1.csv", "$98", "$100.00 in 100", "Model 2017-10-30, 7 days old.",
                   "fold", "3.2 s", "1:01", "a product's code", "300.0 of 500.0 GB"):  # fmt: skip
        assert words_ in said
    assert "Till logs" not in said  # all are in


def test_what_is_the_matter_comes_first() -> None:
    offers = tuple(an_offer(offer=f"o{n}", title="[red]x[/]") for n in range(5))
    facts = good(
        night=a_night("draft", tries=(a_try("killed", stages=(Stage("print", None, {}),)),)),
        logs=(a_log(left_out=True, came=AT), a_log("8", delivery=None, left_out=True)),
        offers=offers, model=ModelStands(None, None, False),
    )  # fmt: skip
    lines = shown(facts).splitlines()
    assert lines[0].endswith(": 2 to do, 3 to look at (2017-11-06 07:30)")
    assert lines[1].startswith(" act  The night of 2017-11-06 was killed in the stage print")
    said = "\n".join(lines)
    assert "not ended" in said
    assert "came 11-06 07:30" in said
    assert "Offers, nearest to their budgets first; 3 more" in said
    assert "Model none that can be read." in said


def test_durations() -> None:
    assert [words.duration(s) for s in (0.04, 59.94, 60, 3599.6, 36000)] == [
        "0.0 s", "59.9 s", "1:00", "1:00:00", "10:00:00",
    ]  # fmt: skip


def test_a_night_off_and_one_that_was_tried_twice() -> None:
    off = good(night=a_night("none", works=False, tries=()))
    assert words.night(off, money) == "The night of 2017-11-06 is not made (a night off)."
    twice = good(night=a_night(tries=(a_try("failed"), a_try("set_aside"))))
    assert words.night(twice, money).endswith("Begun 2017-11-06 02:20, 10:00, try 2: set aside.")


def test_as_json() -> None:
    facts = good(night=a_night("draft"), logs=(a_log(left_out=True, came=AT),))
    found = json.loads(as_json.text(findings.report(facts, STATUS, money)))
    assert (found["level"], found["banner"]) == ("look", "Main Street Market")
    assert [one["kind"] for one in found["findings"]] == ["night-draft", "log-late"]
    assert {one["level"] for one in found["findings"]} == {"look"}
    assert date.fromisoformat(found["night"]["day"]) == NIGHT
    assert datetime.fromisoformat(found["logs"][0]["came"]) == AT
    (one,) = found["night"]["tries"]
    assert (one["seconds"], one["stages"][0]["facts"]) == (600, {"scans": 1234})
    assert found["rejects"][0]["lines"] == 3
    assert found["offers"][0]["used"] == 0.19
