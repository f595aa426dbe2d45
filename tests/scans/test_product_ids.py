"""One product has one id, however its code was written."""

import polars as pl
import pytest

from promo.scans.columns import LINE
from promo.scans.product_ids import with_product_ids


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
