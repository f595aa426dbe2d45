from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promo.config import Settings
from promo.sections import Segments
from promo.shoppers import segments
from promo.shoppers.models import CATEGORIES, CYCLES, Model

DAY = date(2017, 1, 2)
NIGHT, KEEP = DAY + timedelta(12), 364  # a look a fortnight earlier sees nothing yet
SETTINGS = Segments(
    tiers={"top": 0.025, "high": 0.2},
    heavy_share=0.2,
    medium_share=0.5,
    loyal_share=0.7,
    prior_purchases=3,
    hysteresis=0.1,
)
# category, buyers, store brand's share of sales, medium from, heavy from
LINES = [("*", 100, 0.5, 50, 500), ("MILK", 100, 0.5, 1000, 5000), ("SALT", 100, 0.2, 100, 200)]
MODEL = Model("m", pl.DataFrame(schema=CYCLES), pl.DataFrame(LINES, CATEGORIES, orient="row"), {})
Purchase = tuple[int, bool | None]  # paid, store brand


def days(*purchases: Purchase, category: str | None = "MILK") -> pl.DataFrame:
    """A household's purchases of a category, one a day."""
    rows = [("h", category, DAY + timedelta(i), *p) for i, p in enumerate(purchases)]
    names = ["shopper", "category", "day", "paid", "store_brand"]
    schema = dict(zip(names, (pl.String, pl.String, pl.Date, pl.Int64, pl.Boolean), strict=True))
    return pl.DataFrame(rows, schema, orient="row")


def cell(purchases: Sequence[Purchase], category: str = "MILK") -> tuple[str, str]:
    found = segments.grid(days(*purchases, category=category), MODEL, SETTINGS, NIGHT, KEEP)
    ((_, _, loyalty, volume),) = found.rows()
    return loyalty, volume


@pytest.mark.parametrize(("volume", "price"), [("heavy", 500), ("medium", 499), ("light", 99)])
@pytest.mark.parametrize(
    ("loyalty", "own"), [("store_brand", 10), ("switcher", 5), ("national", 0)]
)
def test_nine_cells(loyalty: str, own: int, volume: str, price: int) -> None:
    assert cell([(price, i < own) for i in range(10)]) == (loyalty, volume)


@pytest.mark.parametrize(
    ("own", "other", "category", "expected"),
    [
        # (own + 3 x the category's share) / (all + 3), loyal from .7
        (2, 0, "SALT", "switcher"),  # 2.6 / 5 = .52: two purchases do not make a loyalist
        (4, 0, "SALT", "switcher"),  # 4.6 / 7 = .66
        (6, 0, "SALT", "store_brand"),  # 6.6 / 9 = .73
        (1, 0, "MILK", "switcher"),  # 2.5 / 4 = .63
        (0, 1, "MILK", "switcher"),  # 1.5 / 4 = .38
        (0, 3, "MILK", "national"),  # 1.5 / 6 = .25
        (0, 1, "SALT", "national"),  # .6 / 4 = .15: where hardly anybody buys the store brand
    ],
)  # fmt: skip
def test_few_purchases_lean_on_the_category(
    own: int, other: int, category: str, expected: str
) -> None:
    assert cell([(100, True)] * own + [(100, False)] * other, category)[0] == expected


@pytest.mark.parametrize(
    ("purchases", "expected"),
    [
        ([(300, False), (-300, False)], ("switcher", "light")),  # taken back: nothing is known
        ([(300, True), (-300, True)], ("switcher", "light")),
        ([(-300, True)], ("switcher", "light")),
        ([(0, True)], ("switcher", "light")),
        ([(300, None)] * 9, ("national", "medium")),  # a product nobody knows is no store brand
    ],
)
def test_what_was_taken_back_says_nothing(
    purchases: list[Purchase], expected: tuple[str, str]
) -> None:
    assert cell(purchases) == expected


@pytest.mark.parametrize(
    ("paid", "expected"), [(49, "light"), (50, "medium"), (499, "medium"), (500, "heavy")]
)
def test_a_category_the_model_has_not_met_goes_by_the_pool(paid: int, expected: str) -> None:
    assert cell([(paid, False)], category="NEW")[1] == expected


def test_products_without_a_category_have_no_cell() -> None:
    assert segments.grid(days((100, True), category=None), MODEL, SETTINGS, NIGHT, KEEP).is_empty()


def test_cells_come_sorted_whatever_the_order_of_the_days() -> None:
    frame = pl.concat([days((600, False), category=c) for c in ("SALT", "MILK", "NEW")])
    found = segments.grid(frame, MODEL, SETTINGS, NIGHT, KEEP)
    assert found["category"].to_list() == ["MILK", "NEW", "SALT"]
    assert found.equals(segments.grid(frame.reverse(), MODEL, SETTINGS, NIGHT, KEEP))


def fortnights(*paid: int, store_brand: bool = False) -> pl.DataFrame:
    """What a household paid in a year that began a fortnight earlier each time, oldest first.

    One purchase a fortnight that leaves the kept days with the next look.
    """
    rows = [
        ("h", "MILK", NIGHT - timedelta(14 * (len(paid) - i)) + timedelta(1), pay, store_brand, 1)
        for i, pay in enumerate(paid)
    ]
    names = ["shopper", "category", "day", "paid", "store_brand", "lines"]
    return pl.DataFrame(rows, names, orient="row")


SHORT = 14  # days kept, so that a look sees one purchase


@pytest.mark.parametrize(
    ("paid", "expected"),
    [
        ([600, 400, 600, 400], "light"),  # light from the start (below 950) ...
        ([900, 1050, 950, 1099], "light"),  # ... until past medium's 1000 by a tenth
        ([900, 1050, 950, 1101], "medium"),
        ([1200, 950, 1050, 901], "medium"),
        ([1200, 950, 1050, 899], "light"),
        ([900, 5499], "medium"),  # two lines at once: past the first only
        ([900, 5501], "heavy"),
        ([6000, 4600, 4501], "heavy"),
        ([6000, 4499], "medium"),
        ([950], "light"),  # a start has no margin
        ([1000], "medium"),
    ],
)
def test_volume_settles(paid: list[int], expected: str) -> None:
    found = segments.grid(fortnights(*paid), MODEL, SETTINGS, NIGHT, SHORT)
    assert found["volume"].to_list() == [expected]


def test_without_hysteresis_only_tonight_counts() -> None:
    plain = SETTINGS.model_copy(update={"hysteresis": 0.0})
    for paid in ([900, 1050], [1050, 999], [6000, 4999], [1, 5000]):
        found = segments.grid(fortnights(*paid), MODEL, plain, NIGHT, SHORT)
        alone = segments.grid(fortnights(paid[-1]), MODEL, plain, NIGHT, SHORT)
        assert found.equals(alone)


def test_loyalty_settles() -> None:
    """A loyal share of .7, by a margin of a tenth of .3: left below .67, entered from .73."""

    def share(own: int) -> pl.DataFrame:
        rows = [("h", "MILK", ago, 100, ago <= own) for ago in range(1, 101)]
        names = ["shopper", "category", "ago", "paid", "store_brand"]
        return pl.DataFrame(rows, names, orient="row")

    def loyalty(then: int, now: int) -> str:
        parts = [share(own).with_columns(ago=pl.col("ago") % 14 + 14 * i + 1, pick=i)
                 for i, own in enumerate((now, then))]  # fmt: skip
        days = pl.concat(parts).with_columns(day=pl.lit(NIGHT) - pl.duration(days="ago"))
        plain = SETTINGS.model_copy(update={"prior_purchases": 0.0})
        found = segments.grid(days.drop("ago", "pick"), MODEL, plain, NIGHT, SHORT)
        return str(found["loyalty"].item())

    assert loyalty(75, 68) == "store_brand"
    assert loyalty(75, 66) == "switcher"
    assert loyalty(50, 72) == "switcher"
    assert loyalty(50, 74) == "store_brand"
    assert loyalty(20, 32) == "national"
    assert loyalty(20, 34) == "switcher"
    assert loyalty(20, 90) == "store_brand"  # who truly changed moves at once


@pytest.mark.parametrize(
    ("paid", "expected"),
    [
        ([0], "base"), ([999], "base"), ([1000], "high"), ([8999], "high"), ([9000], "top"),
        ([900, 1100], "base"), ([900, 1151], "high"), ([1100, 900], "high"), ([1100, 849], "base"),
        ([9100, 8000], "top"), ([9100, 7600], "high"), ([9100, 100], "base"),
    ],
)  # fmt: skip
def test_tiers(settings: Settings, paid: list[int], expected: str) -> None:
    kept = settings.profiles.model_copy(update={"keep_days": SHORT})
    short = settings.model_copy(update={"profiles": kept})
    lowest = {"top": 9000, "high": 1000}
    petrol = fortnights(*[10**6] * len(paid)).with_columns(category=pl.lit("FUEL"))
    days = pl.concat([fortnights(*paid), petrol])
    assert segments.tiers(days, lowest, short, NIGHT).rows() == [("h", expected)]
    assert segments.tiers(petrol, lowest, short, NIGHT).is_empty()


@given(st.integers(0, 10**15))
@example(0)
@example(9)
@example(10)
@example(99)
@example(100)
@example(999_999)
@example(1000)
@example(10**9)
def test_two_digits_are_kept_and_the_rest_is_zero(value: int) -> None:
    found = pl.DataFrame({"v": [value]}).select(segments.two_digits(pl.col("v"))).item()
    digits = str(value)
    assert found == int(digits[:2] + "0" * len(digits[2:]))


HISTOGRAMS = st.dictionaries(st.integers(0, 100), st.integers(1, 50), min_size=1)


@given(HISTOGRAMS, st.floats(0, 1))
@example({0: 1}, 1.0)
@example({0: 1, 5: 3}, 1.0)
def test_the_lowest_of_a_share_is_the_least_that_keeps_within_it(
    counts: dict[int, int], share: float
) -> None:
    bins = pl.DataFrame({"bin": list(counts), "count": list(counts.values())})
    found = segments.lowest_of_share(bins, share)
    allowed = share * sum(counts.values())

    def from_on(value: int) -> int:
        return sum(n for v, n in counts.items() if v >= value)

    below = max((value for value in counts if value < found), default=None)
    assert found in counts
    assert from_on(found) <= allowed or found == max(counts)  # somebody is always at the top
    assert below is None or from_on(below) > allowed


def test_of_no_histogram_the_lowest_is_zero() -> None:
    nobody = pl.DataFrame(schema={"bin": pl.Int64, "count": pl.Int64})
    assert segments.lowest_of_share(nobody, 0.2) == 0
