"""Clubs: planted ones are found, refits keep them, and nothing unsaid is ever named."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segments_bar import adjusted_rand

from promo.sections import Clubs as Rules
from promo.shoppers import club_fitting, clubs, models
from promo.shoppers.clubs import Clubs
from promo.shoppers.models import ModelError

DAY, KEEP = date(2017, 11, 6), 200
RULES = Rules(number=4, least_purchases=40, hysteresis=0.2)
BLOCKS, EACH, HOUSEHOLDS = 4, 6, 240
CATEGORIES = [f"{block}{place}" for block in "ABCD" for place in range(EACH)]
UNSAID = ("LAXATIVES", "FUEL")
WORDS = {category: f"Words {category}" for category in CATEGORIES}


@cache
def chain(seed: int = 1) -> pl.DataFrame:
    """Households that buy a block of categories thrice as readily; and all buy what is unsaid."""
    random = np.random.default_rng(seed)
    rows = []
    for household in range(HOUSEHOLDS):
        chances = np.ones(len(CATEGORIES))
        own = household % BLOCKS
        chances[own * EACH : (own + 1) * EACH] *= random.uniform(3, 5)
        picked = random.choice(len(CATEGORIES), 120, p=chances / chances.sum()).tolist()
        ages = random.integers(1, 285, 120).tolist()
        rows += [
            (f"h{household:03}", CATEGORIES[c], ago) for c, ago in zip(picked, ages, strict=True)
        ]
        rows += [(f"h{household:03}", one, ago) for one in UNSAID for ago in range(1, 60, own + 1)]
    return frame(rows)


def frame(rows: Sequence[tuple[str, str | None, int]], units: int = 1) -> pl.DataFrame:
    found = [(who, what, DAY - timedelta(ago), units) for who, what, ago in rows]
    return pl.DataFrame(found, ["shopper", "category", "day", "units"], orient="row")


def moments(days: pl.DataFrame) -> club_fitting.Moments:
    kept = days.filter(pl.col("day") >= DAY - timedelta(KEEP))
    said = clubs.bought(kept, UNSAID)
    return club_fitting.moments(said, list(WORDS), RULES.least_purchases)


def fitted(days: pl.DataFrame, before: Clubs | None = None, seed: int = 1) -> Clubs:
    found = club_fitting.fit(moments(days), WORDS, RULES, seed, before)
    assert found is not None
    return found


def members(days: pl.DataFrame, of: Clubs) -> pl.DataFrame:
    return clubs.assign(days, of, RULES, DAY, KEEP)


def test_planted_clubs_are_found_and_named_by_their_own_categories() -> None:
    found = fitted(chain())
    blocks = [{category[0] for category in name} for name in found.names]
    assert sorted(map(sorted, blocks)) == [["A"], ["B"], ["C"], ["D"]]
    placed = members(chain(), found)
    truth = placed["shopper"].str.slice(1).cast(pl.Int64).to_numpy() % BLOCKS
    assert placed.height == HOUSEHOLDS
    assert adjusted_rand(truth, placed["club"].to_numpy()) > 0.95
    for club, name in placed.select("club", "name").unique().rows():
        assert name == " · ".join(WORDS[c] for c in found.names[club - 1])
    assert placed["share"].is_between(0.3, 1).all()


def test_a_refit_keeps_numbers_and_names_whatever_the_seed() -> None:
    found = fitted(chain())
    again = fitted(chain(2), found, seed=99)
    assert again.names == found.names
    truth = members(chain(2), found)["club"].to_numpy()
    assert adjusted_rand(truth, members(chain(2), again)["club"].to_numpy()) > 0.95
    both = members(chain(2), again)["club"].to_numpy() == truth
    assert both.mean() > 0.95


def test_another_number_of_clubs_begins_anew() -> None:
    found = fitted(chain())
    fewer = replace(
        found, names=found.names[:2], spread=found.spread[:2], weights=found.weights[:, :2]
    )
    assert fitted(chain(), fewer).names == found.names


def test_sums_are_exact_however_households_are_cut() -> None:
    whole = moments(chain())
    low = pl.col("shopper") < "h100"
    parts = moments(chain().filter(low)) + moments(chain().filter(~low))
    assert whole.households == parts.households
    for name in ("buyers", "mix", "products"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))
    assert np.array_equal(fitted(chain()).weights, fitted(chain().reverse()).weights)


def test_one_household_does_not_depend_on_the_others() -> None:
    found = fitted(chain())
    together = members(chain(), found)
    for who in ("h000", "h101", "h239"):
        alone = members(chain().filter(pl.col("shopper") == who), found)
        assert alone.equals(together.filter(pl.col("shopper") == who))


def test_too_little_is_no_club() -> None:
    found = fitted(chain())
    few = frame([("h", "A0", ago) for ago in range(1, RULES.least_purchases)])
    assert members(few, found).is_empty()
    enough = pl.concat([few, frame([("h", "A1", 50)])])
    assert members(enough, found).height == 1
    nobody = moments(chain().filter(pl.col("shopper") < "h079"))  # not twenty a club
    assert club_fitting.fit(nobody, WORDS, RULES, 1) is None


def test_a_household_changes_only_to_a_club_that_is_clearly_better() -> None:
    found = fitted(chain())
    steady = [("h", f"A{i % EACH}", 100 + i) for i in range(60)]
    unlike = [("h", f"B{i % EACH}", 1 + i // EACH) for i in range(400)]
    before = members(frame(steady), found)["club"].item()
    after = members(frame(steady + unlike[:6]), found)["club"].item()
    moved = members(frame(steady + unlike), found)["club"].item()
    assert before == after
    assert found.names[moved - 1][0][0] == "B"


@settings(max_examples=30)
@given(st.sets(st.sampled_from(CATEGORIES), max_size=20))
def test_what_may_no_longer_be_said_is_gone_from_clubs_in_use(unsaid: set[str]) -> None:
    left = fitted_once().without(unsaid)
    assert not set(left.categories) & unsaid
    assert not {category for name in left.names for category in name} & unsaid
    for name in members(chain(), left)["name"].unique():
        assert not [category for category in unsaid if WORDS[category] in name]


@cache
def fitted_once() -> Clubs:
    return fitted(chain())


def test_the_unsaid_is_no_input() -> None:
    without = chain().filter(~pl.col("category").is_in(UNSAID))
    assert np.array_equal(fitted(chain()).weights, fitted(without).weights)
    assert not {c for c in UNSAID if c in fitted(chain()).categories}


def test_what_went_back_was_not_bought() -> None:
    both = pl.concat([frame([("h", "A0", 1), ("h", "A1", 1), ("h", None, 2)]),
                      frame([("h", "A0", 1)], -1)])  # fmt: skip
    assert clubs.bought(both, ()).select("category").rows() == [("A1",)]


def test_on_disk_and_back(tmp_path: Path) -> None:
    found = fitted(chain())
    found.save(tmp_path)
    again = Clubs.load(tmp_path)
    assert (again.names, again.words) == (found.names, found.words)
    assert np.allclose(again.weights, found.weights, atol=1e-6)
    assert members(chain(), again)["club"].equals(members(chain(), found)["club"])
    assert models.clubs(tmp_path.parent, tmp_path.name) is not None
    (tmp_path / clubs.WEIGHTS).write_text("category,words,mean,sd,club_1\nA0,a,1.0,1.0,1.0\n")
    with pytest.raises(ModelError, match="do not belong together"):
        models.clubs(tmp_path.parent, tmp_path.name)
    assert models.clubs(tmp_path.parent, "nothing here") is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([0, 0, 1, 1], [5, 5, 2, 2], 1.0),  # names do not matter
        ([0, 0, 1, 1], [0, 1, 0, 1], -0.5),
        # Worked by hand: the table [[2, 1], [0, 3]] has 1 + 3 = 4 pairs together in both, rows
        # 3 + 3 = 6, columns 1 + 6 = 7, of 15 pairs: (4 - 6*7/15) / ((6 + 7)/2 - 6*7/15) = 12/37.
        ([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1], 12 / 37),
    ],
)
def test_adjusted_rand(one: list[int], other: list[int], expected: float) -> None:
    assert adjusted_rand(np.array(one), np.array(other)) == pytest.approx(expected)
