"""A good house, damaged in many ways: each is found, by the checks that must find it and no other.

Damages that have nothing to do with each other are done together: a copy of the house and all
checks for each would take minutes. Every finding must be expected by one of them.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from small_house import FIRST

from checking import good
from checking.good import NEXT
from promo.checking import every
from promo.checking.findings import LOOK, WRONG, Finding
from promo.house import House
from promo.scans import lake

Expected = tuple[str, str, str]  # check, level, a part of where or what
DAY = "2017-11-08"


@dataclass
class Damaged:
    """A house and hands to damage it with."""

    house: House

    @property
    def folder(self) -> Path:
        return self.house.settings.folder

    def sql(self, *statements: str) -> None:
        """Change rows behind promo's back: no constraint is in force."""
        connection = sqlite3.connect(self.folder / "promo.db", isolation_level=None)
        for statement in statements:
            assert connection.execute(statement).rowcount, statement
        connection.close()

    def one(self, query: str) -> Any:
        connection = sqlite3.connect(self.folder / "promo.db")
        (found,) = connection.execute(query).fetchone()
        connection.close()
        return found

    def flip(self, path: str, at: int = -40) -> None:
        """Change one byte of a file."""
        file = self.folder / path
        data = bytearray(file.read_bytes())
        data[at] ^= 1
        file.write_bytes(data)

    def parquet(self, path: str | Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        file = self.folder / path
        frame = change(pl.read_parquet(file))
        lake.write(file, frame)

    def part(self, day: str) -> Path:
        """The first part of a day."""
        return min((self.folder / "lake" / "scans" / day).glob("*.parquet"))

    @cached_property
    def profiles(self) -> list[Path]:
        """The profiles that have any rows, as they were at first."""
        found = sorted((self.folder / "lake" / "profiles").glob("*/*.parquet"))
        return [path for path in found if pl.read_parquet(path).height]

    def profile(self, place: int) -> Path:
        return self.profiles[place]

    def json(self, path: str, **changes: Any) -> None:
        file = self.folder / path
        file.write_text(json.dumps(json.loads(file.read_text()) | changes), encoding="utf-8")

    def content(self, where: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change what stands on a list."""
        content = json.loads(self.one(f"select content from lists where {where}"))
        change(content)
        said = json.dumps(content).replace("'", "''")
        self.sql(f"update lists set content = '{said}' where {where}")


def list_(place: int, night: object = FIRST) -> str:
    """A condition on one list, by its place among those of issue 1 with offers."""
    return (
        f"counter = (select counter from lists where night = '{night}' and issue = 1 "
        f"and worth > 0 order by counter limit 1 offset {place})"
    )


OUT, NIGHT = f"out/{FIRST}", f"out/{NEXT}"
SHOWN, DECIDED = f"lake/shown/{FIRST}.parquet", f"lake/decisions/{FIRST}.parquet"
Case = tuple[str, Callable[[Damaged], object], tuple[Expected, ...]]


def raised(name: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """One more in a column of the first row."""
    first = pl.int_range(pl.len()) == 0
    return lambda rows: rows.with_columns(pl.when(first).then(pl.col(name) + 1).otherwise(name))


def first_as(**values: Any) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Other values in the first row."""
    first = pl.int_range(pl.len()) == 0
    return lambda rows: rows.with_columns(
        pl.when(first).then(pl.lit(value, rows.schema[name])).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


def twice(rows: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([rows.head(1), rows])


def write(path: str, text: str = "") -> Callable[[Damaged], object]:
    def made(d: Damaged) -> None:
        (d.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (d.folder / path).write_text(text, encoding="utf-8")

    return made


def sql(*statements: str) -> Callable[[Damaged], object]:
    return lambda d: d.sql(*statements)


def flip(path: str, at: int = -40) -> Callable[[Damaged], object]:
    return lambda d: d.flip(path, at)


def part(day: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Callable[[Damaged], object]:
    return lambda d: d.parquet(d.part(day), change)


def profile(place: int, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Any:
    return lambda d: d.parquet(d.profile(place), change)


def last_as(**values: Any) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Other values in the last row."""
    return lambda rows: first_as(**values)(rows.reverse()).reverse()


def misfile(d: Damaged) -> None:
    there = d.part("2017-10-05").with_name("00000001-0099.parquet")
    d.part("2017-10-04").rename(there)


def leave_part(d: Damaged) -> None:
    shutil.copy(d.part("2017-10-12"), d.part("2017-10-12").with_name("00000009-0000.parquet"))


def stranger(d: Damaged) -> None:
    """A household of another bucket in a bucket's profile."""
    other = pl.read_parquet(d.profile(7))
    d.parquet(d.profile(3), lambda rows: pl.concat([rows, other.head(1)]))


def age_profile(d: Damaged) -> None:
    path = d.profile(5)
    shutil.copy(path, path.with_name("00000001.parquet"))


def rename_offer(content: dict[str, Any]) -> None:
    content["offers"][0]["offer"] = "zzz"


def dearer(content: dict[str, Any]) -> None:
    content["offers"][0]["probability"] += 0.25


def offer_twice(content: dict[str, Any]) -> None:
    content["offers"].append(content["offers"][0])


def overlap(d: Damaged) -> None:
    """Let a list of the draft begin while its household's other one is open, with one offer."""
    before = {
        row.shopper: {item["offer"] for item in row.content["offers"]}
        for row in good.lists_of(d.house)
    }
    connection = sqlite3.connect(d.folder / "promo.db")
    found = connection.execute(
        f"select counter, shopper, content from lists where night = '{NEXT}' order by counter desc"
    ).fetchall()
    connection.close()
    for counter, shopper, content in found:
        mine = {item["offer"] for item in json.loads(content)["offers"]}
        if mine & before.get(shopper, set()):
            d.sql(f"update lists set first_day = '{DAY}' where counter = {counter}")
            return
    raise AssertionError("no household has an offer twice: the test tells nothing")


def hard(d: Damaged) -> None:
    """An offer that no list has becomes hard, and is used beyond its budget."""
    terms = json.loads(d.one("select terms from offers where id = 'o18'"))
    said = json.dumps(terms | {"hard": True, "printable": False}).replace("'", "''")
    d.sql(
        f"update offers set hard = 1, terms = '{said}', budget_money = 99 where id = 'o18'",
        copied("transaction_ = 'old'", transaction="'x'", offer="'o18'", key_id="null",
               counter="null", night="null", promised="0"),
        "insert into offer_counters select 'o18', 1, money from redemptions "
        "where \"transaction\" = 'x'",
    )  # fmt: skip


NAMES = ("kind", "reverses", "offer", "key_id", "counter", "shopper", "store", "till", "day",
         "transaction", "number", "uses", "units", "money", "funder_money", "night", "promised",
         "worth", "probability", "lines", "at")  # fmt: skip


def copied(where: str, **changes: str) -> str:
    """Another redemption like one there is."""
    names = ", ".join(f'"{name}"' for name in NAMES)
    values = ", ".join(changes.get(name, f'"{name}"') for name in NAMES)
    where = where.replace("transaction_", '"transaction"')
    return f"insert into redemptions ({names}) select {values} from redemptions where {where}"


def again(d: Damaged) -> None:
    good.import_use(d.house, good.lists_of(d.house)[4], 2)


def drop_line(path: str, place: int) -> Callable[[Damaged], object]:
    def done(d: Damaged) -> None:
        lines = (d.folder / path).read_text(encoding="utf-8").splitlines(keepends=True)
        del lines[place]
        (d.folder / path).write_text("".join(lines), encoding="utf-8")

    return done


def make(path: str) -> Callable[[Damaged], object]:
    return lambda d: (d.folder / path).mkdir()


def gone(path: str) -> Callable[[Damaged], object]:
    def done(d: Damaged) -> None:
        (d.folder / path).unlink()

    return done


def redemption(transaction: str, offer: str, change: str) -> Callable[[Damaged], object]:
    return sql(
        f"update redemptions set {change} where \"transaction\" = '{transaction}' "
        f"and offer = '{offer}'"
    )


# What is done together touches nothing in common.
TOGETHER: dict[str, tuple[Case, ...]] = {
    "parts": (
        ("a footer", lambda d: d.flip(str(d.part("2017-10-03")), -2),
         (("parts", WRONG, "2017-10-03/00000001-0000.parquet: the part cannot be used"),)),
        ("another day's folder", misfile, (("parts", WRONG, "it holds lines of 2017-10-04"),)),
        ("another order", part("2017-10-06", lambda rows: rows.reverse()),
         (("parts", WRONG, "its rows are not sorted by bucket"),)),
        ("another bucket", part("2017-10-07", last_as(bucket=255)),
         (("parts", WRONG, "1 households stand in the wrong bucket"),)),
        ("a stray file", write("lake/scans/2017-10-08/notes.txt"),
         (("parts", WRONG, "this is no part of the lake: notes.txt"),)),
        ("an unknown store", part("2017-10-09", first_as(store="99")),
         (("lines", WRONG, "1 that the table of stores lacks: 99"),)),
        ("an unknown card", part("2017-10-10", first_as(card="c999")),
         (("lines", WRONG, "1 that the table of cards lacks: c999"),)),
        ("a line twice", part("2017-10-11", twice),
         (("lines", WRONG, "1 lines are in the lake twice"),)),
        ("parts of a dead ingest", leave_part,
         (("deliveries", LOOK, "left by an ingest that died: 1"),)),
    ),
    "folds": (
        ("a part is gone", lambda d: d.part("2017-10-02").unlink(),
         (("deliveries", WRONG, "delivery 1 (scans.csv): its parts in the lake have"),
          ("folded", WRONG, "0 rows fewer"))),
        ("a delivery's days",
         sql("update deliveries set last_day = '2017-11-18' where source = 'fortnight.csv'"),
         (("deliveries", WRONG, "its parts are of 2017-11-06 to 2017-11-19"),)),
        ("a sum in a profile", profile(0, raised("paid")),
         (("folded", WRONG, "1 with other sums"),)),
        ("a row of a profile", profile(1, lambda rows: rows.slice(1)),
         (("folded", WRONG, "1 rows fewer"),)),
        ("a profile ahead", lambda d: d.profile(2).rename(
            d.profile(2).with_name("00000009.parquet")),
         (("profiles", WRONG, "it says that it is folded through delivery 9"),)),
        ("another bucket's household", stranger,
         (("profiles", WRONG, "1 households are not of this bucket"),
          ("folded", WRONG, "1 more"))),
        ("a profile's footer", lambda d: d.flip(str(d.profile(4)), -2),
         (("profiles", WRONG, "the profile cannot be used"),)),
        ("an older profile", age_profile, (("profiles", LOOK, "a newer profile stands beside"),)),
        ("a product renamed", sql("update products set description = 'x' where id like '%100'"),
         (("product-copy", WRONG, "it differs in internal:100"),)),
    ),
    "lists": (
        ("a list is gone", sql(f"delete from lists where {list_(20)}"),
         (("nights", WRONG, "its report counts for `"), ("promises", WRONG, f"promises, {FIRST}"),
          ("shown", WRONG, f"{FIRST}"), ("manifests", WRONG, "1 codes are of no list"))),
        ("a code's digit",
         sql(f"update lists set code = '1' || substr(code, 2) where {list_(15, NEXT)}"),
         (("codes", WRONG, "its code is 153"), ("manifests", WRONG, "1 codes are of no list"),
          ("manifests", WRONG, "1 lists of the night are not in it: 153"))),
        ("a worth", sql(f"update lists set worth = worth + 1 where {list_(16, NEXT)}"),
         (("contents", WRONG, "it is said to be worth"),)),
        ("a content", sql(f"update lists set content = '{{}}' where {list_(17, NEXT)}"),
         (("contents", WRONG, "its content cannot be read"),)),
        ("a window", sql(f"update lists set last_day = '2017-12-24' where {list_(18, NEXT)}"),
         (("nights", WRONG, "it is good 2017-11-20 to 2017-12-24"),)),
        ("a counter", sql("update key_counters set last = last - 1"),
         (("codes", WRONG, "the last counter given out is"),)),
        ("a count in the report",
         sql("update runs set report = json_set(report, '$.counts.stores', 9) "
             f"where night = '{NEXT}'"),
         (("nights", WRONG, "its report counts for `stores` 9"),
          ("folders", WRONG, "it differs from the report that is stored in counts"))),
    ),
    "promises": (
        ("a sum", sql(f"update promises set money_1 = money_1 * 1.001 where night = '{FIRST}' "
                      "and offer = 'o12'"),
         (("promises", WRONG, f"promises, {FIRST}, offer o12: `money_1` is"),)),
        ("a promise is gone", sql(f"delete from promises where night = '{NEXT}' "
                                  "and offer = 'o13'"),
         (("promises", WRONG, f"promises, {NEXT}, offer o13: `uses` is 0"),)),
        ("a promise's end", sql(f"update promises set last_day = '2018-01-01' "
                                f"where night = '{NEXT}' and offer = 'o14'"),
         (("promises", WRONG, "offer o14: the promise ends on 2018-01-01"),)),
        ("a promise of nobody",
         sql(f"insert into promises (offer, night, last_day, uses, money) "
             f"values ('o18', '{NEXT}', '2017-12-03', 1, 100)"),
         (("promises", WRONG, "offer o18: `uses` is 1; expected 0"),)),
        ("a probability", lambda d: d.content(list_(10), dearer),
         (("promises", WRONG, "`money_1` is"), ("shown", WRONG, f"{FIRST}"))),
        ("an offer twice", lambda d: d.content(list_(10, NEXT), offer_twice),
         (("contents", WRONG, "an offer stands on it twice"),
          ("contents", WRONG, "it is said to be worth"), ("nights", WRONG, f"{NEXT}"),
          ("promises", WRONG, f"promises, {NEXT}"), ("shown", WRONG, f"{NEXT}"))),
        ("an offer renamed", lambda d: d.content(list_(11, NEXT), rename_offer),
         (("contents", WRONG, "an offer on them is not there: zzz"),
          ("promises", WRONG, f"{NEXT}, offer zzz: `uses` is 0"), ("shown", WRONG, f"{NEXT}"))),
        ("two lists open", overlap,
         (("overlaps", WRONG, "of one household and open together, both have"),
          ("nights", WRONG, f"it is good {DAY} to"))),
    ),
    "dates": (
        ("an offer's days", sql("update offers set starts = '2017-11-25' where id = 'o12'"),
         (("contents", WRONG, "offer o12 on them is good 2017-11-25"),
          ("offers", WRONG, "offer o12: its row says of `starts` 2017-11-25"))),
        ("a promise made hard", sql("update offers set hard = 1 where id = 'o13'"),
         (("contents", WRONG, "an offer on them is hard: o13"),
          ("offers", WRONG, "offer o13: its row says of `hard` True"))),
        ("no goods", sql("delete from offer_products where offer = 'o14'"),
         (("offers", WRONG, "offer o14: it has no products for purchase 1"),)),
        ("no terms", sql("update offers set terms = '{\"id\": 1}' where id = 'o19'"),
         (("offers", WRONG, "offer o19: its terms cannot be read"),)),
        ("paused in silence", sql("update offers set state = 'paused' where id = 'o11'"),
         (("states", WRONG, "offer o11: it is paused, and its last event is none"),)),
        ("stopped without a word", sql("update offer_events set sentence = null"),
         (("states", LOOK, "the shopper is told nothing"),)),
        ("an earlier issue is gone", sql("delete from earlier_issues where counter = "
                                         "(select min(counter) from earlier_issues)"),
         (("issues", WRONG, "it is issue 2, and of earlier ones there are 0"),
          ("shown", WRONG, f"{FIRST}"),
          ("promised", WRONG, "it says that its list promised"))),
        ("a bucket", sql("update shoppers set bucket = 255 - bucket where id = '200'"),
         (("households", WRONG, "shoppers, 200: the household's bucket is"),)),
    ),
    "files": (
        ("a byte of a PDF", flip(f"{NIGHT}/lists.pdf", 5000),
         (("folders", WRONG, "lists.pdf: its SHA-256 is"),)),
        ("a file is gone", gone(f"{NIGHT}/lists.html"),
         (("folders", WRONG, "lists.html: the file is not there"),)),
        ("a file too many", write(f"{NIGHT}/notes.txt"),
         (("folders", WRONG, "among what is handed over lies notes.txt"),)),
        ("a line of a manifest", drop_line(f"{NIGHT}/manifest.csv", 3),
         (("folders", WRONG, "manifest.csv: its SHA-256 is"),
          ("manifests", WRONG, "1 lists of the night are not in it"))),
        ("the sums", drop_line(f"{NIGHT}/sha256sums", 0),
         (("folders", WRONG, "sha256sums: its SHA-256 is"),)),
        ("the report", lambda d: d.json(f"{NIGHT}/run.json", seed=0),
         (("folders", WRONG, "it differs from the report that is stored in seed"),)),
        ("handed over", lambda d: shutil.move(d.folder / OUT, d.folder / "handed"),
         (("folders", LOOK, f"{OUT}: the folder of the published night is not there"),)),
        ("a byte of a reissue", flip("out/2017-11-09-reissued-1/lists.pdf", 5000),
         (("prints", WRONG, "lists.pdf: its SHA-256 is"),)),
        ("a dead print", make(f"out/.{NEXT}.new"),
         (("leftovers", LOOK, "a command that died left a working folder"),)),
        ("a dead write", write(f"out/{NEXT}/.lists.pdf.99999999.tmp"),
         (("leftovers", LOOK, "a command that died left a file half written"),
          ("folders", WRONG, "among what is handed over lies .lists.pdf"))),
        ("somebody says no", sql("update shoppers set suppressed = 1 where id = "
                                 f"(select shopper from lists where {list_(3, NEXT)})"),
         (("wishes", LOOK, "1 households have a list and may not be written to"),)),
    ),
    "records": (
        ("what was shown", lambda d: d.parquet(SHOWN, raised("worth")),
         (("shown", WRONG, "1 items of lists are not recorded"),)),
        ("a record's footer", flip(f"lake/shown/{NEXT}.parquet", -2),
         (("shown", WRONG, "what was shown that night cannot be used"),)),
        ("what was decided", lambda d: d.parquet(DECIDED, lambda rows: rows.filter(
            pl.col("why").is_in(["chosen", "drawn"]).cum_sum() != 1)),
         (("decisions", WRONG, "of candidates that won a slot there are"),)),
        ("no decisions", gone(f"lake/decisions/{NEXT}.parquet"),
         (("decisions", WRONG, "what was decided that night cannot be read"),)),
        ("prices", write(f"lake/prices/{NEXT}.csv", "id,money\n"),
         (("prices", WRONG, "the night's prices of budgets cannot be used"),)),
        ("what came true", write(f"lake/watch/{FIRST}.json", "{"),
         (("watch", WRONG, "what came true of a night cannot be used"),)),
        ("a model", flip("models/prior/card.json", 0),
         (("models", WRONG, "models/prior: the model cannot be used"),)),
        ("clubs", write("templates/content.yaml", "clubs: 1"),
         (("settings", WRONG, "clubs or articles cannot be read"),)),
        ("an open secret", lambda d: (d.folder / "code.key").chmod(0o644),
         (("settings", LOOK, "others than its owner may open it; its mode is 644"),)),
        ("another secret", write("code.key", "2:" + "5ec2e7" * 8),
         (("codes", WRONG, "61 lists have codes of a key that is not there: key 1"),)),
    ),
    "sales": (
        ("a counter", sql("update offer_counters set money = money + 1 where offer = 'o13'"),
         (("counters", WRONG, "offer_counters, o13: `money` is"),)),
        ("a use is gone", sql("delete from redemptions where \"transaction\" = 't3' "
                              "and offer = 'o11'"),
         (("counters", WRONG, "offer_counters, o11: `uses` is 1; expected 0"),
          ("counters", WRONG, "offer_counters, o11: `money` is"),
          ("answers", WRONG, "the till was told of offer o11 1 uses"))),
        ("a hard offer", hard, (("limits", WRONG, "offer o18: it is hard, and spent are 100"),)),
        ("used twice", again, (("limits", LOOK, "the uses are 2; expected at most 1"),)),
        ("another use taken back", redemption("r1", "o12", "reverses = (select id from redemptions "
            "where \"transaction\" = 't2' limit 1)"),
         (("reversals", WRONG, "this return is of redeem"),
          ("reversals", WRONG, "of it are left after what was taken back"))),
        ("too much taken back", redemption("r1", "o15", "units = -9"),
         (("reversals", WRONG, "uses 1, units -"),)),
        ("a share", redemption("t3", "o10", "lines = json_set(lines, '$.lines[0].store', 7)"),
         (("shares", WRONG, "its lines' shares are"),)),
        ("a probability", redemption("t3", "o09", "probability = 0.5"),
         (("promised", WRONG, "it says that its list promised"),)),
        ("an answer", sql("update till_answers set answer = 'x' where \"transaction\" = 't2'"),
         (("answers", WRONG, "the answer cannot be read"),)),
        ("no answer", sql("delete from till_answers where \"transaction\" = 'c1'"),
         (("answers", WRONG, "of this redeem no answer is stored: 1 rows"),)),
        ("a digest", sql("update till_answers set digest = '' where \"transaction\" = 'r1'"),
         (("answers", WRONG, "its digest is ''"),)),
        ("held too long", sql("update reservations set until = '2017-11-01 00:00:00.000000'"),
         (("reservations", LOOK, "3 rows are past their time"),)),
        ("a join that was killed", sql(
            "insert into household_changes values (1, '2017-11-08', 'join', 'begun', 2, '{}')"),
         (("changes", LOOK, "the join of households begun on 2017-11-08: it is begun; expected"),)),
        ("a journal", sql(
            "insert into journals values ('j', '1', 1, '', '2017-11-08', '2017-11-08')"),
         (("journals", WRONG, "its chain is ''; expected 64 hexadecimal digits"),)),
        ("a serial number", sql("update coupon_serials set \"transaction\" = 'c2'"),
         (("serials", WRONG, "it was used up by store 1, till 7, 2017-11-08, transaction c2"),)),
    ),
    "orphans": (
        ("a household", sql("delete from shoppers where id = '230'"),
         (("references", WRONG, "cards, 1 rows: `shopper` is 230"),
          ("references", WRONG, "consents, 1 rows: `shopper` is 230"),
          ("references", WRONG, "lists, 2 rows: `shopper` is 230"),
          ("lines", WRONG, "1 that the table of shoppers lacks: 230"),
          ("profiles", WRONG, "1 households are not in the table of shoppers: 230"),
          ("wishes", LOOK, "1 households have a list"))),
        ("a delivery", sql("delete from deliveries where id = 1"),
         (("deliveries", WRONG, "parts of deliveries that the table lacks: 1"),)),
        ("goods", sql("insert into offer_products values ('o12', 'internal:9', 1)"),
         (("references", WRONG, "offer_products, 1 rows: `product` is internal:9"),)),
        ("a price", sql("insert into shelf_prices values ('77', 'internal:100', '2017-11-01', 5)"),
         (("references", WRONG, "shelf_prices, 1 rows: `store` is 77"),)),
        ("a use's household", redemption("t3", "o09", "shopper = 'nobody'"),
         (("references", WRONG, "redemptions, 1 rows: `shopper` is nobody"),
          ("promised", WRONG, "it says that its list promised"))),
        ("a use's list", redemption("old", "o08", "counter = 999"),
         (("references", LOOK, "redemptions, 1 rows: `key_id, counter` is 1/999"),)),
        ("a claimed coupon", sql("delete from coupon_serials"),
         (("serials", WRONG, "its coupon's serial number is not taken"),)),
    ),
}  # fmt: skip


SCANNED = ("parts", "deliveries", "lines", "folded", "profiles")
UNSCANNED = ("lists", "promises", "dates", "files", "records", "sales")


def matches(expected: Expected, name: str, finding: Finding) -> bool:
    check, level, words = expected
    return (check, level) == (name, finding.level) and words in finding.in_words


@pytest.mark.parametrize("together", TOGETHER)
def test_each_damage_is_found_by_its_checks_and_no_other(fine: House, together: str) -> None:
    cases = TOGETHER[together]
    damaged = Damaged(fine)
    for _, damage, _ in cases:
        damage(damaged)
    names = [check.name for check in every.CHECKS]
    if together in UNSCANNED:  # reading all scans takes longer than the rest
        names = [name for name in names if name not in SCANNED]
    results = good.check(fine.settings, fine.engine, *names)
    found = [(result.check.name, finding) for result in results for finding in result.findings]
    expected = [(case, one) for case, _, all_ in cases for one in all_]
    missed = [(case, one) for case, one in expected if not any(matches(one, *f) for f in found)]
    assert missed == [], [(name, finding.in_words) for name, finding in found]
    wanted = [one for _, one in expected]
    surplus = [
        (name, finding.level, finding.in_words)
        for name, finding in found
        if not any(matches(one, name, finding) for one in wanted)
    ]
    assert surplus == []


def test_there_are_damages_enough_and_every_check_finds_one() -> None:
    cases = [case for some in TOGETHER.values() for case in some]
    assert len(cases) >= 40
    found = {check for _, _, expected in cases for check, _, _ in expected}
    assert {check.name for check in every.CHECKS} - found == {"database"}


def test_a_damaged_database_is_named(fine: House) -> None:
    fine.engine.dispose()
    path = fine.settings.folder / "promo.db"
    data = bytearray(path.read_bytes())
    page = 4096
    for at in range(20 * page, 24 * page):
        data[at] ^= 0xFF
    path.write_bytes(data)
    assert good.summary(fine, "database")["database"][0] == WRONG
