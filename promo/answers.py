"""Answers: what a house's own lists promised, and what of it was redeemed; what response learns."""

from datetime import date, timedelta

import polars as pl
from sqlalchemy import select

from promo import tables
from promo.calendar import BUCKETS
from promo.house import House
from promo.offers import candidates, habits, response
from promo.offers.response import Response
from promo.offers.terms import Terms
from promo.scans import lake
from promo.shoppers import prices, profiles

LOOK_BACK = 182  # days of nights that are learned from
DEPTH = 0.30  # share of the price, where neither price nor prior tell
MOST_PAIRS = 2_000_000  # that are learned from, the newest
SHOWN = {
    "night": pl.Date, "first_day": pl.Date, "last_day": pl.Date,
    "shopper": pl.String, "offer": pl.String, "worth": pl.Int64,
}  # fmt: skip


def typical_prices(house: House, day: date) -> pl.DataFrame:
    """What was typically paid for a piece in the days before `day`; see `prices.typical`."""
    oldest = day - timedelta(prices.RECENT_DAYS)
    parts = lake.parts(house.settings.paths.lake, until=house.last_delivery)
    recent = [p for p in parts if oldest <= date.fromisoformat(p.parent.name) < day]
    return prices.typical(prices.histogram(lake.by_day(recent)))


def learn(house: House, day: date, paid: pl.DataFrame) -> Response | None:
    """The response learned from the lists whose days were over when `day` began.

    Drawn to the shipped prior, so that few redemptions move it little and none not at all. A house
    without the prior begins with its own rate; without redemptions it knows nothing, None.
    """
    settings = house.settings
    before = response.prior(settings.paths.models)
    known = prices.with_margins(house.products, paid, settings.margin)
    found = examples(house, day, known, before.usual_depth if before else DEPTH)
    if before is None and found["redeemed"].sum():
        before = response.unlearned(found)
    return response.fit(found, before, settings.response.elasticity) if before else None


def examples(house: House, day: date, known: pl.DataFrame, usual_depth: float) -> pl.DataFrame:
    """The offers on published lists, with what their night knew of them and what became of them.

    known: products with prices; usual_depth: where no price is known. Columns: SHOWN,
    response.FACTS and redeemed (0 or 1).
    """
    told = shown(house, day)
    offers, items = _offers(house, told["offer"].unique().sort().to_list())
    told = told.join(items, on="offer", how="semi", maintain_order="left")  # no whole baskets
    seen = [
        _facts(house, rows, items, known) for rows in told.partition_by("night", include_key=True)
    ]
    empty = told.clear().with_columns(habit=pl.lit(0.0), proneness=pl.lit(0.0))
    pairs = pl.concat([empty, *seen]).join(offers, on="offer", how="left", maintain_order="left")
    key = ["night", "shopper", "offer"]
    return (
        candidates.with_prices(pairs, items, known, usual_depth)
        .join(_redeemed(house, told, day), on=key, how="left", maintain_order="left")
        .with_columns(
            pl.col("redeemed").fill_null(0),
            days=(pl.col("last_day") - pl.col("first_day")).dt.total_days() + 1,
        )
    )


def shown(house: House, day: date) -> pl.DataFrame:
    """The offers on published lists of the last LOOK_BACK days whose days were over: SHOWN."""
    run = tables.Run
    query = (
        select(run.night, run.report)
        .where(run.state == "published", run.night >= day - timedelta(LOOK_BACK), run.night < day)
        .order_by(run.night.desc())
    )
    with house.engine.connect() as connection:
        runs = connection.execute(query).all()
    found = [pl.DataFrame(schema=SHOWN)]
    for night, report in runs:
        path = house.settings.paths.lake / "shown" / f"{night}.parquet"
        days = {name: date.fromisoformat(report[name]) for name in ("first_day", "last_day")}
        if days["last_day"] < day and path.is_file() and sum(map(len, found)) < MOST_PAIRS:
            known = pl.col("shopper").is_not_null()  # what became of others nobody knows any more
            rows = pl.read_parquet(path).filter(pl.col("kind") == "offer", known)
            named = rows.with_columns(night=pl.lit(night), offer="item", **{
                name: pl.lit(of) for name, of in days.items()
            })  # fmt: skip
            found.append(named.select(list(SHOWN)))
    return pl.concat(found)


def _offers(house: House, names: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pieces to buy, or money to spend, of each offer, and the products of its first purchase."""
    offer, item, text = tables.Offer, tables.OfferProduct, pl.String()
    with house.engine.connect() as connection:
        rows = connection.execute(select(offer.id, offer.terms).where(offer.id.in_(names))).all()
    every = {row.id: Terms.from_stored(row.terms) for row in rows}
    needs = [(name, terms.pieces, terms.spending) for name, terms in every.items()]
    schema = {"offer": text, "buy": pl.Int64(), "spend": pl.Int64()}
    offers = pl.DataFrame(needs, schema=schema, orient="row")
    products = select(item.offer, item.product).where(item.purchase == 1, item.offer.in_(names))
    return offers, house.frame(products, {"offer": text, "product": text}).sort("offer", "product")


def _facts(
    house: House, rows: pl.DataFrame, items: pl.DataFrame, known: pl.DataFrame
) -> pl.DataFrame:
    """The pairs of one night with habit and proneness as they were when it began."""
    night: date = rows["night"][0]
    buckets = house.settings.wave(night).buckets
    unsaid = pl.col("category").is_in(list(house.settings.categories.never_said))
    days = house.days(buckets, night).join(rows.select("shopper"), on="shopper", how="semi")
    days = days.filter(~unsaid)
    sums = habits.pairs(profiles.purchases(days, "product"), days, items, known, night)
    homes = habits.households(days, house.redeemed(buckets, night))
    return habits.attach(rows, sums, homes, items, known)


def _redeemed(house: House, told: pl.DataFrame, day: date) -> pl.DataFrame:
    """The pairs that were redeemed while their list was good: night, shopper, offer, redeemed."""
    used = house.redeemed(range(BUCKETS), day).select("shopper", "offer", used="day")
    in_time = pl.col("used").is_between(pl.col("first_day"), pl.col("last_day"))
    pairs = told.join(used, on=["shopper", "offer"]).filter(in_time)
    return pairs.select("night", "shopper", "offer", redeemed=1).unique()
