"""Filling freed slots of lists that are out: the next best offers under the night's own rules."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import polars as pl

from promo.offers.budgets import SUMS
from promo.offers.live import Catalogue
from promo.offers.risk import Risk, Sums, chance
from promo.offers.terms import Terms
from promo.offers.wording import Wording, points


@dataclass(frozen=True)
class Rules:
    """What lists keep to; the funders are those of all offers that may stand on a list.

    rivals: pairs of offers that never stand on one list, both ways round.
    """

    risk: Risk
    per_category: int = 1
    per_funder: int = 2**30
    funders: Mapping[str, str] = field(default_factory=dict)
    rivals: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Standing:
    """An offer that stays on a list, and what it is worth if the list uses it up."""

    offer: str
    category: str
    worth: int


@dataclass
class Refill:
    """What households could get instead, best first, and what budgets still hold.

    Promises made here are remembered, so that the next household sees what the last one took.
    """

    choices: dict[str, list[dict[str, Any]]]
    offers: dict[str, dict[str, Any]]  # rows of the catalogue by id
    terms: dict[str, Terms]
    wording: Callable[[str], Wording]
    rules: Rules

    @classmethod
    def of(
        cls,
        weighed: pl.DataFrame,
        taken: set[tuple[str, str]],
        catalogue: Catalogue,
        wording: Callable[[str], Wording],
        rules: Rules,
    ) -> Self:
        """weighed: shopper, offer (id), category, loyalty, volume, value, worth, probability, why
        (a night's decisions); taken: (household, offer) that stand, or stood, on a list of theirs;
        wording: of a household's list.

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
        return cls(choices, offers, terms, wording, rules)

    def best(
        self, shopper: str, staying: Sequence[Standing], slots: int, most: int
    ) -> Iterator[dict[str, Any]]:
        """Up to `slots` offers beside those that stay, in the fields of a list's offer.

        most: what the list's offers may be worth in all, minor units.
        """
        standing = list(staying)
        for row in self.choices.get(shopper, ()):
            if not slots:
                return
            worth = row["worth"] * self.offers[row["offer"]]["uses_each"]
            new = Standing(row["offer"], row["category"], worth)
            if sum(s.worth for s in standing) + worth > most or not self._agrees(standing, new):
                continue
            if self._holds(row):
                standing.append(new)
                slots -= 1
                yield self._item(row)

    def _agrees(self, standing: Sequence[Standing], new: Standing) -> bool:
        """Whether category, funder and rivals let an offer stand beside others."""
        rules, funder = self.rules, self.rules.funders.get(new.offer)
        same = sum(other.category == new.category for other in standing)
        of_funder = sum(rules.funders.get(other.offer) == funder for other in standing)
        return (
            same < rules.per_category
            and of_funder < rules.per_funder
            and not any((other.offer, new.offer) in rules.rivals for other in standing)
        )

    def _item(self, row: dict[str, Any]) -> dict[str, Any]:
        own, terms = self.offers[row["offer"]], self.terms[row["offer"]]
        cell = row["loyalty"], row["volume"]
        number = terms.number(cell)
        title, headline, conditions = self.wording(row["shopper"]).all_of(terms, number)
        return {
            "offer": row["offer"], "title": title, "worth": row["worth"],
            "buy": own["buy"], "category": row["category"], "cell": "/".join(cell),
            "probability": row["probability"], "uses": own["uses_each"],
            "headline": headline, "conditions": conditions, "points": points(terms, number),
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
        if not sure and chance(sums, *left, self.rules.risk)[0] > self.rules.risk.overspend:
            return False
        own |= dict(zip(SUMS, (float(c[0]) for c in sums.columns()), strict=True))
        own |= {"money_open": money, "uses_open": most}
        return True
