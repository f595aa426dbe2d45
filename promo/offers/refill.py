"""Filling freed slots of lists that are out: the next best offers, as long as budgets allow."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl

from promo.offers.budgets import SUMS
from promo.offers.live import Catalogue
from promo.offers.risk import Risk, Sums, chance
from promo.offers.terms import Terms
from promo.offers.wording import Wording


@dataclass
class Refill:
    """What households could get instead, best first, and what budgets still hold.

    Promises made here are remembered, so that the next household sees what the last one took.
    """

    choices: dict[str, list[dict[str, Any]]]
    offers: dict[str, dict[str, Any]]  # rows of the catalogue by id
    terms: dict[str, Terms]
    wording: Wording
    risk: Risk

    @classmethod
    def of(
        cls,
        weighed: pl.DataFrame,
        taken: set[tuple[str, str]],
        catalogue: Catalogue,
        wording: Wording,
        risk: Risk,
    ) -> Self:
        """weighed: shopper, offer (id), category, loyalty, volume, value, worth, probability, why
        (a night's decisions); taken: (household, offer) that stand, or stood, on a list of theirs.

        What a control withholds from a household stays withheld.
        """
        offers = {row["id"]: dict(row) for row in catalogue.offers.iter_rows(named=True)}
        usable = weighed.filter(
            pl.col("offer").is_in(list(offers)),
            pl.col("value") > 0,
            pl.col("worth") > 0,
            ~pl.col("why").cast(pl.String).str.contains("control"),
        ).sort("shopper", "value", "offer", descending=[False, True, False])
        choices: dict[str, list[dict[str, Any]]] = {}
        for row in usable.iter_rows(named=True):
            if (row["shopper"], row["offer"]) not in taken:
                choices.setdefault(row["shopper"], []).append(row)
        terms = dict(zip(catalogue.offers["id"], catalogue.terms, strict=True))
        return cls(choices, offers, terms, wording, risk)

    def best(self, shopper: str, categories: set[str], slots: int) -> Iterator[dict[str, Any]]:
        """Up to `slots` offers of categories that are free, in the fields of a list's offer."""
        busy = set(categories)
        for row in self.choices.get(shopper, ()):
            if not slots:
                return
            if row["category"] not in busy and self._holds(row):
                busy.add(row["category"])
                slots -= 1
                yield self._item(row)

    def _item(self, row: dict[str, Any]) -> dict[str, Any]:
        own, terms = self.offers[row["offer"]], self.terms[row["offer"]]
        cell = row["loyalty"], row["volume"]
        number = terms.number(cell)
        return {
            "offer": row["offer"], "title": own["title"], "worth": row["worth"],
            "buy": own["buy"], "category": row["category"], "cell": "/".join(cell),
            "probability": row["probability"], "uses": own["uses_each"],
            "headline": self.wording.headline(terms, number),
            "conditions": self.wording.conditions(terms, number),
        }  # fmt: skip

    def _holds(self, row: dict[str, Any]) -> bool:
        """Whether the budget holds one more promise; if so the promise is made."""
        own = self.offers[row["offer"]]
        uses = own["uses_each"]
        zero = np.zeros(uses, dtype=np.int64)
        p, c = np.full(uses, row["probability"]), np.full(uses, row["worth"])
        sums = Sums(*(np.array([own[name]]) for name in SUMS)) + Sums.of(zero, p, c, 1)
        money, most = own["money_open"] + uses * row["worth"], own["uses_open"] + uses
        left = np.array([own["money_left"]]), np.array([own["uses_left"]])
        sure = money <= own["money_left"] and most <= own["uses_left"]
        if not sure and chance(sums, *left, self.risk)[0] > self.risk.overspend:
            return False
        own |= dict(zip(SUMS, (float(c[0]) for c in sums.columns()), strict=True))
        own |= {"money_open": money, "uses_open": most}
        return True
