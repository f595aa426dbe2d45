import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promo.shoppers import LEVELS, features, histories
from promo.shoppers.features import NAMES, Renewal, Span
from shoppers.pairs import DAY, Row, days, parameters, random_rows, regular

ROWS = random_rows()
FORTNIGHT = Span(0, 14)


def of(rows: list[Row], level: str = "product") -> dict[str, np.ndarray]:
    h = histories.of(days(rows), level, DAY)
    return dict(zip(NAMES, features.matrix(h, parameters(h), FORTNIGHT).T, strict=True))


def test_every_feature_has_one_name_and_a_finite_value() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for level in LEVELS:
        assert np.isfinite(np.column_stack(list(of(ROWS, level).values()))).all()


def test_a_weekly_buyer_by_hand() -> None:
    f = of([*regular("a", "1", 5, 33, 5, units=2), ("a", "3", 1, 1), ("a", "1", 5, 2)])
    milk = {name: float(values[0]) for name, values in f.items()}
    assert np.exp(milk["count"]) == pytest.approx(5)
    assert np.exp(milk["last"]) == pytest.approx(5)
    assert np.exp(milk["first"]) == pytest.approx(33)
    assert np.exp(milk["rate"]) == pytest.approx((0.8 + 4) / (30 + 33))
    assert np.exp(milk["overdue"]) == pytest.approx(6 / 8)
    assert milk["spread"] == 0
    assert milk["longer"] == pytest.approx(4.5 / 5)  # all four gaps are longer than five days
    assert np.exp(milk["hazard"]) == pytest.approx(4.3 / 5)  # and end within the fortnight
    bought = sum(2 ** (-(age - 1) / 28) for age in (33, 26, 19, 12, 5))
    assert np.exp(milk["decayed_28"]) == pytest.approx(bought + 0.02)
    assert np.exp(milk["share_28"]) == pytest.approx((bought + 0.05) / (bought + 1 + 0.5))
    assert np.exp(milk["units"]) == pytest.approx(12 / 5)
    assert np.exp(milk["units_last"]) == pytest.approx(4 / 2.4)
    assert np.exp(milk["visit_last"]) == pytest.approx(1)  # salt, the day before
    assert np.exp(milk["family_last"]) == pytest.approx(5)
    assert np.exp(milk["visits"]) == pytest.approx(6)
    assert np.exp(milk["items"]) == pytest.approx(2)


def test_a_pair_s_features_do_not_depend_on_who_stands_beside_it() -> None:
    h = histories.of(days(ROWS), "product", DAY)
    whole = features.matrix(h, parameters(h), FORTNIGHT)
    for name in ("h03", "h17"):
        alone = histories.of(days([row for row in ROWS if row[0] == name]), "product", DAY)
        mine = (h.names["shopper"] == name).to_numpy()
        found = features.matrix(alone, parameters(alone), FORTNIGHT)
        assert found.tobytes() == whole[mine].tobytes()


@pytest.mark.parametrize("level", LEVELS)
def test_an_example_has_the_features_that_a_night_of_then_would_have_seen(level: str) -> None:
    h = histories.of(days(ROWS), level, DAY)
    then, _ = h.before(28, 200)
    rows = [(s, p, age - 28, u) for s, p, age, u in ROWS if 28 < age <= 228]
    fresh = histories.of(days(rows, then.day), level, then.day)
    expected = features.matrix(fresh, parameters(fresh), FORTNIGHT)
    assert features.matrix(then, parameters(then), FORTNIGHT).tobytes() == expected.tobytes()


def test_another_span_changes_only_what_depends_on_it() -> None:
    h = histories.of(days(ROWS), "category", DAY)
    short, long = Span(0, 7), Span(7, 28)
    first = features.matrix(h, parameters(h), short)
    second = features.matrix(h, parameters(h), long, first)
    assert second.tobytes() == features.matrix(h, parameters(h), long).tobytes()
    changed = {name for name, a, b in zip(NAMES, first.T, second.T, strict=True) if (a != b).any()}
    assert changed == set(features.TIMED)


RENEWALS = st.builds(
    lambda scale, shape, stop: Renewal(np.array([scale]), np.array([shape]), np.array([stop])),
    st.floats(1, 200), st.floats(1.5, 30), st.floats(0.01, 0.9),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(RENEWALS, st.floats(1, 300), st.floats(0, 30), st.floats(1, 30))
def test_a_renewal_agrees_with_its_own_survival(
    renewal: Renewal, waited: float, lead: float, length: float
) -> None:
    t = np.array([waited])
    survival = [1 / (1 + renewal.odds(t + more)) for more in (0, lead, lead + length)]
    expected = renewal.alive(t) * (survival[1] - survival[2]) / survival[0]
    assert renewal.buys(t, lead, length) == pytest.approx(expected, abs=1e-9)
    median = renewal.median_wait(t)
    if median < 1e4 and renewal.odds(t) < 1e6:
        assert renewal.buys(t, 0, float(median[0])) == pytest.approx(renewal.alive(t) / 2, rel=1e-6)


def test_a_renewal_s_survival_is_that_of_drawn_gaps() -> None:
    random = np.random.default_rng(1)
    renewal = Renewal(np.array([20.0]), np.array([4.0]), np.array([0.1]))
    odds = random.uniform(size=200_000)
    gaps = np.where(random.uniform(size=200_000) < 0.1, np.inf, 20 * (odds / (1 - odds)) ** 0.25)
    t = np.array([15.0])
    waiting = gaps > 15
    assert renewal.alive(t) == pytest.approx(np.isfinite(gaps[waiting]).mean(), abs=0.005)
    soon = (gaps[waiting] > 18) & (gaps[waiting] <= 25)
    assert renewal.buys(t, 3, 7) == pytest.approx(soon.mean(), abs=0.005)


def test_who_buys_like_clockwork_has_a_high_shape_and_who_does_not_a_low_one() -> None:
    bursts: list[Row] = [("b", "1", age, 1) for age in (84, 82, 80, 40, 38, 7)]
    h = histories.of(days(regular("a", "1", 12, 84, 7) + bursts), "product", DAY)
    shape = Renewal.of(h, parameters(h)).shape
    assert shape[0] > 2.5 * shape[1]
