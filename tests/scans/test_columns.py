"""Column rules: every kind of field, from text and from typed columns; nothing is mended."""

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.scans.columns import LINE, Checked, Column, Rule, apply, check

CHOICES = ("each", "kg")
EVENING = datetime.fromisoformat("2017-11-06T17:03:59")


def value(kind: str, raw: pl.Series, *, required: bool = True) -> Checked:
    """Check one column, `x`, of the kind."""
    column = Column("x", kind, "something else", required, choices=CHOICES)
    frame = pl.DataFrame({"x": raw}).with_row_index(LINE, 7)
    return check(frame, [column], file="f.csv")


@pytest.mark.parametrize(
    ("kind", "text", "typed"),
    [
        ("text", " Beans, baked ", "Beans, baked"),
        ("key", "A-12/3", "A-12/3"),
        ("key", "007", "007"),
        ("choice", "kg", "kg"),
        ("integer", "-125", -125),
        ("integer", "9" * 18, 10**18 - 1),
        ("thousandths", "2", 2000),
        ("thousandths", "-1.5", -1500),
        ("thousandths", "0.001", 1),
        ("thousandths", "4.035", 4035),
        ("thousandths", "999999999.999", 999999999999),
        ("day", "2016-02-29", date(2016, 2, 29)),
        ("moment", "2017-11-06T17:03:59", EVENING),
        ("moment", "2017-11-06 17:03:59", EVENING),
        ("flag", "TRUE", True),
        ("flag", "no", False),
        ("flag", "0", False),
        ("share", "0.25", 0.25),
        ("share", "1", 1.0),
    ],
)
def test_text_is_typed(kind: str, text: str, typed: object) -> None:
    found = value(kind, pl.Series([text]))
    assert found.good["x"].to_list() == [typed]
    assert found.rejects.is_empty()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("key", "two words"),
        ("key", "K" * 65),
        ("key", "über"),
        ("key", "tab\there"),
        ("choice", "KG"),
        ("choice", "dozen"),
        ("integer", "1.0"),
        ("integer", "1,000"),
        ("integer", "+1"),
        ("integer", "1e3"),
        ("integer", "٣"),
        ("integer", "9" * 19),
        ("thousandths", "1.0005"),
        ("thousandths", "1,5"),
        ("thousandths", ".5"),
        ("thousandths", "1e3"),
        ("thousandths", "nan"),
        ("thousandths", "1" * 10),
        ("day", "2017-02-29"),
        ("day", "06/11/2017"),
        ("day", "2017-1-6"),
        ("day", "2017-11-06T00:00:00"),
        ("moment", "2017-11-06T17:03:59Z"),
        ("moment", "2017-11-06T17:03:59+01:00"),
        ("moment", "2017-11-06T24:03:59"),
        ("moment", "2017-11-31T17:03:59"),
        ("moment", "2017-11-06"),
        ("flag", "maybe"),
        ("share", "1.01"),
        ("share", "25%"),
        ("share", "nan"),
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_other_text_is_named(kind: str, text: str, *, required: bool) -> None:
    found = value(kind, pl.Series([text]), required=required)
    assert found.good.is_empty()
    assert found.rejects.rows() == [("f.csv", 7, "x", text, "something else")]


@pytest.mark.parametrize(
    ("kind", "raw", "typed"),
    [
        ("key", pl.Series([445]), "445"),
        ("key", pl.Series(["A"], dtype=pl.Categorical), "A"),
        ("integer", pl.Series([5], dtype=pl.UInt8), 5),
        ("thousandths", pl.Series([2]), 2000),
        ("thousandths", pl.Series([0.1]), 100),
        ("thousandths", pl.Series([4.035]), 4035),
        ("thousandths", pl.Series(["1.5"]).cast(pl.Decimal(9, 2)), 1500),
        ("day", pl.Series([date(2017, 1, 2)]), date(2017, 1, 2)),
        ("moment", pl.Series([EVENING], dtype=pl.Datetime("ns")), EVENING),
        ("moment", pl.Series([EVENING], dtype=pl.Datetime("ms")), EVENING),
        ("moment", pl.Series([EVENING]), EVENING),
        ("flag", pl.Series([True]), True),
        ("share", pl.Series([0.5]), 0.5),
    ],
)
def test_typed_columns(kind: str, raw: pl.Series, typed: object) -> None:
    assert value(kind, raw).good["x"].to_list() == [typed]


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("key", pl.Series([445.0])),  # what pandas makes of cards when one is missing
        ("integer", pl.Series([1.0])),
        ("integer", pl.Series([2**64 - 1], dtype=pl.UInt64)),
        ("thousandths", pl.Series([1.0005])),
        ("thousandths", pl.Series([float("nan")])),
        ("thousandths", pl.Series([float("-inf")])),
        ("thousandths", pl.Series([1e300])),
        ("day", pl.Series([EVENING])),
        ("moment", pl.Series([date(2017, 1, 2)])),
        ("moment", pl.Series([EVENING], dtype=pl.Datetime("us", "UTC"))),
        ("moment", pl.Series([1], dtype=pl.Int64).cast(pl.Datetime("ns"))),
        ("flag", pl.Series([2])),
    ],
)
def test_typed_columns_refused(kind: str, raw: pl.Series) -> None:
    found = value(kind, raw)
    assert found.good.is_empty()
    assert found.rejects["field"].to_list() == ["x"]


@pytest.mark.parametrize("nothing", ["", "  ", None])
def test_nothing(nothing: str | None) -> None:
    raw = pl.Series([nothing], dtype=pl.String)
    assert value("integer", raw).rejects.rows() == [("f.csv", 7, "x", "", "something else")]
    assert value("integer", raw, required=False).good["x"].to_list() == [None]


@given(st.integers(-(10**12) + 1, 10**12 - 1))
def test_thousandths_are_exact(number: int) -> None:
    whole, rest = divmod(abs(number), 1000)
    text = f"{'-' * (number < 0)}{whole}.{rest:03d}"
    assert value("thousandths", pl.Series([text])).good["x"].to_list() == [number]


@given(st.sampled_from(["key", "integer", "thousandths", "day", "moment", "flag"]), st.text())
def test_any_text_is_taken_or_named(kind: str, text: str) -> None:
    found = value(kind, pl.Series([text]))
    assert found.good.height + found.rejects.height == 1


COLUMNS = (
    Column("id", "key", "an id"),
    Column("n", "integer", "a number", required=False, default=3),
    Column("unit", "choice", "a unit", required=False, default="each", choices=CHOICES),
    Column("name", "text", "a name", required=False),
)


def test_defaults_fill_what_is_empty_or_absent() -> None:
    raw = pl.DataFrame({LINE: [2, 3], "id": ["a", "b"], "n": ["", "1"]})
    good = check(raw, COLUMNS).good
    assert good.rows() == [(2, "a", 3, "each", None), (3, "b", 1, "each", None)]


def test_a_line_with_three_faults_is_set_aside_once_with_three_rejects() -> None:
    raw = pl.DataFrame({LINE: [2, 3], "id": ["", "b"], "n": ["x", "1"], "unit": ["dozen", "kg"]})
    found = check(raw, COLUMNS)
    assert found.good[LINE].to_list() == [3]
    assert found.rejects.select("line", "field").rows() == [(2, "id"), (2, "n"), (2, "unit")]


def test_a_rule_that_cannot_be_answered_is_broken() -> None:
    typed = pl.DataFrame({LINE: [1, 2, 3], "n": [1, None, -1]})
    found = apply(typed, [Rule(pl.col("n") > 0, "n", "more than 0")], "f")
    assert found.good[LINE].to_list() == [1]
    assert found.rejects.select("line", "value").rows() == [(2, ""), (3, "-1")]


def test_a_broken_rule_shows_the_value_as_it_was_written() -> None:
    raw = pl.DataFrame({LINE: [1, 2], "x": ["1.50", "2"]})
    whole = Rule(pl.col("x") % 1000 == 0, "x", "a whole number")
    found = check(raw, [Column("x", "thousandths", "a number")], [whole])
    assert found.good["x"].to_list() == [2000]
    assert found.rejects["value"].to_list() == ["1.50"]


def test_a_personal_value_is_not_copied() -> None:
    raw = pl.DataFrame({LINE: [1], "id": ["a"], "name": ["Ann"]})
    rule = Rule(pl.lit(value=False), "name", "another name")
    assert check(raw, COLUMNS, [rule]).rejects["value"].to_list() == ["(personal)"]
