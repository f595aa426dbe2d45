"""Prices: medians of pieces, whatever the split; margins from the best that is known."""

from pathlib import Path
from statistics import median_low

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.sections import Margin
from promo.shoppers import prices

Line = tuple[str, int, int, int]  # product, pieces, minor units a piece, of them by coupon
lines = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.integers(1, 4), st.integers(1, 500), st.sampled_from([0, 1])
    ),
    max_size=30,
)
MARGIN = Margin(default=0.25, by_category={"TEA": 0.4})


def scans(rows: list[Line], unit: str = "each") -> pl.LazyFrame:
    made = [(p, n * 1000, unit, n * price - c, c) for p, n, price, c in rows]
    schema = {
        "product": pl.String, "quantity": pl.Int64, "unit": pl.String, "paid": pl.Int64,
        "manufacturer_discount": pl.Int64,
    }  # fmt: skip
    return pl.LazyFrame(made, schema=schema, orient="row")


@given(lines, st.integers(0, 30))
def test_the_typical_price_is_the_lower_median_of_pieces_whatever_the_split(
    rows: list[Line], cut: int
) -> None:
    found = prices.typical(prices.histogram([scans(rows[:cut]), scans(rows[cut:])]))
    pieces = {p: [price for q, n, price, _ in rows if q == p for _ in range(n)] for p in "abc"}
    expected = [(p, median_low(all_), len(all_)) for p, all_ in pieces.items() if all_]
    assert found.rows() == expected


def test_returns_gifts_and_nothing_at_all() -> None:
    rows = scans([("a", 1, 100, 0)]).with_columns(quantity=pl.lit(-1000))
    free = scans([("a", 1, 0, 0)])
    assert prices.typical(prices.histogram([rows, free])).is_empty()
    assert prices.typical(prices.histogram([])).is_empty()


def test_a_weighed_line_is_a_piece() -> None:
    found = prices.typical(prices.histogram([scans([("a", 3, 100, 0)], unit="lb")]))
    assert found.rows() == [("a", 300, 1)]


def products(*rows: tuple[str, str | None, int | None, float | None]) -> pl.DataFrame:
    schema = {
        "id": pl.String, "category": pl.String, "cost": pl.Int64, "margin_rate": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.mark.parametrize(
    ("cost", "rate", "category", "margin"),
    [
        (120, 0.9, "TEA", 80.0),  # the cost goes before every rate
        (260, None, "TEA", -60.0),  # sold at a loss
        (None, 0.1, "TEA", 20.0),
        (None, None, "TEA", 80.0),
        (None, None, "SOUP", 50.0),
        (None, None, None, 50.0),
    ],
)
def test_the_margin_comes_from_the_best_that_is_known(
    cost: int | None, rate: float | None, category: str | None, margin: float
) -> None:
    paid = pl.DataFrame({"product": ["a"], "price": [200], "n": [7]})
    found = prices.with_margins(products(("a", category, cost, rate)), paid, MARGIN)
    assert found.select("price", "margin", "sold").rows() == [(200.0, pytest.approx(margin), 7)]


def test_without_a_price_the_category_s_median_counts() -> None:
    paid = pl.DataFrame({"product": ["a", "b"], "price": [200, 400], "n": [1, 1]})
    rows = products(*((p, "TEA", None, None) for p in "abc"), ("d", "SOUP", 1, None))
    found = prices.with_margins(rows, paid, MARGIN)
    assert found["price"].to_list() == [200, 400, 300, None]
    assert found["sold"].to_list() == [1, 1, 0, 0]
    nothing = prices.with_margins(rows, None, MARGIN)
    assert nothing["price"].null_count() == nothing["margin"].null_count() == 4


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    assert prices.load(tmp_path, "m") is None
    paid = prices.typical(prices.histogram([scans([("a", 2, 150, 0)])]))
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / prices.FILE).write_bytes(prices.as_bytes(paid))
    read = prices.load(tmp_path, "m")
    assert read is not None
    assert read.equals(paid)
