"""A small house of invented households: four months of scans, three stores, twenty offers.

Everything is drawn with one seed, so that two builds are equal. Words that must never be printed
begin with `Unsaid`. A few households are made to stand on the edge of a rule.
"""

import hashlib
import random
import shutil
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from click.testing import CliRunner, Result

from promo import cli, config, database, nightly
from promo.calendar import BUCKETS
from promo.config import Settings
from promo.house import House
from promo.lists.codes.keys import CodeKeys, load_keys
from promo.offers import catalogue
from promo.progress import Progress
from promo.publishing import publish
from promo.scans.columns import LINE
from promo.scans.ingest import in_batches, ingest_master, ingest_scans

ROOT = Path(__file__).parent.parent
SECRET = "1:" + "5ec2e7" * 8
FIRST = date(2017, 11, 6)  # the first night of a fortnight
FORTNIGHT = [FIRST + timedelta(i) for i in range(14)]
BEGIN = FIRST - timedelta(120)
STORES = ("1", "2", "10")
SPEND_DAYS, MIN_SPEND = 91, 32500  # 13 weeks at 25.00

# Category, words, department; the words tell what may not be said, or is never due.
CATEGORIES = (
    ("BAKED BREAD/BUNS/ROLLS", "Bread and rolls", "Bakery"),
    ("CAT FOOD", "Cat food", "Pets"),
    ("CHEESE", "Cheese", "Dairy"),
    ("COLD CEREAL", "Cold cereal", "Grocery"),
    ("EGGS", "Eggs", "Dairy"),
    ("FLUID MILK PRODUCTS", "Milk", "Dairy"),
    ("FROZEN PIZZA", "Frozen pizza", "Frozen"),
    ("SOFT DRINKS", "Soft drinks", "Drinks"),
    ("LAXATIVES", "Unsaid laxatives", "Unsaid health"),
    ("FEMININE HYGIENE", "Unsaid hygiene", "Unsaid health"),
    ("CIGARETTES", "Unsaid cigarettes", "Unsaid tobacco"),
    ("BEERS/ALES", "Unsaid beer", "Unsaid drinks"),
    ("FUEL", "Unlisted fuel", "Unlisted"),
    ("BOTTLE DEPOSITS", "Unlisted deposits", "Unlisted"),
)
UNSAID = ("LAXATIVES", "FEMININE HYGIENE", "CIGARETTES", "BEERS/ALES")
PRODUCTS = [(f"{i}{j}", *row) for i, row in enumerate(CATEGORIES, 10) for j in range(4)]
CATEGORY = {code: category for code, category, *_ in PRODUCTS}
MILK, FUEL = "150", "220"

ORDINARY = [str(n) for n in range(200, 236)]
ON_THE_EDGE = {  # id: (days before its own night, cents, product)
    "300": ((10, MIN_SPEND, MILK),),  # just enough
    "301": ((10, MIN_SPEND - 1, MILK),),  # a cent too little
    "302": ((91, MIN_SPEND, MILK),),  # on the first day that counts
    "303": ((92, MIN_SPEND, MILK),),  # a day too early
    "304": ((10, 5 * MIN_SPEND, FUEL),),  # not grocery
    "305": ((1, MIN_SPEND, MILK),),  # on the last day that counts
    "306": ((0, MIN_SPEND, MILK),),  # on the night's own day
    "307": ((20, MIN_SPEND, MILK), (10, -100, MILK)),  # took something back
}
HOUSEHOLDS = [*ORDINARY, *ON_THE_EDGE]
CONSENTS = {  # where not: given long ago
    "201": [],
    "202": [(BEGIN, True), (BEGIN + timedelta(30), False)],
    "203": [(BEGIN, False), (BEGIN + timedelta(30), True)],
    "204": [(FORTNIGHT[-1] + timedelta(1), True)],
}
SUPPRESSED = ("205", "206")

Scan = dict[str, Any]


def night_of(household: str) -> date:
    """The household's night of the fortnight, worked out anew: fourteen waves of 256 buckets."""
    bucket = hashlib.blake2b(household.encode(), digest_size=1).digest()[0]
    return next(night for n, night in enumerate(FORTNIGHT, 1) if bucket < n * 256 // 14)


def scan(household: str, day: date, number: int, product: str, paid: int) -> Scan:
    back = paid < 0
    return {
        "at": datetime.combine(day, time(12, number % 60)),
        "store": STORES[int(household) % 3], "till": "1", "business_day": day,
        "transaction": household, "line": number, "card": f"c{household}", "product": product,
        "domain": "internal", "quantity": -1 if back else 1, "unit": "each", "paid": paid,
        "regular": paid, "store_discount": 0, "manufacturer_discount": 0,
    }  # fmt: skip


def scans() -> list[Scan]:
    """All scans from BEGIN to the end of the fortnight."""
    chance = random.Random(7)
    found = []
    for household in ORDINARY:
        likes = chance.sample([p for p in CATEGORY if p != FUEL], 14)
        size, every = chance.choice([(9, 4), (6, 6), (2, 9)])
        day = BEGIN + timedelta(chance.randrange(every))
        while day <= FORTNIGHT[-1]:
            bought = chance.sample(likes, size)
            found += [
                scan(household, day, number, product, 150 + 10 * chance.randrange(80))
                for number, product in enumerate(bought)
            ]
            day += timedelta(chance.randint(1, 2 * every))
    for household, purchases in ON_THE_EDGE.items():
        for number, (age, paid, product) in enumerate(purchases):
            day = night_of(household) - timedelta(age)
            found.append(scan(household, day, number, product, paid))
    return found


SCANS = scans()


def eligible(household: str, night: date) -> bool:
    """Whether a household should get a list that night, worked out from the scans themselves."""
    said = [given for day, given in CONSENTS.get(household, [(BEGIN, True)]) if day <= night]
    spent = sum(
        scan["paid"]
        for scan in SCANS
        if scan["card"] == f"c{household}"
        and CATEGORY[scan["product"]] != "FUEL"
        and 1 <= (night - scan["business_day"]).days <= SPEND_DAYS
    )
    return bool(said and said[-1]) and household not in SUPPRESSED and spent >= MIN_SPEND


def offer(number: int, products: list[str], **changes: Any) -> dict[str, Any]:
    """An offer as it stands in a file."""
    words = " and ".join(sorted({CATEGORY[code] for code in products}))
    own = {
        "id": f"o{number:02d}", "title": f"Offer {number} on {words.lower()}", "funder": "Acme",
        "starts": "2017-10-01", "ends": "2018-01-31", "reward": {"amount_off": "1.00"},
        "ladder": {"heavy": "1.50", "medium": "1.00", "light": "0.50"},
        "budget": {"money": "100.00", "redemptions": 100},
        "products": [f"internal:{code}" for code in products],
    }  # fmt: skip
    return own | changes


def offers() -> list[dict[str, Any]]:
    """Twenty offers: two in each said category; scarce, early, late and unsaid ones."""
    kinds = [[p for p, c in CATEGORY.items() if c == category] for category, *_ in CATEGORIES]
    made = [offer(i, kinds[i % 8][:2] if i < 8 else kinds[i % 8][2:]) for i in range(16)]
    made[0] |= {"budget": {"money": "100.00", "redemptions": 2}}
    made[1] |= {"budget": {"money": "2.20", "redemptions": 100}}
    made[2] |= {"budget": {"money": "0", "redemptions": 100}}
    made[3] |= {"ends": "2017-11-23"}  # the last day of the fifth night's lists
    made[4] |= {"starts": "2017-11-10"}
    made.append(offer(16, kinds[8], title="Unsaid offer"))
    made.append(offer(17, [*kinds[10], kinds[3][0]], title="Cold cereal, and more"))
    made.append(offer(18, kinds[6], starts="2017-12-01"))
    made.append(offer(19, kinds[7], ends="2017-11-05"))
    return made


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a source's columns."""
    return pl.DataFrame(rows, infer_schema_length=None).with_row_index(LINE, 1)


def masters() -> dict[str, list[dict[str, Any]]]:
    """The master data, in the order in which it refers to each other."""
    products = [
        {
            "code": code, "domain": "internal", "description": f"{words} {code}",
            "store_brand": code.endswith("0"), "category": category, "category_words": words,
            "department": department, "size": f"{code[-1]} lb",
        }
        for code, category, words, department in PRODUCTS
    ]  # fmt: skip
    stores = [{"id": s, "name": f"Main Street {s}", "time_zone": "America/New_York"}
              for s in STORES]  # fmt: skip
    shoppers = [{"id": h, "name": f"Household {h}", "suppressed": h in SUPPRESSED}
                for h in HOUSEHOLDS]  # fmt: skip
    cards = [{"card": f"c{h}", "shopper": h} for h in HOUSEHOLDS]
    consents = [
        {"shopper": h, "purpose": "lists", "day": day, "given": given}
        for h in HOUSEHOLDS
        for day, given in CONSENTS.get(h, [(BEGIN, True)])
    ]
    return {"products": products, "stores": stores, "shoppers": shoppers, "cards": cards,
            "consents": consents}  # fmt: skip


def feed(house: House, rows: list[Scan], source: str = "scans.csv") -> None:
    """Take a till log in."""
    report = ingest_scans(house.settings, house.engine, source, in_batches(frame(rows)))
    assert (report.taken, report.rejects, report.rows) == (True, 0, len(rows))


def log_of(day: date) -> list[Scan]:
    """The till log of one day."""
    return [scan for scan in SCANS if scan["business_day"] == day]


def build(folder: Path, url: str = "") -> House:
    """A house with everything that was known when FIRST began."""
    folder.mkdir()
    shutil.copy(ROOT / "config.yaml", folder)
    change(folder, "stores: all ", "stores: [] ")  # on many a day a store of so few sells nothing
    shutil.copytree(ROOT / "templates", folder / "templates")
    shutil.copytree(ROOT / "models" / "prior", folder / "models" / "prior")
    (folder / "code.key").write_text(SECRET, encoding="utf-8")
    house = reopen(folder, url)
    database.migrate(house.engine)
    for table, rows in masters().items():
        source = in_batches(frame(rows))
        report = ingest_master(house.settings, house.engine, table, f"{table}.csv", source)
        assert (report.taken, report.rejects) == (True, 0)
    feed(house, [scan for scan in SCANS if scan["business_day"] < FIRST])
    with house.engine.begin() as connection:
        raw = [(each["id"], each) for each in offers()]
        assert len(catalogue.import_offers(connection, house.settings, raw).refused) == 1
    house.fold(range(BUCKETS), FIRST)  # here, because each copy's first night would else do it
    return house


def reopen(folder: Path, url: str = "") -> House:
    """A house as it lies in a folder, on SQLite if no URL says otherwise."""
    settings = config.load(folder / "config.yaml")
    return House(settings, database.connect(url or f"sqlite:///{folder / 'promo.db'}"))


def change(folder: Path, old: str, new: str) -> None:
    """Change a line of a house's config.yaml."""
    path = folder / "config.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def one_big_drop(folder: Path) -> None:
    """Make all lists in one night, FIRST."""
    change(folder, "nights: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]", "nights: [0]")


def promo(house: House | Path, *arguments: str, code: int = 0, **environment: str) -> Result:
    """Run a command in a house; it must leave with `code`, and not by an error of its own."""
    folder = house if isinstance(house, Path) else house.settings.folder
    given = ["--config", str(folder / "config.yaml"), *arguments]
    found = CliRunner().invoke(cli.main, given, env=environment, catch_exceptions=False)
    assert found.exit_code == code, found.output
    return found


def passed(built: Path, folder: Path) -> House:
    """A copy of a built house whose lists of FIRST are published and over, all days in the lake."""
    shutil.copytree(built, folder)
    one_big_drop(folder)
    house = reopen(folder)
    night(house)
    publish(house, FIRST)
    feed(house, [scan for scan in SCANS if scan["business_day"] >= FIRST], "fortnight.csv")
    house.fold(range(BUCKETS), FIRST + timedelta(14))
    return house


def keys(settings: Settings) -> CodeKeys:
    """The house's list-code keys."""
    return load_keys(settings.lists.document_type, SECRET)


def night(house: House, day: date = FIRST, *, per_store: bool = False) -> dict[str, Any]:
    """Make a night's lists; returns the report."""
    todo = nightly.plan(house, day)
    progress = Progress("nightly", terminal=False)
    return nightly.run(house, todo, keys(house.settings), progress, per_store=per_store)
