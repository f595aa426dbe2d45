"""The bars of the main job, measured afresh: one line of JSON a bar.

    .venv/bin/python scripts/bench/night.py            everything, about half an hour
    .venv/bin/python scripts/bench/night.py --quick    less work, a minute or two

Eligible households, broken lines and barcodes are judged here by code of the bench's own, from
the raw data set and with zbar; nothing is taken from promo but its output.
"""

import argparse
import csv
import json
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pypdfium2
from kit import ROOT, copy_house, make_house, note, promo, report
from pyzbar import pyzbar
from sqlalchemy import create_engine, text

from promo.calendar import bucket
from promo.config import load
from promo.house import House
from promo.scans import complete_journey

FIRST = date(2017, 11, 6)
JOURNEY = ("ingest", "installed", "--format", "complete-journey")
PETROL = ("COUPON/MISC ITEMS", "FUEL")
DPI = 200


class Bench:
    """A place to work in, and how much work there is to be done."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        self.folder, self.quick = folder, quick
        self.source = complete_journey.folder("installed")
        self.history_from = date(2017, 7, 10) if quick else None
        self.nights = [FIRST + timedelta(n) for n in range(2 if quick else 14)]
        self.factor = 2 if quick else 10

    def empty(self) -> Path:
        """A house with products, stores and offers, and nobody in it."""
        house = self.folder / "empty"
        if not house.exists():
            make_house(house, today=str(self.nights[-1]))
            for table in ("products", "stores"):
                promo(house, *JOURNEY, "--table", table)
            promo(house, "offers", "import", "installed", "--format", "complete-journey")
        return house

    def base(self) -> Path:
        """The house with its history in, offers in, profiles folded: as before the first night."""
        house = self.folder / "base"
        if not house.exists():
            note("the base house: history, offers, model")
            copy_house(self.empty(), house)
            for table in ("shoppers", "cards", "consents"):
                promo(house, *JOURNEY, "--table", table)
            since = ("--from", str(self.history_from)) if self.quick else ()
            until = ("--to", str(FIRST - timedelta(2)))
            promo(house, *JOURNEY, "--table", "scans", *since, *until)
            self.settle(house)
        return house

    def settle(self, house: Path) -> None:
        """Fold all history into the profiles, as every bucket's last turn would have."""
        if self.quick:
            House.open(load(house / "config.yaml")).fold(range(256), FIRST)
        else:
            promo(house, "fit", "--day", str(FIRST))

    def feed(self, house: Path, night: date) -> None:
        """The till log that came since the night before."""
        log = str(night - timedelta(1))
        promo(house, *JOURNEY, "--table", "scans", "--from", log, "--to", log)

    def fortnight(self) -> Path:
        """The base house after its nights, all published."""
        house = self.folder / "fortnight"
        if not house.exists():
            copy_house(self.base(), house)
            for night in self.nights:
                note(f"the night of {night}")
                self.feed(house, night)
                promo(house, "nightly", "--day", str(night))
                promo(house, "publish", "--day", str(night))
        return house


def rows(house: Path, query: str) -> list[tuple[object, ...]]:
    """What a house's database says."""
    engine = create_engine(f"sqlite:///{house / 'promo.db'}")
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


def demo(bench: Bench) -> None:
    """A clean clone runs the demo in ten minutes, and its own tests."""
    if bench.quick:
        report("demo", "quick", 600, ok=None)
        return
    clone = bench.folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    note("scripts/demo in a clean clone")
    began = time.perf_counter()
    done = subprocess.run([clone / "scripts/demo"], capture_output=True, text=True, check=False)
    seconds = round(time.perf_counter() - began)
    told = all(word in done.stdout[-3000:] for word in ("lists.pdf", "lists with", "offers", "$"))
    report("demo", seconds, 600, ok=done.returncode == 0 and told and seconds < 600)
    note("scripts/test in the clone")
    tested = subprocess.run([clone / "scripts/test"], capture_output=True, text=True, check=False)
    if tested.returncode:
        note(tested.stdout[-3000:] + tested.stderr[-2000:])
    report("demo: scripts/test", tested.returncode, 0, ok=tested.returncode == 0)


def expected_lists(bench: Bench) -> set[tuple[str, str]]:
    """(night, household) of every household that is due a list, from the raw data set."""
    products = pl.read_parquet(bench.source / "products.parquet")
    petrol = products.filter(pl.col("product_category").is_in(PETROL))["product_id"]
    local = pl.col("transaction_timestamp").dt.replace_time_zone("UTC")
    local = local.dt.convert_time_zone("America/New_York").dt.date()
    paid = ((pl.col("sales_value") - pl.col("coupon_disc")) * 100).round().cast(pl.Int64)
    lines = (
        pl.read_parquet(bench.source / "transactions.parquet")
        .filter(~pl.col("product_id").is_in(petrol.implode()))
        .select("household_id", day=local, paid=paid)
    )
    wanted = set()
    for night in bench.nights:
        share = (night - date(2017, 1, 2)).days % 14
        wave = range(share * 256 // 14, (share + 1) * 256 // 14)
        recent = lines.filter(pl.col("day") < night, pl.col("day") >= night - timedelta(91))
        spent = recent.group_by("household_id").agg(pl.col("paid").sum())
        good = spent.filter(pl.col("paid") >= 13 * 2500)["household_id"]
        wanted |= {(str(night), str(h)) for h in good if bucket(str(h)) in wave}
    return wanted


def one_list_each(bench: Bench) -> None:
    """Every eligible household, and no other, has exactly one list."""
    house, wanted = bench.fortnight(), expected_lists(bench)
    stored = rows(house, "select night, shopper from lists")
    households = [shopper for _, shopper in stored]
    wrong = len(set(stored) ^ wanted) + len(households) - len(set(households))
    report("one list each", {"lists": len(stored), "wrong": wrong}, 0, ok=wrong == 0 < len(stored))


def codes_read(bench: Bench) -> None:
    """Every page's barcode is read by zbar and is what manifest and database say."""
    house = bench.fortnight()
    stored = {row[0] for row in rows(house, "select code from lists")}
    pages, wrong, seen = 0, 0, set()
    for night in bench.nights:
        note(f"scanning the pages of {night}")
        folder = house / "out" / str(night)
        with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
            manifest = list(csv.DictReader(file))
        documents = {m["file"]: pypdfium2.PdfDocument(folder / m["file"]) for m in manifest}
        pages += sum(len(document) for document in documents.values())
        for entry in manifest[:: 5 if bench.quick else 1]:
            page = documents[entry["file"]][int(entry["page"]) - 1]
            # Only Code 128: zbar sees an interleaved 2 of 5 in some lines of print.
            image = page.render(scale=DPI / 72).to_pil()
            read = pyzbar.decode(image, symbols=[pyzbar.ZBarSymbol.CODE128])
            found = [symbol.data.decode().lstrip("\x1d") for symbol in read]
            wrong += found != [entry["list_code"]] or entry["list_code"] not in stored
            seen.add(entry["list_code"])
    report("codes read", {"pages": pages, "scanned": len(seen), "wrong": wrong}, 0,
           ok=wrong == 0 and (bench.quick or pages == len(seen) == len(stored)))  # fmt: skip
    sample = random.Random(1).sample(sorted(seen), 10 if bench.quick else 40)
    last = str(bench.nights[-1])
    answers = [promo(house, "lookup", code, "--json", "--day", last).out for code in sample]
    opened = sum(json.loads(a)["list_code"] == c for a, c in zip(answers, sample, strict=True))
    report("codes read: promo lookup opens", opened, len(sample), ok=opened == len(sample))


def snapshot(house: Path, night: date) -> dict[str, object]:
    """A night's output: every file's bytes, and the lists in the database."""
    folder = house / "out" / str(night)
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    shown = house / "lake" / "shown" / f"{night}.parquet"
    lists = rows(house, f"select * from lists where night = '{night}' order by counter")
    return files | {"shown": shown.read_bytes(), "lists": lists}


def same_again(bench: Bench) -> None:
    """Two fresh folders and a re-run give the same bytes; after publish nothing moves."""
    night = bench.nights[0]
    one, two = (copy_house(bench.base(), bench.folder / name) for name in ("one", "two"))
    taken = []
    for house in (one, two):
        note(f"the night of {night} in {house.name}")
        bench.feed(house, night)
        promo(house, "nightly", "--day", str(night))
        taken.append(snapshot(house, night))
    promo(one, "nightly", "--day", str(night))
    taken.append(snapshot(one, night))
    promo(one, "publish", "--day", str(night))
    late = late_log(one)
    promo(one, "ingest", str(late), "--format", "csv", "--table", "scans")
    promo(one, "nightly", "--day", str(night))
    taken.append(snapshot(one, night))
    names = ("two folders", "a re-run over the draft", "after publish and a late log")
    for name, other in zip(names, taken[1:], strict=True):
        moved = [key for key in taken[0] | other if taken[0].get(key) != other.get(key)]
        report(f"same again: {name}", len(moved), 0, ok=not moved)


def late_log(house: Path) -> Path:
    """A till log of the day before, with a purchase by every household of the night."""
    day = FIRST - timedelta(3)
    path = house / "scans-late.csv"
    cards = [row[0] for row in rows(house, "select card from cards order by card")]
    store = rows(house, "select min(id) from stores")[0][0]
    lines = [
        "at,store,till,business_day,transaction,line,card,product,domain,quantity,paid,regular"
    ]
    lines += [
        f"{day}T12:00:00,{store},99,{day},late{n},1,{card},1029743,internal,1,30000,30000"
        for n, card in enumerate(cards)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def broken_kinds() -> list[tuple[str, Callable[[list[str]], str]]]:
    """Ten ways in which a line of a till log is broken: (kind, good fields -> broken line)."""

    def put(position: int, value: str) -> Callable[[list[str]], str]:
        return lambda fields: ",".join([*fields[:position], value, *fields[position + 1 :]])

    return [
        ("too few fields", lambda fields: ",".join(fields[:-3])),
        ("too many fields", lambda fields: ",".join([*fields, "7"])),
        ("an open quote", lambda fields: ",".join(['"' + fields[0], *fields[1:]])),
        ("a day that is none", put(3, "2017-02-30")),
        ("a time with a zone", put(0, "2017-11-05T12:00:00Z")),
        ("a store nobody knows", put(1, "99999")),
        ("an amount in words", put(11, "1.99")),
        (
            "a product code with a wrong check digit",
            lambda f: put(8, "gtin")(put(7, "4006381333932")(f).split(",")),
        ),
        ("half a piece", lambda f: put(9, "0.5")(put(10, "each")(f).split(","))),
        ("an absurd amount", put(11, "99999999")),
    ]


def broken_lines(bench: Bench) -> None:
    """A till log with 1 % broken lines: each is named, every other is in."""
    house = copy_house(bench.base(), bench.folder / "broken")
    day = FIRST - timedelta(1)
    scans = complete_journey.table(bench.source, "scans", day, day).drop("_line")
    plain = scans.with_columns(pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%S"))
    header, *good = plain.write_csv(null_value="").splitlines()
    chance = random.Random(2)
    kinds = broken_kinds()
    spots = sorted(chance.sample(range(len(good)), len(good) // 100))
    lines, named_as = list(good), {}
    for n, spot in enumerate(spots):
        kind, spoil = kinds[n % len(kinds)]
        lines[spot] = spoil(good[spot].split(","))
        named_as[spot + 2] = kind
    path = bench.folder / "scans-broken.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    done = promo(house, "ingest", str(path), "--format", "csv", "--json", expect=(1,))
    rejects = pl.read_csv(json.loads(done.out)["rejects_file"], infer_schema=False)
    named = {int(line) for line in rejects["line"]}
    stored = pl.concat(
        pl.read_parquet(p) for p in (house / "lake/scans" / str(day)).glob("*.parquet")
    )
    keys = ["transaction", "line"]
    kept = scans.with_row_index().filter(~pl.col("index").is_in(spots))
    missing = kept.select(keys).join(stored.select(keys), on=keys, how="anti").height
    extra = stored.select(keys).join(kept.select(keys), on=keys, how="anti").height
    wrong = len(named ^ set(named_as)) + missing + extra
    value = {"lines": len(good), "broken": len(spots), "kinds": len(set(named_as.values())),
             "named": len(named), "good lines missing": missing, "wrong": wrong}  # fmt: skip
    report("broken lines", value, 0, ok=wrong == 0 and len(set(named_as.values())) == 10)


def laid(bench: Bench, name: str, lay: Callable[[pl.DataFrame], pl.DataFrame]) -> Path:
    """A house whose scans are the chain's, laid out anew by `lay`; and its logs to come."""
    house = copy_house(bench.empty(), bench.folder / name)
    last = FIRST + timedelta(2)
    scans = complete_journey.table(bench.source, "scans", bench.history_from, last)
    for part, frame in enumerate(lay(piece.drop("_line")) for piece in scans.iter_slices(250_000)):
        past = frame.filter(pl.col("business_day") < FIRST - timedelta(1))
        past.write_parquet(house / f"scans-{part:03d}.parquet")
    for path in sorted(house.glob("scans-*.parquet")):
        promo(house, "ingest", str(path), "--format", "parquet", "--history")
    for night in range(3):
        day = FIRST + timedelta(night - 1)
        log = lay(scans.filter(pl.col("business_day") == day).drop("_line"))
        log.filter(pl.col("business_day") == day).write_parquet(house / f"log-{day}.parquet")
    agree(house)
    if not bench.quick:
        shutil.copytree(bench.base() / "models", house / "models", dirs_exist_ok=True)
    House.open(load(house / "config.yaml")).fold(range(256), FIRST)
    return house


def agree(house: Path) -> None:
    """Everybody with a card agrees to have lists."""
    people = [row[0] for row in rows(house, "select id from shoppers order by id")]
    text_ = "shopper,purpose,day,given\n" + "".join(f"{p},lists,2015-01-01,true\n" for p in people)
    (house / "consents.csv").write_text(text_, encoding="utf-8")
    promo(house, "ingest", str(house / "consents.csv"), "--format", "csv")


def some_nights(bench: Bench, house: Path) -> dict[str, float]:
    """Seconds, peak memory and seconds by stage of some nights, each with its day's log."""
    total = {"seconds": 0.0, "peak_mb": 0.0, "before": 0.0, "print": 0.0, "lists": 0.0}
    for n in range(2 if bench.quick else 3):
        night = FIRST + timedelta(n)
        log = house / f"log-{night - timedelta(1)}.parquet"
        promo(house, "ingest", str(log), "--format", "parquet", "--table", "scans")
        done = promo(house, "nightly", "--day", str(night))
        total["seconds"] += done.seconds
        total["peak_mb"] = max(total["peak_mb"], done.peak_mb)
        total["print"] += done.stages["print"]
        total["before"] += sum(s for name, s in done.stages.items() if name != "print")
        made = json.loads((house / "out" / str(night) / "run.json").read_text())
        total["lists"] += made["counts"]["lists"]
    return {key: round(value, 2) for key, value in total.items()}


def times(factor: int) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """The chain so many times over: each household and transaction with a number in front."""

    def lay(scans: pl.DataFrame) -> pl.DataFrame:
        copies = [
            scans.with_columns(
                (pl.lit(f"{k}x") + pl.col(name)).alias(name) for name in ("card", "transaction")
            )
            for k in range(factor)
        ]
        return pl.concat(copies)

    return lay


def laid_twice(scans: pl.DataFrame) -> pl.DataFrame:
    """The year, and the same year 364 days before it."""
    year = timedelta(364)
    before = scans.with_columns(pl.col("at", "business_day") - year)
    before = before.with_columns(pl.lit("y").add(pl.col("transaction")).alias("transaction"))
    return pl.concat([before, scans])


def linear(bench: Bench) -> None:
    """Ten times the chain, ten times the night; twice the history, the same night."""
    note("the chain as it is")
    single = some_nights(bench, laid(bench, "single", times(1)))
    note(f"the chain {bench.factor} times over")
    many = some_nights(bench, laid(bench, "many", times(bench.factor)))
    note("the history laid twice")
    double = some_nights(bench, laid(bench, "double", laid_twice))
    note(json.dumps({"single": single, "many": many, "double": double}))
    ratio, limit = round(many["seconds"] / single["seconds"], 2), round(bench.factor * 1.05, 2)
    report(f"linear: a night of the chain {bench.factor} times over", ratio, limit,
           ok=ratio <= limit)  # fmt: skip
    report("linear: peak memory, MB", many["peak_mb"], 2048, ok=many["peak_mb"] < 2048)
    ratio = round(double["seconds"] / single["seconds"], 3)
    report("linear: a night on history laid twice", ratio, 1.1, ok=ratio <= 1.1)
    for name, found in (("single", single), (f"{bench.factor} times", many)):
        ratio = round(found["before"] / found["print"], 3)
        report(f"linear: stages before printing to printing, {name}", ratio, 1, ok=ratio < 1)


BARS = {
    "demo": demo,
    "one-list-each": one_list_each,
    "codes-read": codes_read,
    "same-again": same_again,
    "broken-lines": broken_lines,
    "linear": linear,
}


def main() -> None:
    """Measure the bars that are asked for, all of them by default."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="less work, a minute or two")
    parser.add_argument("--bar", choices=BARS, action="append", help="only this one")
    parser.add_argument("--keep", type=Path, help="work in this folder, and leave it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(folder, quick=given.quick)
        for name, measure in BARS.items():
            if given.bar is None or name in given.bar:
                measure(bench)


if __name__ == "__main__":
    main()
