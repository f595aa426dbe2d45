"""Histories are held against plain dictionaries, row by row."""

from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from promo.shoppers import LEVELS, histories, profiles
from shoppers.pairs import CATEGORY_OF, DAY, Row, days, random_rows, regular

ROWS = random_rows()


def by_hand(rows: list[Row], level: str) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Of each pair the days on which more came home than went back: (age, units), oldest first."""
    net: dict[tuple[str, str, int], int] = defaultdict(int)
    for shopper, product, age, units in rows:
        item = product if level == "product" else CATEGORY_OF[product]
        if item is not None:
            net[shopper, item, age] += units
    found = defaultdict(list)
    for (shopper, item, age), units in sorted(net.items(), key=lambda entry: -entry[0][2]):
        if units > 0:
            found[shopper, item].append((age, units))
    return dict(found)


@pytest.mark.parametrize("level", LEVELS)
def test_every_purchase_day_is_where_it_belongs(level: str) -> None:
    h = histories.of(days(ROWS), level, DAY)
    expected = by_hand(ROWS, level)
    assert h.names.select("shopper", level).rows() == sorted(expected)
    for i, pair in enumerate(sorted(expected)):
        mine = slice(h.start[i], h.end[i] + 1)
        ages, units = zip(*expected[pair], strict=True)
        assert h.age[mine].tolist() == list(ages)
        assert h.units[mine].tolist() == list(units)
        assert h.gap[mine].tolist() == [0, *(a - b for a, b in pairwise(ages))]
        assert (h.n[i], h.first[i], h.last[i]) == (len(ages), ages[0], ages[-1])


@pytest.mark.parametrize("level", LEVELS)
def test_the_table_says_what_profiles_say(level: str) -> None:
    found = histories.of(days(ROWS), level, DAY).table()
    expected = profiles.purchases(days(ROWS), level)
    assert_frame_equal(found.drop("category") if level == "product" else found, expected)


def test_visits_count_the_categories_of_each_shopping_day() -> None:
    visits = histories.of(days(ROWS), "product", DAY).visits
    seen: dict[tuple[str, int], set[str | None]] = defaultdict(set)
    for shopper, product, age, _ in ROWS:
        seen[shopper, age].add(CATEGORY_OF[product])
    expected = sorted((shopper, -age, len(of)) for (shopper, age), of in seen.items())
    names = sorted({shopper for shopper, _ in seen})
    found = zip(visits.household, -visits.age, visits.categories, strict=True)
    assert [(names[i], age, n) for i, age, n in found] == expected
    assert visits.count.sum() == len(expected)


def test_a_family_is_a_household_s_products_of_one_category() -> None:
    h = histories.of(days(ROWS), "product", DAY)
    found = h.names.with_columns(family=pl.Series(h.family))
    by_family = found.group_by("family").agg(pl.struct("shopper", "category").n_unique())
    assert by_family["shopper"].to_list() == [1] * by_family.height
    assert found["family"].n_unique() == found.select("shopper", "category").n_unique()
    whole = histories.of(days(ROWS), "category", DAY)
    assert whole.family.tolist() == whole.household.tolist()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("back", "keep"), [(14, 400), (100, 60)])
def test_what_was_known_before_is_what_the_rows_of_then_say(
    level: str, back: int, keep: int
) -> None:
    h = histories.of(days(ROWS), level, DAY)
    then, which = h.before(back, keep)
    earlier = DAY - timedelta(back)
    rows = profiles.as_of(days(ROWS), earlier, keep)
    fresh = histories.of(rows, level, earlier)
    assert_frame_equal(then.table(), fresh.table())
    assert h.names[which].equals(then.names)
    assert then.visits.age.tolist() == fresh.visits.age.tolist()
    assert then.visits.categories.tolist() == fresh.visits.categories.tolist()


def test_bought_looks_at_the_days_of_the_window_and_no_others() -> None:
    rows = [("a", "1", age, 1) for age in (300, 14, 1)] + [("b", "1", 300, 1), ("b", "1", 15, 1)]
    h = histories.of(days(rows), "category", DAY)
    # the fortnight from 14 days ago on is that of the ages 14 to 1
    assert h.bought(14, 0, 14).tolist() == [True, False]
    assert h.bought(14, 0, 13).tolist() == [True, False]
    assert h.bought(14, 1, 12).tolist() == [False, False]
    assert h.bought(14, 13, 1).tolist() == [True, False]
    assert h.bought(15, 0, 1).tolist() == [False, True]


def test_a_household_alone_has_the_same_history() -> None:
    rows = [row for row in ROWS if row[0] == "h07"]
    alone = histories.of(days(rows), "product", DAY).table()
    all_of_them = histories.of(days(ROWS), "product", DAY).table()
    assert_frame_equal(alone, all_of_them.filter(pl.col("shopper") == "h07"))


def test_one_household_in_three_keeps_its_whole_history() -> None:
    h = histories.of(days(ROWS), "product", DAY)
    part, pairs = h.one_in(3)
    names = h.names["shopper"].unique(maintain_order=True)[::3]
    expected = h.table().filter(pl.col("shopper").is_in(names.implode()))
    assert_frame_equal(part.table(), expected)
    assert h.names[pairs].equals(part.names)
    whole, every = h.one_in(1)
    assert whole is h
    assert every.tolist() == list(range(h.names.height))


def test_nothing_at_all() -> None:
    for rows in ([], [("a", "5", 3, 1)], [("a", "1", 3, -1)]):
        h = histories.of(days(rows), "category", DAY)
        assert h.table().is_empty()
        assert h.before(1, 5)[0].table().is_empty()
        assert h.bought(14, 0, 14).tolist() == []


def test_a_regular_buyer_s_gaps() -> None:
    h = histories.of(days(regular("a", "1", 5, 33, 5)), "product", DAY)
    assert h.gap.tolist() == [0, 7, 7, 7, 7]
    assert h.visited.tolist() == [5]
