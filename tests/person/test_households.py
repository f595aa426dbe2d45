"""Households joined and split: what a house would hold in which it had never been otherwise."""

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from small_house import FIRST, promo
from sqlalchemy import insert, select, update
from traces import traces

from person import people
from promo import calendar, tables
from promo.calendar import BUCKETS
from promo.house import House
from promo.person import households, lines
from promo.person.lines import Wanted
from promo.scans import lake
from promo.shoppers import profile_store, profiles

DAY = date(2017, 11, 6)
SHOPPERS = ("100", "101", "102")


def line(number: int, card: str, shopper: str, day: int, paid: int) -> dict[str, Any]:
    on = DAY + timedelta(day)
    return {
        "at": datetime.combine(on, time(12)), "store": "1", "till": "1", "business_day": on,
        "transaction": f"{number}", "line": number, "card": card, "product": f"p{paid % 3}",
        "quantity": 1000, "unit": "each", "paid": paid, "regular": paid, "store_discount": 0,
        "manufacturer_discount": 0, "shopper": shopper, "bucket": calendar.bucket(shopper),
    }  # fmt: skip


def write(root: Path, rows: list[dict[str, Any]], deliveries: int) -> None:
    """The lines in so many deliveries, each of parts by day."""
    frame = pl.DataFrame(rows, lake.STORED)
    for number in range(deliveries):
        mine = frame.filter(pl.col("line") % deliveries == number)
        for (day,), some in mine.group_by("business_day"):
            assert isinstance(day, date)
            lake.write(lake.part_path(root, day, number + 1, 0), some.sort(lines.ORDER))


def profile(root: Path) -> pl.DataFrame:
    return profile_store.read(root, range(BUCKETS))


SALES = st.lists(
    st.tuples(st.sampled_from(SHOPPERS), st.sampled_from("ab"), st.integers(0, 5),
              st.integers(-9, 99)), min_size=1, max_size=12
)  # fmt: skip


@settings(max_examples=8)
@given(SALES, st.integers(1, 3), st.integers(0, 3), st.booleans())
def test_refolding_is_folding_from_the_beginning(
    tmp_path_factory: pytest.TempPathFactory, sales: list[Any], deliveries: int, before: int,
    by_card: bool,
) -> None:  # fmt: skip
    rows = [line(n, f"{s}{c}", s, day, paid) for n, (s, c, day, paid) in enumerate(sales)]
    root = tmp_path_factory.mktemp("lake")
    write(root, rows, deliveries)
    folded, every = min(before, deliveries), sorted(map(calendar.bucket, SHOPPERS))
    list(profile_store.fold_pending(root, every, folded, date.min))
    wanted = Wanted((), ["100a"]) if by_card else Wanted(["100"])
    lines.rewrite(wanted.parts(root), lambda frame: lines.of_household(frame, wanted, "101"))
    profile_store.refold(root, ["100", "101"], date.min)
    list(profile_store.fold_pending(root, every, deliveries, date.min))
    other = tmp_path_factory.mktemp("other")
    column, name = ("card", "100a") if by_card else ("shopper", "100")
    now = {"shopper": "101", "bucket": calendar.bucket("101")}
    moved = [row | now if row[column] == name else row for row in rows]
    write(other, moved, deliveries)
    list(profile_store.fold_pending(other, every, deliveries, date.min))
    assert_frame_equal(profile(root), profile(other))
    parts = [path.relative_to(root) for path in lake.parts(root)]
    assert parts == [path.relative_to(other) for path in lake.parts(other)]
    for part in parts:
        assert_frame_equal(pl.read_parquet(root / part), pl.read_parquet(other / part))


D1, D2, D3 = (date(2017, 1, day) for day in (1, 2, 3))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([{D1: True}, {D2: True}], {D1: True, D2: True}),
        ([{D1: True}, {D2: False}], {D1: True, D2: False}),
        ([{D1: True, D3: False}, {D2: True}], {D1: True, D2: True, D3: False}),
        ([{D1: False, D3: True}, {D2: True}], {D1: False, D2: False, D3: True}),
        ([{D1: True}], {D1: True}),  # the other has said nothing: a card nobody registered
        ([], {}),
    ],
)
def test_the_stricter_consent_holds(
    said: list[dict[date, bool]], expected: dict[date, bool]
) -> None:
    assert households.stricter(said) == expected


def test_joined(home: House) -> None:
    one, into = people.listed(home)[:2]
    people.sell(home, one, "s1")
    before = people.sums(home)
    said = promo(home, "households", "join", one.shopper, "--into", into.shopper).output
    assert f"{one.shopper} is part of {into.shopper} now" in said
    assert people.sums(home) == before
    mine = [row.code for row in people.listed(home) if row.shopper == into.shopper]
    assert sorted(mine) == sorted([one.code, into.code])
    for code in (one.code, into.code):
        promo(home, "lookup", code, "--day", f"{FIRST}")
    shown = pl.read_parquet(home.settings.paths.lake / "shown" / f"{FIRST}.parquet")
    assert one.shopper not in shown["shopper"]
    with home.engine.connect() as connection:
        use, card, who = tables.Redemption, tables.Card, tables.Shopper
        assert set(connection.execute(select(use.shopper)).scalars()) == {into.shopper}
        query = select(card.card).where(card.shopper == into.shopper)
        cards = set(connection.execute(query).scalars())
        assert cards == {f"c{one.shopper}", f"c{into.shopper}"}
        gone = connection.execute(select(who.id).where(who.id == one.shopper)).scalar()
    assert gone is None
    scans = lake.read_parts(lake.parts(home.settings.paths.lake))
    assert one.shopper not in scans["shopper"]
    again = pl.DataFrame(schema=profiles.SCHEMA)
    own = profiles.fold(again, scans.filter(pl.col("shopper") == into.shopper))
    bucket = calendar.bucket(into.shopper)
    found = profile_store.read(home.settings.paths.lake, [bucket])
    assert_frame_equal(found.filter(pl.col("shopper") == into.shopper), own)
    promo(home, "forget", f"c{one.shopper}", "--yes")  # both, and both lists
    assert len(people.listed(home)) == 29


def test_split_and_joined_again(home: House) -> None:
    row = people.listed(home)[0]
    card, root = f"c{row.shopper}", home.settings.paths.lake
    before = [path.read_bytes() for path in lake.parts(root)], profile(root)
    promo(home, "households", "split", card, "--to", "new")
    assert row.shopper not in profile(root)["shopper"]
    moved = {path: path.stat().st_ino for path in lake.parts(root)}
    said = promo(home, "households", "split", card, "--to", "new").stdout
    assert said == f"{card} is of new already, with its past; nothing was changed.\n"
    assert {path: path.stat().st_ino for path in lake.parts(root)} == moved
    with home.engine.connect() as connection:
        consents = select(tables.Consent.given).where(tables.Consent.shopper == "new")
        assert connection.execute(consents).scalar() is None
    with home.engine.begin() as connection:  # as a file of cards does it: the past stays
        values = {"shopper": row.shopper}
        connection.execute(update(tables.Card).where(tables.Card.card == card).values(**values))
    promo(home, "households", "split", card, "--to", row.shopper)
    assert [path.read_bytes() for path in lake.parts(root)] == before[0]
    assert_frame_equal(profile(root), before[1])


def test_who_has_no_card_left_is_still_reached(home: House) -> None:
    row, other = people.listed(home)[:2]
    card, own = f"c{row.shopper}", ("--household", row.shopper)
    said = promo(home, "households", "split", card, "--to", other.shopper).stdout
    assert f"The household {row.shopper} has no card left." in said
    assert f"`promo forget --household {row.shopper}`" in said
    promo(home, "export-person", card)  # the other's
    given = json.loads(promo(home, "export-person", *own).stdout)
    assert (given["household"], given["cards"]) == (row.shopper, [])
    assert [each["code"] for each in given["held"]["table lists"]["rows"]] == [row.code]
    promo(home, "forget", *own, "--yes")
    assert row.code not in {each.code for each in people.listed(home)}
    home.engine.dispose()
    assert traces(home.settings.folder, [f"O'Brien-{row.shopper}", row.code]) == []
    said = promo(home, "export-person", *own, code=3).stderr
    assert said == f"There is no household '{row.shopper}'.\n"


def test_a_household_with_another_card_is_not_said_to_have_none(home: House) -> None:
    row, other, third = people.listed(home)[:3]
    with home.engine.begin() as connection:
        connection.execute(insert(tables.Card).values(card="more", shopper=row.shopper))
    assert "no card" not in promo(home, "households", "split", f"c{row.shopper}").stdout
    # As a file of cards does it: the household is emptied before its past follows.
    with home.engine.begin() as connection:
        mine = tables.Card.card == f"c{other.shopper}"
        connection.execute(update(tables.Card).where(mine).values(shopper=third.shopper))
    said = promo(home, "households", "split", f"c{other.shopper}", "--to", third.shopper).stdout
    assert f"The household {other.shopper} has no card left." in said
    promo(home, "households", "join", other.shopper, "--into", third.shopper)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("forget", "--yes"), "Say whom: a CARD, or --household ID."),
        (("export-person",), "one of the two"),
        (("export-person", "c200", "--household", "200"), "one of the two"),
    ],
)
def test_somebody_must_be_named(home: House, words: tuple[str, ...], said: str) -> None:
    assert said in promo(home, *words, code=2).stderr


def test_a_card_in_a_households_place_is_told_whose_it_is(home: House) -> None:
    said = "'c200' is a card, of the household 200: give 200 in its place.\n"
    for words in (
        ("households", "join", "c200", "--into", "201"),
        ("households", "join", "201", "--into", "c200"),
        ("households", "split", "c201", "--to", "c200"),
        ("forget", "--household", "c200", "--yes"),
    ):
        assert promo(home, *words, code=3).stderr == said


def test_killed_and_finished(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    one, into = people.listed(home)[:2]
    before = people.sums(home)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(households, "_join", dies)
        with pytest.raises(KeyboardInterrupt):
            households.join(home, one.shopper, into.shopper)
    said = promo(home, "publish", "--day", f"{FIRST}").stderr
    assert said.startswith("The join of households begun on 2017-11-08 is finished.")
    assert people.sums(home) == before
    assert one.shopper not in {row.shopper for row in people.listed(home)}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("join", "200", "--into", "200"), "200 is one household already."),
        (("join", "200", "--into", "nobody"), "There is no household 'nobody'."),
        (("split", "nothing"), "No household carries the card 'nothing'."),
    ],
)
def test_what_cannot_be(home: House, words: tuple[str, ...], said: str) -> None:
    assert promo(home, "households", *words, code=3).stderr.strip() == said


def test_a_file_that_moves_a_card_says_so(home: House, tmp_path: Path) -> None:
    file = tmp_path / "cards.csv"
    file.write_text("card,shopper\nc200,201\nc201,201\nc-new,200\n", encoding="utf-8")
    said = promo(home, "ingest", str(file), "--format", "csv").stdout
    notices = home.settings.paths.state / "rejects" / "cards-cards.notices.csv"
    assert f"1 card is another household's now (listed in {notices})" in said
    assert notices.read_text(encoding="utf-8") == (
        "file,line,field,value,expected\n"
        "cards.csv,2,card,c200,the household that carried it until now\n"
    )
    promo(home, "ingest", str(file), "--format", "csv")
    assert not notices.exists()
