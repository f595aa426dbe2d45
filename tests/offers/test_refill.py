"""Filling freed slots: the next best that is free, live and within its budget."""

from typing import Any

import polars as pl
import pytest

from promo.language import Language
from promo.offers.budgets import SUMS
from promo.offers.live import Catalogue
from promo.offers.refill import Refill, Rules, Standing
from promo.offers.risk import Risk
from promo.offers.terms import parse
from promo.offers.wording import Wording

RULES = Rules(Risk(0.01, 0.2))
NO_END = 2**62


def wording(shopper: str) -> Wording:
    """Household 3 reads Spanish."""
    return Wording(Language("es" if shopper == "3" else "en"))


def catalogue(**left: tuple[int, int]) -> Catalogue:
    """Offers with money and uses left, nothing promised."""
    rows = [
        {"id": name, "title": f"Offer {name}", "buy": 1, "uses_each": 1, "money_left": money,
         "uses_left": uses, "money_open": 0, "uses_open": 0} | dict.fromkeys(SUMS, 0.0)
        for name, (money, uses) in left.items()
    ]  # fmt: skip
    raw = {"funder": "Acme", "starts": "2017-11-01", "ends": "2017-12-31", "products": ["x"],
           "reward": {"amount_off": "1.00"}, "budget": {"money": 9, "redemptions": 9}}  # fmt: skip
    terms = (parse(raw | {"id": n, "title": f"Offer {n}"}, "here", "USD") for n in left)
    return Catalogue(pl.DataFrame(rows), pl.DataFrame(), pl.DataFrame(), tuple(terms))


def weighed(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """Rows of (household, offer, category, value), worth 1.00 with probability .1."""
    names = ["shopper", "offer", "category", "value"]
    frame = pl.DataFrame(rows, names, orient="row")
    return frame.with_columns(
        worth=pl.lit(100), probability=pl.lit(0.1), why=pl.lit("slots"),
        loyalty=pl.lit("national"), volume=pl.lit("heavy"),
    )  # fmt: skip


ROWS = weighed(
    ("1", "a", "A", 5.0), ("1", "b", "B", 9.0), ("1", "c", "B", 8.0), ("1", "d", "D", 7.0),
    ("1", "e", "E", 0.0), ("2", "a", "A", 1.0),
)  # fmt: skip
PLENTY = dict.fromkeys("abcde", (100000, 1000))


def best(refill: Refill, shopper: str, slots: int, *categories: str) -> list[str]:
    standing = [Standing("other", category, 0) for category in categories]
    return [found["offer"] for found in refill.best(shopper, standing, slots, NO_END)]


@pytest.mark.parametrize(
    ("slots", "categories", "taken", "expected"),
    [
        (9, "", "", "bda"),  # one a category, none without value
        (2, "", "", "bd"),
        (0, "", "", ""),
        (9, "B", "", "da"),
        (9, "", "b", "cda"),
        (9, "A", "bc", "d"),
    ],
)
def test_the_next_best(slots: int, categories: str, taken: str, expected: str) -> None:
    held = {("1", name) for name in taken} | {("2", "d")}
    refill = Refill.of(ROWS, held, catalogue(**PLENTY), wording, RULES)
    assert best(refill, "1", slots, *categories) == list(expected)
    assert best(refill, "3", slots) == []


def test_only_what_is_live_and_not_withheld() -> None:
    control = ROWS.with_columns(
        why=pl.when(pl.col("offer") == "b").then(pl.lit("control")).otherwise("why")
    )
    refill = Refill.of(control, set(), catalogue(b=(9999, 99), d=(9999, 99)), wording, RULES)
    assert best(refill, "1", 9) == ["d"]


def test_the_fields_of_a_list_s_offer() -> None:
    [found] = Refill.of(ROWS, set(), catalogue(**PLENTY), wording, RULES).best("2", [], 1, NO_END)
    assert found == {
        "offer": "a", "title": "Offer a", "worth": 100, "buy": 1, "category": "A",
        "cell": "national/heavy", "probability": 0.1, "uses": 1, "headline": "$1.00 off",
        "conditions": "On one item. Once.", "points": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "staying", "most", "expected"),
    [
        ({}, [], NO_END, "bda"),
        ({"per_category": 2}, [], NO_END, "bcda"),
        ({"per_funder": 1}, [], NO_END, "bd"),  # of Acme b and not a; d is of Coop
        ({"per_funder": 1}, [("x", 0)], NO_END, "b"),
        ({"per_funder": 2}, [("y", 0)], NO_END, "bda"),  # y's funder is nobody else's
        ({"rivals": ["bd", "ab"]}, [], NO_END, "b"),
        ({"rivals": ["xb"]}, [("x", 0)], NO_END, "cda"),
        ({}, [], 200, "bd"),
        ({}, [("x", 150), ("y", 50)], 300, "b"),
        ({}, [("x", 150), ("y", 50)], 299, ""),
    ],
)
def test_the_rules_of_lists(
    rules: dict[str, Any], staying: list[tuple[str, int]], most: int, expected: str
) -> None:
    """x is Coop's, y nobody's; neither is in the way by its category."""
    pairs = [tuple(pair) for pair in rules.pop("rivals", [])]
    funders = {"a": "Acme", "b": "Acme", "c": "Acme", "d": "Coop", "x": "Coop", "y": "Nobody"}
    own = Rules(
        RULES.risk, **rules, funders=funders, rivals=frozenset(pairs + [p[::-1] for p in pairs])
    )
    refill = Refill.of(ROWS, set(), catalogue(**PLENTY), wording, own)
    standing = [Standing(name, f"own {name}", worth) for name, worth in staying]
    assert "".join(f["offer"] for f in refill.best("1", standing, 9, most)) == expected


@pytest.mark.parametrize("left", [(300, 100), (10_000, 3)])
def test_what_one_household_takes_the_next_one_lacks(left: tuple[int, int]) -> None:
    rows = weighed(*((f"{n}", "a", "A", 1.0) for n in range(200)))
    refill = Refill.of(rows, set(), catalogue(a=left), wording, RULES)
    given = sum(bool(best(refill, f"{n}", 1)) for n in range(200))
    # Three are sure; at .1 each, the chance of more than three passes 1 % beyond eight.
    assert 5 <= given <= 9
