"""One product has one id, however its code was written."""

import polars as pl
import pytest

from promo.scans.columns import LINE
from promo.scans.item_codes import layouts_of
from promo.scans.product_ids import with_measures, with_product_ids


def frame(*codes: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(codes, schema=["domain", "product"], orient="row").with_row_index(LINE, 2)


@pytest.mark.parametrize(
    ("domain", "code", "expected"),
    [
        ("gtin", "614141000036", "gtin:00614141000036"),
        ("gtin", "0614141000036", "gtin:00614141000036"),
        ("gtin", "(01)00614141000036", "gtin:00614141000036"),
        ("gtin", "04252614", "gtin:00042100005264"),
        ("internal", "614141000036", "internal:614141000036"),
        ("internal", "plu-4011", "internal:plu-4011"),
    ],
)
def test_ids(domain: str, code: str, expected: str) -> None:
    found = with_product_ids(frame((domain, code)), "product", "f", {})
    assert found.good["id"].to_list() == [expected]
    assert found.rejects.is_empty()


def test_an_unsound_code_is_named_on_every_line_it_stands_on() -> None:
    good, bad = ("gtin", "614141000036"), ("gtin", "614141000037")
    found = with_product_ids(frame(bad, good, bad, ("internal", bad[1])), "product", "f.csv", {})
    assert found.good[LINE].to_list() == [3, 5]
    assert found.rejects.select("file", "line", "field", "value").rows() == [
        ("f.csv", 2, "product", "614141000037"),
        ("f.csv", 4, "product", "614141000037"),
    ]
    assert "computes 6" in found.rejects["expected"][0]


def test_nothing_in_nothing_out() -> None:
    found = with_product_ids(frame(("gtin", "614141000036")).clear(), "product", "f", {})
    assert found.good.is_empty()
    assert found.rejects.is_empty()
    assert "id" in found.good.columns


PRICED = [("gtin", "212345804995"), ("gtin", "212345000007")]  # a price of 4.99 inside, and none


def test_codes_with_a_price_inside_are_one_product() -> None:
    found = with_product_ids(frame(*PRICED), "product", "f", layouts_of("us"))
    assert found.rejects.is_empty()
    assert found.good["id"].to_list() == ["gtin:00212345000007"] * 2
    apart = with_product_ids(frame(*PRICED), "product", "f", {})
    assert apart.good["id"].n_unique() == 2


def measured(*lines: tuple[str, int | None, str, int]) -> pl.DataFrame:
    """Lines of code, quantity, unit, paid."""
    schema = {"product": pl.String, "quantity": pl.Int64, "unit": pl.String, "paid": pl.Int64}
    made = pl.DataFrame(lines, schema=schema, orient="row").with_row_index(LINE, 2)
    return made.with_columns(domain=pl.lit("gtin"))


def test_an_empty_quantity_is_what_the_code_says() -> None:
    weighed = "(01)00614141000036(3103)000485"
    found = with_measures(
        measured(
            (weighed, None, "each", 100),
            (weighed, 2000, "each", 100),  # the till has the word
            (weighed, None, "each", -100),  # brought back
            ("(01)00614141000036(3202)000275", None, "each", 100),
            ("(01)00614141000036(30)12", None, "each", 100),
            ("614141000036", 1000, "each", 100),
        ),
        "f",
        {},
    )
    assert found.rejects.is_empty()
    assert found.good.select("quantity", "unit").rows() == [
        (485, "kg"), (2000, "each"), (-485, "kg"), (2750, "lb"), (12_000, "each"), (1000, "each"),
    ]  # fmt: skip


def test_no_quantity_either_way_is_a_reject() -> None:
    found = with_measures(measured(("614141000036", None, "each", 1)), "f", {})
    assert found.good.is_empty()
    assert found.rejects.select("line", "field").rows() == [(2, "quantity")]
