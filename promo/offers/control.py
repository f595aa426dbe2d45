"""Control: who, by a recorded coin, gets no list, and whose list goes without which offer.

Lift is what exposed households bought beyond what control households bought, so chance alone may
decide who is exposed. A household's coin is thrown anew each season, that nobody is left out for
good; the coin of a household and an offer holds for the offer's whole life.
"""

from datetime import date

import polars as pl

from promo.offers.coins import Keys, coins, keys
from promo.sections import Exploration

HOUSEHOLDS, OFFERS = "control of households", "control of offers"


def season(day: date, first: date, days: int) -> int:
    """The number of the season that a day falls in, counted from `first`."""
    return (day - first).days // days


def households(shoppers: pl.Series, seed: int, number: int, settings: Exploration) -> pl.Series:
    """Whether each household is control in a season, Boolean of shape (n,)."""
    thrown = coins(seed, f"{HOUSEHOLDS}/{number}", keys(shoppers))
    return pl.Series("control", thrown < settings.control_households)


def pairs(shoppers: pl.Series, offers: pl.Series, seed: int, settings: Exploration) -> pl.Series:
    """Whether each (household, offer) is control, Boolean of shape (n,)."""
    thrown = coins(seed, OFFERS, _of_each(shoppers), _of_each(offers))
    return pl.Series("control", thrown < settings.control_offers)


def _of_each(names: pl.Series) -> Keys:
    """Keys of names that repeat: each is worked out once."""
    own = names.unique(maintain_order=True)
    found = pl.DataFrame({"name": own, "key": pl.Series(keys(own), dtype=pl.UInt64)})
    each = names.to_frame("name").join(found, on="name", how="left", maintain_order="left")
    return each["key"].to_numpy()
