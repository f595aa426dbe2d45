"""Choosing: which offers stand on which list tonight, and the record of why.

Budgets and slots decide (promo.offers.allocation), then coins: the last slots are drawn
(promo.offers.discovery), and what a control coin holds back is taken out again. A held-back offer
had won its slot first, so that control and exposed households differ by the coin alone; the slot
stays empty.
"""

from dataclasses import dataclass, fields
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from promo import money
from promo.config import Settings
from promo.forecasting import Forecasts
from promo.house import House
from promo.language import Languages
from promo.offers import candidates, control, pacing, rivals
from promo.offers.allocation import Allocation, Candidates, Offers, Rules, allocate
from promo.offers.coins import keys
from promo.offers.discovery import Discovered, discover
from promo.offers.live import Catalogue
from promo.offers.prices import Prices
from promo.offers.reasons import Why
from promo.offers.risk import Risk, Sums, capacity
from promo.offers.wording import worded

NO_END = 2**62  # minor units: a band without an upper end
ELSEWHERE, CONTROL, DRAWN = "elsewhere", "control", "drawn"
WORDS = np.array([why.name.lower() for why in Why], dtype=object)
ON_LIST = ("chosen", DRAWN)
WON = (*ON_LIST, CONTROL)
DECISION = (
    "shopper", "offer", "category", "loyalty", "volume", "worth", "probability", "baseline",
    "incremental_margin", "value", "price", "chosen", "why", "beaten_by", "chance",
)  # fmt: skip
RECORDED = ("id", *(name for name in DECISION if name not in ("offer", "chosen")))


@dataclass(frozen=True)
class Chosen:
    """What the night's lists offer.

    offers: candidates that got a slot, by household and falling value, with id, title, chance (with
    which it was drawn; 1 where the allocation chose it) and why (`control`: not to be printed).
    decisions: every candidate with why; prices: of the budgets (id, money, uses), for the night
    after; unmet: households whose face value no list of theirs could bring into the tier's band.
    """

    offers: pl.DataFrame
    decisions: pl.DataFrame
    prices: pl.DataFrame
    unmet: list[str]

    @property
    def listed(self) -> pl.DataFrame:
        """The offers that stand on lists: what no coin holds back."""
        return self.offers.filter(pl.col("why") != CONTROL)


def choose(
    night: date,
    found: Forecasts,
    catalogue: Catalogue,
    house: House,
    elsewhere: set[tuple[str, str]],
    before: pl.DataFrame | None = None,
    buckets: int | None = None,
) -> Chosen:
    """The candidates that get a slot on `night`.

    elsewhere: (household, offer) that stand on other lists open on the same days; before: an
    earlier night's budget prices, to begin with; buckets: how many the lists are for, where they
    are not the night's own.
    """
    settings, shoppers = house.settings, found.households["shopper"]
    words = catalogue.offers.select("offer", "id", "buy", "uses_each")
    named = found.candidates.join(words, on="offer", how="left", maintain_order="left")
    taken = pl.DataFrame(
        sorted(elsewhere), schema={"shopper": pl.String, "id": pl.String}, orient="row"
    )
    held = named.join(taken, on=["shopper", "id"], how="semi", maintain_order="left")
    free = named.join(taken, on=["shopper", "id"], how="anti", maintain_order="left")
    pairs = _pairs(free, shoppers)
    offers = _offers(night, pairs, catalogue, house, buckets)
    rules = _rules(found.households["tier"], settings)
    allocation = allocate(pairs, offers, rules, _warm(before, catalogue))
    slots = settings.exploration.discovery_slots
    throws = (settings.seed, f"discovery of {night}", keys(shoppers))
    unseen = ~free["familiar"].to_numpy()
    drawn = discover(pairs, unseen, offers, rules, allocation, slots, throws)
    decided = _decided(free, pairs, allocation, drawn, settings)
    terms = {terms.id: terms for terms in catalogue.terms}
    spoken = found.households.select("shopper", "language")
    won = decided.filter(pl.col("why").is_in(WON)).join(spoken, on="shopper", how="left")
    won = worded(won, terms, Languages.of(settings)).drop("language")
    return Chosen(
        won.sort("shopper", "value", "id", descending=[False, True, False]),
        _record(decided, held, found.missed.join(words, on="offer", maintain_order="left")),
        _prices(catalogue, allocation.prices),
        shoppers.gather(allocation.unmet.tolist()).to_list(),
    )


def _decided(
    free: pl.DataFrame,
    pairs: Candidates,
    allocation: Allocation,
    drawn: Discovered,
    settings: Settings,
) -> pl.DataFrame:
    """The candidates with why, beaten_by (an offer's id), price (of their budgets) and chance."""
    why = WORDS[allocation.why]
    chance = np.where(why == Why.CHOSEN.name.lower(), 1.0, 0.0)
    why[drawn.drawn], chance[drawn.drawn] = DRAWN, drawn.chance
    held_back = control.pairs(free["shopper"], free["id"], settings.seed, settings.exploration)
    why[held_back.to_numpy() & np.isin(why, ON_LIST)] = CONTROL
    by = pl.Series(np.where(np.isin(why, WON), -1, allocation.beaten_by)).replace(-1, None)
    money_price, use_price = allocation.prices.money, allocation.prices.uses
    price = pairs.probability * (money_price[pairs.offer] * pairs.worth + use_price[pairs.offer])
    return free.with_columns(
        why=pl.Series(why, dtype=pl.String), chance=pl.Series(chance), price=pl.Series(price),
        beaten_by=free["id"].gather(by),
    )  # fmt: skip


def _record(decided: pl.DataFrame, held: pl.DataFrame, missed: pl.DataFrame) -> pl.DataFrame:
    """What `lake/decisions` keeps of every candidate, by household and offer.

    missed: what the household's store keeps from it, with why. Nothing is expected of that.
    """
    nothing = {name: pl.lit(0.0) for name in ("chance", "price")}
    nothing["beaten_by"] = pl.lit(None, pl.String)
    elsewhere = held.with_columns(why=pl.lit(ELSEWHERE), **nothing)
    unfilled = missed.with_columns(
        worth=pl.lit(0, pl.Int64), **nothing,
        **{name: pl.lit(0.0) for name in ("probability", "incremental_margin", "value")},
    )  # fmt: skip
    return (
        pl.concat([some.select(RECORDED) for some in (decided, elsewhere, unfilled)])
        .with_columns(offer=pl.col("id"), chosen=pl.col("why").is_in(ON_LIST))
        .select(DECISION)
        .sort("shopper", "offer")
    )


def _prices(catalogue: Catalogue, prices: Prices) -> pl.DataFrame:
    columns = {"money": pl.Series(prices.money), "uses": pl.Series(prices.uses)}
    return catalogue.offers.select("id").with_columns(**columns)


def _warm(before: pl.DataFrame | None, catalogue: Catalogue) -> Prices | None:
    """Yesterday's prices in today's order; an offer that is new costs nothing yet."""
    if before is None:
        return None
    ids = catalogue.offers.select("id")
    found = ids.join(before, on="id", how="left", maintain_order="left").fill_null(0.0)
    return Prices(found["money"].to_numpy(), found["uses"].to_numpy())


def _pairs(free: pl.DataFrame, shoppers: pl.Series) -> Candidates:
    """The candidates as arrays; an offer that a list may use twice counts for twice its worth."""
    return candidates.as_arrays(free.with_columns(pl.col("worth") * pl.col("uses_each")), shoppers)


def _offers(
    night: date, pairs: Candidates, catalogue: Catalogue, house: House, buckets: int | None
) -> Offers:
    """Tonight's offers as arrays, in the order of the catalogue; uses are counted in lists."""
    rows, settings = catalogue.offers, house.settings
    each = rows["uses_each"].to_numpy()
    money, uses = rows["money_left"].to_numpy(), rows["uses_left"].to_numpy() // each
    outstanding = _in_lists(Sums(*(rows[field.name].to_numpy() for field in fields(Sums))), each)
    mix = Sums.of(pairs.offer, pairs.probability, pairs.worth, rows.height)
    most, _ = capacity(mix, money, uses, _risk(settings), outstanding)
    least = np.zeros(rows.height)  # one promise: small budgets would else wait for the last night
    np.maximum.at(least, pairs.offer, pairs.probability * pairs.worth)
    ends = rows["ends"].to_list()
    share = pacing.shares(night, rows["starts"].to_list(), ends, settings, buckets)
    return Offers(
        money=money,
        uses=uses,
        funder=rows["funder"].rank("dense").cast(pl.Int64).to_numpy(),
        outstanding=outstanding,
        pace=np.maximum(np.minimum(1.0, share * settings.allocation.pace) * most, least),
        rivals=rivals.pairs(catalogue, house.products),
    )


def _in_lists(promised: Sums, each: NDArray[np.int64]) -> Sums:
    """Sums over promised uses as sums over lists, which use an offer `each` times or not at all."""
    return Sums(
        money_1=promised.money_1,
        money_2=promised.money_2 * each,
        money_3=promised.money_3 * each**2,
        money_22=promised.money_22 * each,
        uses_1=promised.uses_1 / each,
        uses_22=promised.uses_22 / each,
    )


def _rules(tiers: pl.Series, settings: Settings) -> Rules:
    """The rules of each household's list: slots, and its tier's band."""
    own = settings.allocation
    ends = {tier: band(tier, settings) for tier in tiers.unique()}
    bands = np.array([ends[tier] for tier in tiers], dtype=np.int64).reshape(-1, 2)
    slots = settings.lists.max_offers - settings.exploration.discovery_slots
    return Rules(
        slots=np.full(len(tiers), slots, dtype=np.int64),
        low=bands[:, 0],
        high=bands[:, 1],
        per_category=own.per_category,
        per_funder=own.per_funder,
        pull=own.pull,
        risk=_risk(settings),
    )


def band(tier: str, settings: Settings) -> tuple[int, int]:
    """The least and the most worth of a tier's list, minor units."""
    ends = settings.allocation.bands.get(tier)
    if ends is None:
        return 0, NO_END
    low, high = (money.to_minor(str(end), settings.currency) for end in ends)
    return low, high


def _risk(settings: Settings) -> Risk:
    return Risk(settings.allocation.overspend_risk, settings.allocation.response_cv)
