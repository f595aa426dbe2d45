"""Response: the probability that a household redeems an offer, if it is printed.

    log odds = bias + habit (h - mean) + proneness (c - mean)
             + elasticity log(depth / usual depth) + log(days / 14) / 2

h and c are `habits`: what the household bought of the offer's products, and how readily it uses
coupons. Depth is the offer's worth over what its pieces cost. Only bias and two weights are
learned, so that few redemptions do, and a household's offers of equal depth stand in the order of
h. The elasticity is a prior, in config.yaml; so is the root of days: Complete Journey's campaigns
of 33 to 70 days redeem no more than that apart.

Fitted by penalised maximum likelihood, drawn to the model before; so a chain without redemptions
answers as the shipped prior does, and each that comes in moves it a little.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from promo.errors import Sentence
from promo.shoppers.models import PRIOR

Array = NDArray[np.float64]
FILE = "response.json"
USUAL_DAYS = 14
NEVER_SURE = 1e-6
DEPTHS = (0.01, 2.0)  # a depth beyond is a price that is not known well
LEVEL, SLOPE = 1.0, 16.0  # precision with which bias and weights are drawn to the model before
STEPS = 50
FACTS = ("habit", "proneness", "depth", "days")  # of a pair; depth is a share of the price


class ResponseError(Sentence):
    """No usable response model; the message says what to do."""


@dataclass(frozen=True)
class Response:
    """The learned numbers: log odds, and log odds a unit of habit and of proneness."""

    bias: float
    habit: float
    proneness: float
    mean_habit: float
    mean_proneness: float
    usual_depth: float
    pairs: int = 0
    redemptions: int = 0

    def probability(self, pairs: pl.DataFrame, elasticity: float) -> Array:
        """Of a redemption of each pair, shape (n,); `pairs` has FACTS."""
        x, known = self._read(pairs, elasticity)
        # Not x @ theta: a row's sum must not depend on which rows stand beside it.
        z = x[:, 0] * self.bias + x[:, 1] * self.habit + x[:, 2] * self.proneness + known
        p: Array = expit(z)
        return np.clip(p, NEVER_SURE, 1 - NEVER_SURE)

    def save(self, folder: Path) -> None:
        """Write `response.json` into a folder."""
        (folder / FILE).write_text(self.as_json(), encoding="utf-8")

    def as_json(self) -> str:
        """What `response.json` holds."""
        rounded = {k: round(v, 6) for k, v in asdict(self).items()}
        return json.dumps(rounded, indent=2) + "\n"

    @property
    def _theta(self) -> Array:
        return np.array([self.bias, self.habit, self.proneness])

    def _read(self, pairs: pl.DataFrame, elasticity: float) -> tuple[Array, Array]:
        """What the weights stand before, shape (n, 3), and the part of the log odds without."""
        habit, proneness, depth, days = (_floats(pairs, name) for name in FACTS)
        centred = habit - self.mean_habit, proneness - self.mean_proneness
        deep = np.log(np.clip(depth, *DEPTHS) / self.usual_depth)
        known: Array = elasticity * deep + np.log(days / USUAL_DAYS) / 2
        return np.column_stack([np.ones(len(habit)), *centred]), known


def fit(examples: pl.DataFrame, before: Response, elasticity: float) -> Response:
    """The model learned from pairs that were printed; drawn to the one `before`.

    examples: FACTS and redeemed (0 or 1), a row a pair; days are those on which a redemption would
    have been seen. Without rows the model before stands.
    """
    if examples.is_empty():
        return before
    y = _floats(examples, "redeemed")
    x, known = before._read(examples, elasticity)
    theta = _newton(x, y, known, before._theta, np.array([LEVEL, SLOPE, SLOPE]))
    bias, *slopes = (float(v) for v in theta)
    return replace(
        before, bias=bias, habit=slopes[0], proneness=slopes[1],
        pairs=before.pairs + len(y), redemptions=before.redemptions + int(y.sum()),
    )  # fmt: skip


def unlearned(examples: pl.DataFrame) -> Response:
    """Where a fit without a model before it begins: the means and the rate of its examples."""
    habit, proneness, depth, y = (_floats(examples, name) for name in (*FACTS[:3], "redeemed"))
    rate = (y.sum() + 1) / (len(y) + 100)
    usual = float(np.exp(np.log(np.clip(depth, *DEPTHS)).mean()))
    means = float(habit.mean()), float(proneness.mean())
    return Response(float(np.log(rate)), 0.5, 1.0, *means, usual)


def _floats(pairs: pl.DataFrame, name: str) -> Array:
    found: Array = pairs[name].cast(pl.Float64).to_numpy()
    return found


def _newton(x: Array, y: Array, known: Array, centre: Array, precision: Array) -> Array:
    """Maximum of the penalised likelihood; steps are halved while it falls."""

    def loss(theta: Array) -> float:
        z = x @ theta + known
        away = theta - centre
        return float(np.logaddexp(0, z).sum() - y @ z + 0.5 * precision @ (away * away))

    theta, now = centre, loss(centre)
    for _ in range(STEPS):
        p = expit(x @ theta + known)
        gradient = x.T @ (y - p) - precision * (theta - centre)
        hessian = (x * (p * (1 - p))[:, None]).T @ x + np.diag(precision)
        step = np.linalg.solve(hessian, gradient)
        while (after := loss(theta + step)) > now and np.abs(step).max() > 1e-9:
            step = step / 2
        theta, now = theta + step, after
        if np.abs(step).max() < 1e-8:
            break
    return theta


def prior(root: Path) -> Response | None:
    """The shipped prior, if the house has it. Raises ResponseError when it cannot be read."""
    path = root / PRIOR / FILE
    return _read_file(path) if path.is_file() else None


def load(root: Path, name: str) -> Response:
    """A model's response; the shipped prior's where it has none. Raises ResponseError."""
    path = root / name / FILE
    found = _read_file(path) if path.is_file() else prior(root)
    if found is None:
        raise ResponseError(
            f"There is neither {path} nor {root / PRIOR / FILE}, so nobody can say who answers "
            "offers. Copy the project's models/prior."
        )
    return found


def _read_file(path: Path) -> Response:
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Response(**raw)
    except (OSError, ValueError, TypeError) as error:
        raise ResponseError(f"{path} cannot be read: {error}. Fit again.") from None
