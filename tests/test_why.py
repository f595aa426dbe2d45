"""`promo why`: a sentence for every reason, from the record of the night."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import small_house
from small_house import FIRST, promo
from sqlalchemy import insert, select, update

from promo import choosing, publishing, tables
from promo.house import House
from promo.offers.reasons import Why
from promo.offers.shelves import KEPT
from promo.scans import lake
from promo.why import SENTENCES

DAY = ["--day", (FIRST + timedelta(1)).isoformat()]


def lists(house: House) -> dict[str, Any]:
    with house.engine.connect() as connection:
        return {row.shopper: row for row in connection.execute(
            select(tables.ShopperList.__table__).order_by(tables.ShopperList.counter))}  # fmt: skip


def offers_of(row: Any) -> list[str]:
    return [offer["offer"] for offer in row.content["offers"]]


def path(house: House) -> Path:
    return house.settings.paths.lake / "decisions" / f"{FIRST}.parquet"


def decide(house: House, shopper: str, offer: str, **changes: Any) -> None:
    """Change what the night recorded of a pair."""
    mine = (pl.col("shopper") == shopper) & (pl.col("offer") == offer)
    frame = pl.read_parquet(path(house))
    assert frame.filter(mine).height == 1
    lake.write(path(house), frame.with_columns(
        pl.when(mine).then(pl.lit(value)).otherwise(name).alias(name)
        for name, value in changes.items()
    ))  # fmt: skip


def ask(house: House, code: str, offer: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(promo(house, "why", code, offer, "--json").stdout)
    return found


def test_every_reason_has_a_sentence() -> None:
    words = {why.name.lower() for why in Why}
    words |= {choosing.ELSEWHERE, choosing.CONTROL, choosing.DRAWN, *KEPT}
    assert set(SENTENCES) == words | {"unfit", "replaced", "stopped"}


def test_what_the_night_decided_is_what_is_said(made: House) -> None:
    """Every candidate of every list, on it or not."""
    every = lists(made)
    decided = pl.read_parquet(path(made)).filter(pl.col("shopper").is_in(list(every)))
    asked = decided.group_by("why", maintain_order=True).first()
    assert {"chosen", "category", "funder"} <= set(asked["why"])
    for row in asked.iter_rows(named=True):
        sheet = every[row["shopper"]]
        found = ask(made, sheet.code, row["offer"])
        assert found["on_list"] == (row["offer"] in offers_of(sheet)) == row["chosen"]
        same = ("shopper", "offer", "why", "value", "price", "worth", "probability", "chance")
        assert {name: found[name] for name in same} == {name: row[name] for name in same}
        assert (found["list"], found["night"]) == (sheet.code, f"{FIRST}")


FIGURES = {"value": 123.0, "price": 20.0, "chance": 0.25, "beaten_by": "o99", "worth": 150,
           "probability": 0.125}  # fmt: skip


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("chosen", "It is on the list: $1.23 of value, $1.03 above what its budget costs."),
        ("drawn", "It is on the list: chance drew it for a discovery slot (25.0% likely)."),
    ],
)
def test_sentences_of_what_is_on_the_list(made: House, word: str, said: str) -> None:
    shopper, sheet = next((s, row) for s, row in lists(made).items() if offers_of(row))
    offer = offers_of(sheet)[0]
    decide(made, shopper, offer, why=word, **FIGURES)
    told = promo(made, "why", sheet.code, offer).stdout.splitlines()
    assert told[0].endswith(f"({offer}) is on list {sheet.code}.")
    assert told[1:] == [said, "Redeemed with probability 12.5% at a worth of $1.50."]


def test_sentences_of_what_is_not_on_the_list(made: House) -> None:
    every = lists(made)
    decided = pl.read_parquet(path(made)).filter(
        ~pl.col("chosen"), pl.col("shopper").is_in(list(every))
    )
    shopper, offer, category = decided.select("shopper", "offer", "category").row(0)
    for word, said in {
        "control": "Held back by the control coin",
        "elsewhere": "It stands on another list of the household",
        "worthless": "its value here is $1.23.",
        "budget": "more of it than $1.23; what it would use costs $0.20.",
        "category": f"Beaten by o99, the better offer in {category}.",
        "funder": "Beaten by o99: its funder has",
        "rival": "Beaten by o99, its rival",
        "slots": "Beaten by o99: every slot went to an offer of more value than $1.23.",
        "band": "With it the list would be worth more",
        "chosen": "the sheet had no room left",
    }.items():
        decide(made, shopper, offer, why=word, **FIGURES)
        found = ask(made, every[shopper].code, offer)
        assert not found["on_list"]
        assert said in found["answer"]
        assert found["why"] == ("unfit" if word == "chosen" else word)


def test_a_list_that_was_issued_anew(made: House) -> None:
    """What left says that it was stopped; what came says that it came later."""
    publishing.publish(made, FIRST)
    before = lists(made)
    names = [name for row in before.values() for name in offers_of(row)]
    bad = max(sorted(set(names)), key=names.count)
    shopper = next(s for s, row in before.items() if bad in offers_of(row))
    old = offers_of(before[shopper])
    other = pl.read_parquet(path(made)).filter(
        pl.col("shopper") == shopper, ~pl.col("offer").is_in(old)
    )
    decide(made, shopper, other["offer"][0], why="slots", value=1e6, category="ELSE")
    promo(made, "offers", "stop", bad, "--reason", "recall", "--bearer", "Acme")
    promo(made, "lists", "reissue", *DAY)
    code = before[shopper].code
    left = ask(made, code, bad)
    assert (left["on_list"], left["why"]) == (False, "stopped")
    assert left["answer"] == "It left the list when the list was issued anew: recall"
    came = ask(made, code, other["offer"][0])
    assert (came["on_list"], came["why"]) == (True, "replaced")


def test_an_offer_that_came_later_says_so(made: House) -> None:
    """It is good on the list's days, and the household buys its goods; only it was not there."""
    sheet = next(iter(lists(made).values()))
    old = offers_of(sheet)[0]
    with made.engine.begin() as connection:
        row = connection.execute(select(tables.Offer.__table__).where(tables.Offer.id == old)).one()
        connection.execute(
            insert(tables.Offer).values(**row._asdict() | {"id": "new"} | {
                "terms": row.terms | {"id": "new"}
            })
        )  # fmt: skip
    found = ask(made, sheet.code, "new")
    assert (found["why"], found["on_list"]) == ("later", False)
    assert found["answer"].startswith(f"It came later: when the list of {FIRST} was made, ")


def test_what_was_never_a_candidate(made: House) -> None:
    every = lists(made)
    decided = pl.read_parquet(path(made)).select("shopper", "offer").rows()
    shopper, sheet = next(iter(every.items()))
    early = ask(made, sheet.code, "o19")
    assert (early["why"], early["on_list"]) == ("dates", False)
    assert "good from 2017-10-01 to 2017-11-05, the list from 2017-11-06" in early["answer"]
    assert ask(made, sheet.code, "o02")["why"] == "unfunded"
    shopper, offer = next(
        (s, f"o{n:02d}") for s in every for n in range(5, 16) if (s, f"o{n:02d}") not in decided
    )
    changed: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "ineligible"), ({"hard": True}, "hard"), ({"state": "paused"}, "paused"),
    )  # fmt: skip
    for values, word in changed:
        if values:
            with made.engine.begin() as connection:
                table = tables.Offer
                connection.execute(update(table).where(table.id == offer).values(**values))
        found = ask(made, every[shopper].code, offer)
        assert (found["why"], "value" in found) == (word, False)
        assert found["answer"]


def test_questions_without_an_answer(made: House) -> None:
    sheet = next(iter(lists(made).values()))
    told = promo(made, "why", sheet.code, "o99", code=3)
    assert told.stderr == "There is no offer 'o99'.\n"
    path(made).unlink()
    told = promo(made, "why", sheet.code, "o05", code=3)
    assert "kept no record of its decisions." in told.stderr
    small_house.night(made)  # the codes stay, and the record is back
    assert ask(made, sheet.code, "o05")["offer"] == "o05"
