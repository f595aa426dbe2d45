"""A stopped offer leaves the sheets of a small house: drafts, published lists, paper."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from small_house import FIRST, promo
from sqlalchemy import insert, select

from promo import printing, publishing, reissuing, tables
from promo.errors import INTERRUPTED
from promo.house import House
from promo.publishing import PublishError
from promo.scans import lake

DAY = ["--day", (FIRST + timedelta(1)).isoformat()]


def rows(house: House) -> dict[str, dict[str, Any]]:
    """The lists by household."""
    with house.engine.connect() as connection:
        found = connection.execute(select(tables.ShopperList.__table__)).mappings()
        return {row["shopper"]: dict(row) for row in found}


def names(row: dict[str, Any]) -> list[str]:
    return [offer["offer"] for offer in row["content"]["offers"]]


def most_printed(house: House) -> str:
    every = [name for row in rows(house).values() for name in names(row)]
    return max(sorted(set(every)), key=every.count)


def stop(house: House, offer: str) -> None:
    found = promo(house, "offers", "stop", offer, "--reason", "recall", "--bearer", "Acme")
    assert found.stdout.startswith(f"Offer {offer} is stopped.\n")


def decide(house: House) -> None:
    """What the night weighed: for every household every offer, dearer ids better."""
    shown = [(s, f"o{n:02d}", f"C{n}", float(n)) for s in rows(house) for n in range(16)]
    frame = pl.DataFrame(shown, ["shopper", "offer", "category", "value"], orient="row")
    full = frame.with_columns(
        worth=pl.lit(50), probability=pl.lit(0.01), why=pl.lit("slots"),
        loyalty=pl.lit("national"), volume=pl.lit("heavy"),
    )  # fmt: skip
    lake.write(house.settings.paths.lake / "decisions" / f"{FIRST}.parquet", full)


def manifest(folder: Path) -> set[str]:
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        return {row["list_code"] for row in csv.DictReader(file)}


def test_published_lists_are_issued_anew(made: House) -> None:
    publishing.publish(made, FIRST)
    decide(made)
    bad, before = most_printed(made), rows(made)
    stop(made, bad)
    held = {shopper for shopper, row in before.items() if bad in names(row)}
    code = before[min(held)]["code"]
    told = promo(made, "lookup", code, *DAY).stdout
    assert "We are sorry: this offer has been withdrawn." in told
    said = promo(made, "lists", "reissue", *DAY).stdout
    folder = made.settings.paths.out / f"{FIRST + timedelta(1)}-reissued-1"
    assert f"{len(held)} sheets printed in {folder}\n" in said
    after = rows(made)
    assert manifest(folder) == {before[shopper]["code"] for shopper in held}
    same = ("key_id", "counter", "code", "first_day", "last_day", "store")
    for shopper, row in after.items():
        old = before[shopper]
        assert [row[name] for name in same] == [old[name] for name in same]
        assert row["issue"] == 1 + (shopper in held)
        kept = [name for name in names(old) if name != bad]
        assert names(row)[: len(kept)] == kept
        assert len(names(row)) == len(names(old))  # the freed slot is filled
    # Nothing of the night's own folder moved, and there is nothing left to do.
    assert manifest(made.settings.paths.out / FIRST.isoformat()) == {r["code"] for r in
                                                                     before.values()}  # fmt: skip
    again = promo(made, "lists", "reissue", *DAY).stdout
    assert again == "0 lists issued anew, with 0 other offers.\n"
    assert rows(made) == after


def test_what_the_stores_have_run_out_of_since_does_not_come(made: House) -> None:
    publishing.publish(made, FIRST)
    decide(made)
    best = {"o14", "o15"}  # that come first, where they may
    before = rows(made)
    bad = most_printed(made)
    goods = select(tables.OfferProduct.product).where(tables.OfferProduct.offer.in_(best))
    with made.engine.begin() as connection:
        gone = [
            {"store": "*", "product": product, "first_day": FIRST, "last_day": None}
            for product in set(connection.execute(goods).scalars())
        ]
        connection.execute(insert(tables.OutOfStock), gone)
    stop(made, bad)
    promo(made, "lists", "reissue", *DAY)
    changed = {s: set(names(row)) - set(names(before[s])) for s, row in rows(made).items()}
    assert set().union(*changed.values())
    assert not best & set().union(*changed.values())


def test_without_stored_decisions_slots_stay_empty(made: House) -> None:
    publishing.publish(made, FIRST)
    (made.settings.paths.lake / "decisions" / f"{FIRST}.parquet").unlink()
    bad, before = most_printed(made), rows(made)
    stop(made, bad)
    promo(made, "lists", "reissue", "--offer", bad, *DAY)
    for shopper, row in rows(made).items():
        assert names(row) == [name for name in names(before[shopper]) if name != bad]


def test_a_run_that_died_at_the_printer_is_finished_by_the_next(
    made: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing.publish(made, FIRST)
    stop(made, most_printed(made))

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(printing, "into", die)
        promo(made, "lists", "reissue", *DAY, code=INTERRUPTED)
    after = rows(made)
    folder = made.settings.paths.out / f"{FIRST + timedelta(1)}-reissued-1"
    assert not folder.exists()
    said = promo(made, "lists", "reissue", *DAY).stdout
    assert f"sheets printed in {folder}\n0 lists issued anew" in said
    assert rows(made) == after
    assert manifest(folder) == {row["code"] for row in after.values() if row["issue"] == 2}


class EarlierAndEarlier(datetime):
    """A clock that goes back an hour each time that somebody looks."""

    moment = datetime(2017, 11, 7, 12, tzinfo=UTC)

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        cls.moment -= timedelta(hours=1)
        return cls.moment


def test_a_second_batch_is_printed_also_by_a_clock_that_was_set_back(
    made: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches have the number of their time: with an earlier one this would be the first, whose
    folder is there."""
    publishing.publish(made, FIRST)
    monkeypatch.setattr(reissuing, "datetime", EarlierAndEarlier)
    for number in (1, 2):
        stop(made, most_printed(made))
        before = rows(made)
        promo(made, "lists", "reissue", *DAY)
        anew = {r["code"] for s, r in rows(made).items() if r["issue"] > before[s]["issue"]}
        folder = made.settings.paths.out / f"{FIRST + timedelta(1)}-reissued-{number}"
        assert anew
        assert manifest(folder) == anew


def test_a_draft_is_made_again_and_cannot_be_published_before(made: House) -> None:
    bad, before = most_printed(made), rows(made)
    stop(made, bad)
    with pytest.raises(PublishError, match=f"hold what is stopped or paused: {bad}"):
        publishing.publish(made, FIRST)
    said = promo(made, "lists", "reissue", *DAY).stdout
    assert said.startswith(f"The night of {FIRST}, not yet published, was made again.\n")
    after = rows(made)
    assert {s: r["code"] for s, r in after.items()} == {s: r["code"] for s, r in before.items()}
    assert all(bad not in names(row) and row["issue"] == 1 for row in after.values())
    assert not list(made.settings.paths.out.glob("*-reissued-*"))
    publishing.publish(made, FIRST)


def test_how_an_offer_stands_in_words(made: House) -> None:
    name = most_printed(made)
    promo(made, "offers", "pause", name, "--reason", "out of stock")
    shown = promo(made, "offers", "show", name, *DAY).stdout
    assert f"{name}: Offer " in shown
    assert "(paused)" in shown
    assert "paused: out of stock" in shown
    listed = promo(made, "offers", "list", "--json", *DAY).stdout.splitlines()
    assert len(listed) == 19
    assert sum('"state": "exhausted"' in each for each in listed) == 1  # has no budget at all
    assert name in promo(made, "offers", "list", *DAY).stdout
    raised = promo(made, "offers", "budget", name, "--money", "500", *DAY).stdout
    assert raised.startswith(f"The budget of offer {name} was $100.00 in ")
    low = promo(made, "offers", "budget", name, "--redemptions", "0", *DAY, code=3)
    assert "cannot be so low" in low.stderr
    assert "has 2 decimals" in promo(
        made, "offers", "budget", name, "--money", "1.005", *DAY, code=3
    ).stderr  # fmt: skip
    promo(made, "offers", "resume", name, "--reason", "back")
    again = promo(made, "offers", "resume", name, "--reason", "back")
    assert again.stdout == f"Offer {name} is live already.\n"
