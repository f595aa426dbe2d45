"""`promo fit` from end to end, on a small chain whose households we made ourselves."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from promo import training
from promo.house import House
from promo.progress import Progress
from promo.scans.ingest import in_batches, ingest_master, ingest_scans
from promo.shoppers import models, shelf
from promo.shoppers.models import Model, ModelError

FIRST = date(2017, 1, 2)
HOUSEHOLDS, DAYS = 150, 200
TODAY = FIRST + timedelta(DAYS)
CATEGORIES = {  # r, alpha (days), a, b
    "MILK": (2.0, 12.0, 0.3, 6.0),
    "BREAD": (2.0, 20.0, 0.4, 5.0),
    "COFFEE": (1.5, 40.0, 0.6, 2.0),
    "SALT": (1.0, 60.0, 1.0, 2.0),
    "LAXATIVES": (1.0, 30.0, 1.0, 3.0),  # sensitive
}
Purchase = tuple[str | None, str, int]  # card, product, day
PRODUCTS = pl.DataFrame(
    [
        {"code": f"{n}{brand}", "domain": "internal", "description": category.lower(),
         "category": category, "store_brand": brand == "a"}
        for n, category in enumerate(CATEGORIES)
        for brand in "ab"
    ]
)  # fmt: skip


def purchases() -> list[Purchase]:
    """Purchases of households that buy and stop as BG/NBD says."""
    random = np.random.default_rng(1)
    found: list[Purchase] = []
    for household in range(HOUSEHOLDS):
        for n, (r, alpha, a, b) in enumerate(CATEGORIES.values()):
            rate, stop = random.gamma(r, 1 / alpha), random.beta(a, b)
            day, usual = random.uniform(0, 90), random.choice(["a", "b"])
            while day < DAYS:
                found.append((f"card{household}", f"{n}{usual}", int(day)))
                day += random.exponential(1 / rate) if random.random() >= stop else DAYS
    return found


def scans(bought: Sequence[Purchase]) -> pl.DataFrame:
    rows = [
        {
            "at": datetime.combine(FIRST + timedelta(day), time(17)),
            "store": "1",
            "till": "1",
            "business_day": FIRST + timedelta(day),
            "transaction": str(number),
            "line": 1,
            "card": card,
            "product": product,
            "domain": "internal",
            "quantity": 1,
            "paid": 250,
            "regular": 250,
        }
        for number, (card, product, day) in enumerate(bought)
    ]
    return pl.DataFrame(rows)


def take(house: House, table: str, frame: pl.DataFrame) -> None:
    settings, batches = house.settings, in_batches(frame.with_row_index("_line", 1))
    if table == "scans":
        report = ingest_scans(settings, house.engine, table, batches)
    else:
        report = ingest_master(settings, house.engine, table, table, batches)
    assert (report.taken, report.rejects) == (True, 0)


@pytest.fixture
def chain(house: House) -> House:
    """A house with a store and products, and no scans yet."""
    take(house, "products", PRODUCTS)
    take(house, "stores", pl.DataFrame({"id": ["1"], "time_zone": ["America/New_York"]}))
    return house


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a model."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_a_fit_writes_a_model_and_a_card_that_beats_the_baseline(chain: House) -> None:
    bought = purchases()
    take(chain, "scans", scans([*bought, *[(None, "0a", DAYS - 1)] * 50, ("new", "0a", DAYS)]))
    few = chain.settings.clubs.model_copy(update={"number": 2, "least_purchases": 5})
    chain.settings = chain.settings.model_copy(update={"clubs": few})
    folder = training.run(chain, TODAY, Progress("fit", terminal=False))
    model = models.load(folder)
    card = model.card

    assert models.in_use(chain.settings.paths.models, TODAY).card == card
    assert card["fitted_for"] == "2017-07-21"
    assert (card["first_day"], card["last_day"]) == ("2017-01-02", "2017-07-20")
    assert card["scans"] == len(bought)  # those with a card, before the day
    assert card["households"] == HOUSEHOLDS
    assert card["tiers_from"]["top"] > card["tiers_from"]["high"] > 0
    for level in ("category", "product"):
        tested = card["backtest"][level]
        assert tested["cut"] == "2017-07-07"
        assert tested["pairs"] > 300
        assert tested["log_loss"] < tested["poisson_log_loss"]
        assert tested["auc"] > tested["poisson_auc"] > 0.5
        assert tested["calibration_error"] < 0.1  # twenty bins of some 25 pairs

    clubs = models.clubs(folder.parent, folder.name)
    assert clubs is not None
    assert len(clubs.names) == 2
    assert set(clubs.categories) == {"BREAD", "COFFEE", "MILK", "SALT"}

    written = contents(folder)
    assert "clubs.csv" in written
    assert "response.json" not in written  # nobody knows who answers: no prior, no redemption
    assert (pl.read_parquet(written["prices.parquet"])["n"] > 0).all()
    json.loads(written["card.json"], parse_constant=pytest.fail)  # NaN is no JSON
    training.run(chain, TODAY, Progress("fit", terminal=False))
    assert contents(folder) == written

    said = ["*", "BREAD", "COFFEE", "MILK", "SALT"]
    assert model.categories["category"].to_list() == said
    assert model.cycles.filter(pl.col("level") == "product")["category"].to_list() == said
    milk = model.categories.filter(pl.col("category") == "MILK")
    sold = [product for _, product, _ in bought if product.startswith("0")]
    own = sold.count("0a") + 50  # sales without a card count for the store brand's share
    assert milk["store_brand_share"].item() == pytest.approx(own / (len(sold) + 50), abs=1e-6)


def pessimist(name: str, last_day: str) -> Model:
    """A model that expects next to nothing of anybody."""
    rows = [(level, "*", 1, 1.0, 5000.0, 1.0, 5.0, 1.0) for level in ("category", "product")]
    return Model(
        name,
        pl.DataFrame(rows, models.CYCLES, orient="row"),
        pl.DataFrame([("*", 1, 0.5, 100, 1000)], models.CATEGORIES, orient="row"),
        {"tiers_from": {"top": 2, "high": 1}, "last_day": last_day},
    )


def every_other_day(until: int) -> list[Purchase]:
    """Forty households buy milk on every other day, four of them once more near the end."""
    regular = [(f"card{n}", "0a", day) for n in range(40) for day in range(100, until, 2)]
    return [*regular, *[(f"card{n}", "0a", DAYS - 3) for n in range(4)]]


@pytest.fixture
def deserted(chain: House) -> House:
    """A chain whose households came regularly, and that lost most of them a fortnight ago."""
    take(chain, "scans", scans(every_other_day(DAYS - 14)))
    return chain


@pytest.fixture
def steady(chain: House) -> House:
    """A chain whose households come regularly."""
    take(chain, "scans", scans(every_other_day(DAYS)))
    return chain


def fitted(house: House, *, force: bool = False) -> dict[str, Any]:
    folder = training.run(house, TODAY, Progress("fit", terminal=False), force=force)
    return models.load(folder).card


def test_a_fit_that_is_worse_is_set_aside_unless_forced(deserted: House) -> None:
    root, name = deserted.settings.paths.models, "2017-07-14"
    models.save(root, pessimist(name, "2017-07-13"))
    card = fitted(deserted)
    compared = card["compared"]
    assert (compared["with"], compared["seen_days"]) == (name, 7)
    assert compared["worse"] == ["category", "product"]
    assert not card["forced"]
    for level in compared["worse"]:
        gap = card["backtest"][level]["log_loss"] - compared[level]["log_loss"]
        assert gap > 0.001
        assert compared[level]["log_loss_higher_by"] == pytest.approx(gap)
    aside = shelf.set_aside(root / f"{TODAY}")
    assert aside is not None
    assert (aside["day"], aside["by"]) == (f"{TODAY}", "fit")
    assert aside["why"].startswith("Worse than the model in use: log-loss from 2017-07-07 to 2017-")
    assert "2017-07-14's data cover 7 of these 14 days: an unfair advantage" in aside["why"]
    assert models.in_use(root, TODAY).name == name

    written = contents(root / f"{TODAY}")
    fitted(deserted)  # judged anew, to the same end
    assert contents(root / f"{TODAY}") == written

    card = fitted(deserted, force=True)
    assert card["forced"]
    assert card["compared"] == compared
    assert models.in_use(root, TODAY).name == f"{TODAY}"


def test_a_fit_that_is_better_is_in_use(steady: House) -> None:
    root = steady.settings.paths.models
    models.save(root, pessimist("2017-07-07", "2017-07-06"))
    card = fitted(steady, force=True)
    assert (card["compared"]["worse"], card["forced"]) == ([], False)
    assert card["compared"]["category"]["log_loss_higher_by"] < 0
    assert models.in_use(root, TODAY).name == f"{TODAY}"


def test_the_same_recipe_on_the_same_days_is_no_worse(deserted: House) -> None:
    """A model fitted for the day on which the test begins is the twin itself."""
    cut = TODAY - timedelta(14)
    training.run(deserted, cut, Progress("fit", terminal=False))
    compared = fitted(deserted)["compared"]
    assert (compared["with"], compared["seen_days"]) == (f"{cut}", 0)
    for level in ("category", "product"):  # but for the digits that a file holds
        assert abs(compared[level]["log_loss_higher_by"]) <= 0.0005


def test_a_model_without_a_level_is_not_compared_with(deserted: House) -> None:
    model = pessimist("2017-07-07", "2017-07-06")
    some = replace(model, cycles=model.cycles.head(1))
    models.save(deserted.settings.paths.models, some)
    assert fitted(deserted)["compared"] is None


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ([], "no scans with a card before 2017-07-07.* at least a fortnight of history"),
        ([180, 195], "No household bought the same category on two days before 2017-07-07"),
        ([170, 180], "nothing was bought from 2017-07-07 to 2017-07-20"),
    ],
)
def test_too_little_history_is_a_sentence(chain: House, days: list[int], sentence: str) -> None:
    if days:
        take(chain, "scans", scans([("card1", "0a", day) for day in days]))
    with pytest.raises(ModelError, match=sentence):
        training.run(chain, TODAY, Progress("fit", terminal=False))
    assert not chain.settings.paths.models.exists()
