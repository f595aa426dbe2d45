import numpy as np
import polars as pl
import pytest

from promo.calendar import window
from promo.shoppers import bgnbd, fitting, histories, learning, metrics, profiles, universe
from promo.shoppers.backtest import Question, scored
from promo.shoppers.examples import Examples
from promo.shoppers.features import NAMES, Span
from promo.shoppers.learning import Learned
from promo.shoppers.mixtures import BgNbd
from promo.shoppers.models import Fitted, ModelError
from shoppers.pairs import DAY, Row, days, random_rows

FORTNIGHT = Span(0, 14)


def clockwork(households: int = 250, seed: int = 1) -> list[Row]:
    """Households that buy at nearly even gaps, each at its own, and stop now and then."""
    random = np.random.default_rng(seed)
    rows: list[Row] = []
    for household in range(households):
        for product in ("1", "3", "4"):
            gap, age = random.uniform(7, 40), random.uniform(330, 364)
            while age >= -13:
                rows.append((f"h{household:03}", product, round(age), 1))
                age = age - max(1.0, random.normal(gap, 0.1 * gap))
                if random.uniform() < 0.02:
                    break
    return rows


def test_it_learns_what_bgnbd_cannot_see() -> None:
    question = Question.at(days(clockwork()), "category", DAY, 14, 364)
    learned, plain = (
        scored([question.answers(make("category", 14))])[0] for make in (Learned, BgNbd)
    )
    assert metrics.measure("log_loss", learned) < metrics.measure("log_loss", plain) - 0.1
    assert metrics.measure("calibration_error", learned) < 0.05


def test_the_future_teaches_nothing() -> None:
    rows = days(clockwork(60))
    known = rows.filter(pl.col("day") < DAY)
    a, b = Learned("category", 14), Learned("category", 14)
    a.fit(rows, DAY)
    b.fit(known, DAY)
    pairs = universe.pairs(known, "category", DAY)
    answers = [m.predict(d, pairs, DAY, window(DAY, 0, 14)) for m, d in ((a, rows), (b, known))]
    assert answers[0].equals(answers[1])
    assert answers[0].null_count().sum_horizontal().item() == 0
    assert answers[0].height == pairs.height


def test_a_model_that_has_learned_nothing_says_so() -> None:
    with pytest.raises(ModelError, match="Nothing was bought before 2017-11-06"):
        Learned("category", 14).fit(days([("a", "1", -3, 1)]), DAY)
    empty = days([])
    with pytest.raises(ModelError, match="not been fitted"):
        Learned("category", 14).predict(empty, empty, DAY, window(DAY, 0, 14))


def test_few_examples_leave_the_prior_as_it_is_and_many_do_not() -> None:
    x, y = np.zeros((0, len(NAMES)), np.float32), np.zeros(0)
    none = {("repeat", FORTNIGHT): Examples(x, y)}
    assert learning.fit(none, "category", None) == {}
    h = histories.of(days(clockwork()), "category", DAY)
    counts = fitting.pair_counts(h)
    r, alpha, a, b = (np.full(len(h.start), value) for value in (1.0, 20.0, 0.1, 3.0))
    parts = [h.before(0, 364)[0]]
    every = {("repeat", FORTNIGHT): 1}
    p = bgnbd.Parameters(r, alpha, a, b)
    gathered = learning.gather(parts, lambda part: p.take(np.arange(len(part.start))), 364, every)
    prior: Fitted = learning.fit(gathered, "category", None)
    assert learning.fit(none, "category", prior) == prior
    some = gathered["repeat", FORTNIGHT]
    opposite = {("repeat", FORTNIGHT): Examples(some.x[:20], 1 - some.y[:20])}
    moved = learning.fit(opposite, "category", prior)["category", "repeat", FORTNIGHT]
    stayed = prior["category", "repeat", FORTNIGHT]
    away = np.abs(moved.probability(some.x[20:]) - stayed.probability(some.x[20:])).mean()
    assert 0 < away < 0.25
    assert learning.of_kinds(counts, "category")["repeat"] == int((h.n > 1).sum())


def test_pairs_are_counted_by_kind() -> None:
    rows = days(random_rows())
    h = histories.of(profiles.as_of(rows, DAY, 364), "product", DAY)
    found = learning.of_kinds(fitting.pair_counts(h), "product")
    assert found == {"repeat": int((h.n > 1).sum()), "once": int((h.n == 1).sum())}
