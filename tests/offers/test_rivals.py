"""Rivals: whoever is named, by funder, offer or brand, and by whichever of the two."""

from typing import Any

import polars as pl
import pytest

from promo.offers import rivals
from promo.offers.live import Catalogue
from promo.offers.terms import parse

FUNDERS = {"a": "Acme", "b": "Best", "c": "Acme", "d": "Coop"}
GOODS = {"a": ["1", "2"], "b": ["3"], "c": ["2", "4"], "d": []}  # d is on the whole basket
KNOWN = pl.DataFrame(
    {"id": ["1", "2", "3", "4"], "brand": ["Oaty", "Oaty", "Milky", None]},
    {"id": pl.String, "brand": pl.String},
)


def catalogue(**named: dict[str, list[str]]) -> Catalogue:
    """Four offers, of which some name their rivals."""
    raw: dict[str, Any] = {
        "title": "Title", "starts": "2017-11-01", "ends": "2017-12-31", "products": ["x"],
        "reward": {"amount_off": "1.00"}, "budget": {"money": 9, "redemptions": 9},
    }  # fmt: skip
    terms = [
        parse(raw | {"id": name, "funder": funder, "rivals": named.get(name, {})}, name, "USD")
        for name, funder in FUNDERS.items()
    ]
    offers = pl.DataFrame({"id": list(FUNDERS), "funder": list(FUNDERS.values())})
    pairs = [(row, product) for row, goods in enumerate(GOODS.values()) for product in goods]
    items = pl.DataFrame(pairs, {"offer": pl.UInt32, "product": pl.String}, orient="row")
    return Catalogue(offers.with_row_index("offer"), pl.DataFrame(), items, tuple(terms))


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({}, ""),
        ({"b": {"offers": ["a"]}}, "ab"),
        ({"a": {"offers": ["b"]}, "b": {"offers": ["a"]}}, "ab"),  # once
        ({"a": {"offers": ["a", "gone"]}}, ""),  # not of itself, nor of what is not live
        ({"d": {"funders": ["Acme", "Nobody"]}}, "ad cd"),
        ({"a": {"funders": ["Acme"]}}, "ac"),
        ({"d": {"brands": ["Oaty"]}}, "ad cd"),  # what it names need not be its own goods
        ({"b": {"brands": ["Oaty", "Nobody's"]}}, "ab bc"),
        ({"a": {"brands": ["Oaty"]}}, "ac"),
        ({"a": {"brands": ["Milky"], "funders": ["Coop"], "offers": ["c"]}}, "ab ac ad"),
    ],
)
def test_who_is_whose_rival(named: dict[str, Any], expected: str) -> None:
    found = rivals.pairs(catalogue(**named), KNOWN)
    assert found.shape == (len(expected.split()), 2)
    assert [f"{'abcd'[one]}{'abcd'[other]}" for one, other in found] == expected.split()
