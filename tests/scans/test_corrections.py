"""Corrected logs: whatever came before, in whatever order, what stands is the truth."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import small_house
from desk import BEANS, DAY, TEA, UNKNOWN, Desk, lenient_settings, scan, written
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from small_house import FIRST, SCANS, frame, promo
from sqlalchemy import Engine

from promo import calendar
from promo.answers import typical_prices
from promo.checkout.till.goods import Goods
from promo.config import Settings
from promo.house import House
from promo.scans import lake
from promo.scans.canonical import COLUMNS, IDENTITY
from promo.scans.corrections import ingest_corrections
from promo.scans.ingest import in_batches
from promo.scans.sources import Batch, read
from promo.shoppers import fitting, prices, profile_store, profiles

BUCKETS = sorted({calendar.bucket("100"), calendar.bucket("card:555")})  # of the two households
ZERO = {"quantity": "0", "paid": "0", "regular": "0", "store_discount": "0"}


@pytest.fixture
def desk(settings: Settings, sqlite_engine: Engine) -> Desk:
    return Desk(lenient_settings(settings), sqlite_engine)


def counts(report: Any) -> tuple[int, int, int, int, int]:
    return report.rows, report.repeats, report.rejects, report.corrected, report.taken_back


def standing(desk: Desk) -> list[tuple[int, int]]:
    return desk.scans.select("line", "paid").rows()


def test_a_transaction_is_replaced_as_a_whole(settings: Settings, engine: Engine) -> None:
    desk = Desk(settings, engine)
    desk.take([scan(0), scan(1), scan(2), scan(0, transaction="2")])
    report = desk.correct([scan(0), scan(1, paid="300"), scan(3)])
    assert counts(report) == (2, 1, 0, 1, 2)
    found = desk.scans.filter(pl.col("transaction") == "1").select("line", "paid").rows()
    assert found == [(0, 398), (1, 300), (3, 398)]
    assert desk.scans.filter(pl.col("transaction") == "2").height == 1
    assert "2 in, 1 repeat of lines already there, 1 transaction corrected" in report.in_words()
    assert "takes back 2 lines" in report.in_words()


def test_the_same_correction_again_changes_nothing(desk: Desk) -> None:
    desk.take([scan(0), scan(1)])
    wanted = [scan(0), scan(1, paid="300")]
    desk.correct(wanted)
    before = {path: path.read_bytes() for path in desk.root.rglob("*.parquet")}
    assert counts(desk.correct(wanted)) == (0, 2, 0, 0, 0)
    assert {path: path.read_bytes() for path in desk.root.rglob("*.parquet")} == before


def test_back_and_forth_ends_with_the_last(desk: Desk) -> None:
    desk.take([scan(1)])
    for paid in ("300", "398", "200", "398", "100"):
        assert counts(desk.correct([scan(1, paid=paid)])) == (1, 0, 0, 1, 1)
    assert standing(desk) == [(1, 100)]


def test_a_transaction_of_zeros_never_was(desk: Desk) -> None:
    desk.take([scan(0), scan(1), scan(0, transaction="2")])
    assert counts(desk.correct([scan(0, **ZERO)])) == (0, 0, 0, 1, 2)
    assert desk.scans["transaction"].to_list() == ["2"]
    assert counts(desk.correct([scan(0, **ZERO)])) == (0, 0, 0, 0, 0)
    kept = [scan(0, transaction="2"), scan(1, transaction="2", **ZERO)]
    assert counts(desk.correct(kept)) == (1, 1, 0, 1, 0)  # a line of zeros among others is a line


def test_a_new_transaction_comes_in(desk: Desk) -> None:
    desk.take([scan(0)])
    assert counts(desk.correct([scan(0, transaction="2", card="555")])) == (1, 0, 0, 0, 0)
    assert desk.scans.height == 2


def test_an_old_log_that_comes_after_its_correction_changes_nothing(desk: Desk) -> None:
    desk.take([scan(0)])
    desk.correct([scan(0, paid="300"), scan(1), scan(0, transaction="2")])
    late = [scan(0), scan(1), scan(2), scan(1, transaction="2"), scan(0, transaction="3")]
    report = desk.take(late, "late.csv")
    assert counts(report) == (1, 1, 3, 0, 0)
    said = [(field, value) for _, _, field, value, _ in written(report.rejects_file)]
    assert said == [
        ("line", "1/3/2017-11-06/1/0"),
        ("transaction", "1/3/2017-11-06/1"),
        ("transaction", "1/3/2017-11-06/2"),
    ]
    assert all("--corrects" in row[-1] for row in written(report.rejects_file))


def test_who_bought_may_be_corrected(settings: Settings, engine: Engine) -> None:
    desk = Desk(settings, engine)
    house = House(settings, engine)
    desk.take([scan(0), scan(1)])
    house.fold(BUCKETS, DAY)
    report = desk.correct([scan(0, card="555"), scan(1, card="555")])
    house.fold(BUCKETS, DAY)
    assert report.new_cards == 1
    days = house.days(BUCKETS, DAY + timedelta(1))
    assert days.select("shopper", "lines").rows() == [("card:555", 2)]


def test_a_product_that_was_never_bought_leaves_no_trace(desk: Desk) -> None:
    house = House(desk.settings, desk.engine)
    desk.take([scan(0), scan(1, product=TEA)])
    house.fold(BUCKETS, DAY)
    desk.correct([scan(0)])
    house.fold(BUCKETS, DAY)
    assert profile_store.read(desk.root, BUCKETS)["product"].to_list() == [f"gtin:00{BEANS}"]


def test_a_transaction_with_a_faulty_line_stays_as_it_was(desk: Desk) -> None:
    desk.take([scan(0), scan(1), scan(0, transaction="2")])
    before = desk.scans.filter(pl.col("transaction") == "1")
    sent = [scan(0, paid="1"), scan(1, paid="x"), scan(0, paid="2", transaction="2")]
    report = desk.correct(sent)
    assert counts(report) == (1, 0, 2, 1, 1)
    assert_frame_equal(desk.scans.filter(pl.col("transaction") == "1"), before)
    named = [(line, field, value) for _, line, field, value, _ in written(report.rejects_file)]
    assert named == [(2, "transaction", "1/3/2017-11-06/1"), (3, "paid", "x")]


def test_a_line_with_two_contents_holds_its_transaction_back(desk: Desk) -> None:
    desk.take([scan(0)])
    report = desk.correct([scan(0, paid="1"), scan(1), scan(0, paid="2"), scan(1)])
    assert counts(report) == (0, 0, 4, 0, 0)
    assert standing(desk) == [(0, 398)]
    ((*_, expected),) = [row for row in written(report.rejects_file) if row[1] == 4]
    assert expected == "one content a line in a log that corrects"


@pytest.mark.parametrize("broken", [b"1,2,3", scan(1, business_day="?"), scan(1, store="")])
def test_a_faulty_line_without_a_transaction_refuses_the_log(
    desk: Desk, broken: str | bytes
) -> None:
    desk.take([scan(0)])
    report = desk.correct([scan(0, paid="1"), broken])
    assert not report.taken
    assert standing(desk) == [(0, 398)]
    assert desk.deliveries() == [1]
    assert not (desk.root / "corrected").exists() or not list(desk.root.glob("corrected/*/*"))
    assert "1 faulty line of a log that corrects does not tell of which" in report.in_words()


def test_past_the_reject_rate_nothing_is_corrected(
    settings: Settings, sqlite_engine: Engine
) -> None:
    desk = Desk(settings, sqlite_engine)
    desk.take([scan(0)])
    report = desk.correct([scan(0, paid="1"), scan(0, transaction="2", paid="x")])
    assert (report.taken, report.corrected, report.taken_back) == (False, 0, 0)
    assert standing(desk) == [(0, 398)]
    assert desk.take([scan(1)]).rows == 1  # nothing is settled either


@pytest.mark.parametrize(("age", "history", "taken"), [(28, False, True), (29, False, False),
                                                       (29, True, True)])  # fmt: skip
def test_corrections_come_within_late_days(
    desk: Desk, age: int, *, history: bool, taken: bool
) -> None:
    day = DAY - timedelta(age)
    desk.take([scan(0, day), scan(1, day), scan(0, day, transaction="2"), scan(2)])
    sent = [scan(0, day), scan(0, day, transaction="2")]
    report = desk.correct(sent, history=history)
    assert counts(report) == ((0, 2, 0, 1, 1) if taken else (0, 1, 1, 0, 0))
    assert desk.scans.height == (3 if taken else 4)
    if not taken:
        ((_, line, field, value, expected),) = written(report.rejects_file)
        assert (line, field, value) == (2, "business_day", str(day))
        assert "ingest.late_days" in expected


def test_the_first_log_of_a_house_may_correct(desk: Desk) -> None:
    assert counts(desk.correct([scan(0), scan(1)])) == (2, 0, 0, 0, 0)
    assert desk.correct([]).taken


def test_unknown_products_of_a_correction_are_noticed(desk: Desk) -> None:
    desk.take([scan(0)])
    report = desk.correct([scan(0), scan(1, product=UNKNOWN)])
    assert [row[1] for row in written(report.notices_file)] == [3]


def test_days_of_a_delivery_that_only_takes_back(desk: Desk) -> None:
    desk.take([scan(0), scan(1)])
    report = desk.correct([scan(0)])
    assert (report.first_day, report.last_day) == (DAY, DAY)


def test_batches_of_a_correction_do_not_matter(desk: Desk) -> None:
    desk.take([scan(n) for n in range(10)])
    (batch,) = read(desk.file([scan(n, paid=str(n)) for n in range(1, 12)]), COLUMNS)
    report = desk.feed(in_batches(batch.frame, 3), corrects=True)
    assert counts(report) == (11, 0, 0, 1, 10)
    assert standing(desk) == [(n, n) for n in range(1, 12)]


KILLED = """
import os, sys
from pathlib import Path
from promo import config, database
from promo.scans import corrections, lake
from promo.scans.canonical import COLUMNS
from promo.scans.sources import read
settings = config.load(Path(sys.argv[1]))
write, left = lake.write, [int(sys.argv[2])]
def dying(path, frame):
    write(path, frame)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), 9)
lake.write = dying
engine = database.connect(settings.database_url)
corrections.ingest_corrections(settings, engine, "c", read(Path(sys.argv[3]), COLUMNS))
"""


@pytest.mark.parametrize("after", [1, 3])
def test_a_correction_that_is_killed_is_not_there(desk: Desk, after: int) -> None:
    """After what it takes back, and after all that it writes; before it commits."""
    desk.take([scan(0), scan(1)])
    before = desk.scans
    path = desk.file([scan(0, paid="1"), scan(2)], "corrected.csv")
    config = desk.settings.folder / "config.yaml"
    run = [sys.executable, "-c", KILLED, str(config), str(after), str(path)]
    assert subprocess.run(run, check=False, env=os.environ).returncode == -9
    last = House(desk.settings, desk.engine).last_delivery
    assert_frame_equal(lake.read_parts(lake.parts(desk.root, until=last)).sort(IDENTITY), before)
    assert desk.take([scan(3)]).rows == 1  # the next delivery sweeps, and nothing is settled
    assert counts(desk.correct([scan(0, paid="1"), scan(2)])) == (2, 0, 0, 1, 3)
    assert standing(desk) == [(0, 1), (2, 398)]


# -- whatever comes, in whatever order ------------------------------------------------------------

Line = tuple[int, int, int, int, int, int]  # day, transaction, line, card, product, pieces
Content = tuple[int, int, int]
Key = tuple[int, int]
Truth = dict[Key, dict[int, Content]]
CARDS, CODES = ("9001", "555", ""), (BEANS, TEA)
LINES = st.lists(
    st.tuples(
        st.integers(0, 1), st.integers(0, 1), st.integers(0, 2), st.integers(0, 2),
        st.integers(0, 1), st.integers(-1, 2),
    ),
    max_size=8,
)  # fmt: skip
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("log"), LINES),
        st.tuples(st.just("correct"), LINES),
        st.tuples(st.just("fold"), st.sampled_from([BUCKETS, BUCKETS[:1], BUCKETS[1:]])),
    ),
    min_size=1,
    max_size=8,
)


def day_of(number: int) -> date:
    return DAY - timedelta(number)


def text_of(line: Line) -> str:
    day, transaction, number, card, code, pieces = line
    price = str(100 * pieces)
    return scan(
        number, day_of(day), transaction=str(transaction), card=CARDS[card], product=CODES[code],
        quantity=str(pieces), paid=price, regular=price, store_discount="0",
    )  # fmt: skip


class Model:
    """The same rules once more, line by line, in dictionaries."""

    def __init__(self) -> None:
        self.truth: Truth = {}
        self.settled: set[Key] = set()

    def log(self, lines: list[Line]) -> tuple[int, int]:
        """Takes an ordinary log; returns lines in and rejected."""
        taken = refused = 0
        for day, transaction, number, *content in dict.fromkeys(lines):
            key = day, transaction
            there = self.truth.setdefault(key, {})
            if there.get(number) == tuple(content):
                continue
            if number in there or key in self.settled:
                refused += 1
            else:
                there[number] = (content[0], content[1], content[2])
                taken += 1
        return taken, refused

    def correct(self, lines: list[Line]) -> tuple[int, int]:
        """Takes a log that corrects; returns lines in and rejected."""
        sent: Truth = {}
        broken: set[Key] = set()
        for day, transaction, number, *content in lines:
            of = sent.setdefault((day, transaction), {})
            value = content[0], content[1], content[2]
            if of.setdefault(number, value) != value:
                broken.add((day, transaction))
        taken = 0
        for key, lines_of in sent.items():
            if key in broken:
                continue
            wanted = lines_of if any(pieces for *_, pieces in lines_of.values()) else {}
            before = self.truth.get(key, {})
            taken += sum(before.get(number) != value for number, value in wanted.items())
            self.truth[key] = wanted
            self.settled.add(key)
        return taken, sum(line[:2] in broken for line in lines)

    def scans(self, desk: Desk) -> pl.DataFrame:
        """What should stand, as the lake holds it: taken in at once by a desk without a past."""
        lines = [
            text_of((*key, number, *content))
            for key, of in self.truth.items()
            for number, content in of.items()
        ]
        desk.empty()
        assert desk.take(lines).rows == len(lines)
        return desk.scans


def check_readers(scans: pl.DataFrame, truth: pl.DataFrame, parts: list[Path]) -> None:
    """Everything that reads the lake sees the corrected log."""
    assert_frame_equal(scans, truth)
    of_days = prices.histogram(lake.by_day(parts)).sort("product", "price")
    assert_frame_equal(of_days, prices.histogram([truth.lazy()]).sort("product", "price"))
    codes = [f"gtin:{code.zfill(14)}" for code in CODES]
    products = pl.DataFrame({"id": codes, "category": codes, "store_brand": [True, False]})
    if parts:
        sales = fitting.category_sales(lake.by_day(parts), products)
        assert_frame_equal(sales, fitting.category_sales([truth.lazy()], products))


def test_any_logs_and_corrections_in_any_order_are_the_final_log(desk: Desk) -> None:
    house = House(desk.settings, desk.engine)

    @hypothesis(max_examples=20)
    @given(EVENTS)
    def check(events: list[tuple[str, Any]]) -> None:
        desk.empty()
        model = Model()
        for kind, what in events:
            if kind == "fold":
                house.fold(what, DAY + timedelta(1))
                continue
            lines = [text_of(line) for line in what]
            report = desk.correct(lines) if kind == "correct" else desk.take(lines)
            expected = model.correct(what) if kind == "correct" else model.log(what)
            assert (report.rows, report.rejects) == expected
        house.fold(BUCKETS, DAY + timedelta(1))
        found, folded = desk.scans, profile_store.read(desk.root, BUCKETS)
        by_bucket = lake.read_parts(lake.parts(desk.root), BUCKETS[:1]).sort(IDENTITY)
        sums = prices.histogram(lake.by_day(lake.parts(desk.root)))
        truth = model.scans(desk)
        parts = lake.parts(desk.root)
        check_readers(found, truth, parts)
        assert_frame_equal(by_bucket, truth.filter(pl.col("bucket") == BUCKETS[0]))
        key = ["product", "price"]
        assert_frame_equal(sums.sort(key), prices.histogram([truth.lazy()]).sort(key))
        expected_profile = profiles.fold(profiles.empty(), truth)
        assert_frame_equal(folded.sort(profiles.KEYS), expected_profile)

    check()


# -- a house that was wrong and was corrected -----------------------------------------------------


def wrong(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every third line of some transactions gone, others of another price or card."""
    kept = [row for n, row in enumerate(rows) if n % 3]
    return [row | ({"paid": row["paid"] + 1000, "card": "c100"} if n % 4 == 0 else {})
            for n, row in enumerate(kept)]  # fmt: skip


def corrected(house: House, rows: list[dict[str, Any]]) -> Any:
    source = in_batches(frame(rows))
    return ingest_corrections(house.settings, house.engine, "c.csv", source, history=True)


def test_a_house_put_right_is_as_if_it_had_never_been_wrong(built: Path, small: Path) -> None:
    """The profiles, prices and what a training till shows; the night sees nothing else."""
    days = [FIRST - timedelta(n) for n in (1, 5, 30)]
    rows = [row for row in SCANS if row["business_day"] in days]
    touched = {row["card"].removeprefix("c") for row in rows} | {"100"}
    some = sorted({calendar.bucket(household) for household in touched})[:40]
    right, house = small_house.reopen(built), small_house.reopen(small)
    for sent in (wrong(rows), rows):
        report = corrected(house, sent)
        assert (report.taken, report.rejects) == (True, 0)
        assert report.corrected > 0
        house.fold(some, FIRST)
    read = [profile_store.read(each.settings.paths.lake, some) for each in (house, right)]
    assert_frame_equal(*read)
    assert_frame_equal(typical_prices(house, FIRST), typical_prices(right, FIRST))
    sold = [Goods(each.settings.paths.lake, ()).sold for each in (house, right)]
    assert sold[0] == sold[1]
    lakes = [lake.read_parts(lake.parts(each.settings.paths.lake)) for each in (house, right)]
    assert_frame_equal(*(each.sort(IDENTITY) for each in lakes))


def test_the_command(desk: Desk) -> None:
    folder = desk.settings.folder
    desk.take([scan(0), scan(1)])
    path = str(desk.file([scan(0, paid="1")], "scans-again.csv"))
    plain = promo(folder, "ingest", path, "--format", "csv", code=3)
    assert "rejected" in plain.stdout
    found = promo(folder, "ingest", path, "--format", "csv", "--corrects", "--json")
    said = json.loads(found.stdout)
    assert (said["corrected"], said["taken_back"], said["rows"]) == (1, 2, 1)
    stores = folder / "stores.csv"
    stores.write_text("id,time_zone\n1,UTC\n", encoding="utf-8")
    refused = promo(folder, "ingest", str(stores), "--format", "csv", "--corrects", code=3)
    assert "stores.csv: --corrects goes with till logs; this file holds stores." in refused.stderr


def dying(batches: Iterator[Batch]) -> Iterator[Batch]:
    yield next(batches)
    raise KeyboardInterrupt


def test_a_correction_that_dies_while_it_reads_has_written_nothing(desk: Desk) -> None:
    desk.take([scan(0), scan(1)])
    before = {path: path.read_bytes() for path in desk.root.rglob("*.parquet")}
    (batch,) = read(desk.file([scan(0, paid="1"), scan(1, paid="2")]), COLUMNS)
    with pytest.raises(KeyboardInterrupt):
        desk.feed(dying(in_batches(batch.frame, 1)), corrects=True)
    assert {path: path.read_bytes() for path in desk.root.rglob("*.parquet")} == before
