"""BG/NBD: how often a household buys, and whether it has stopped (Fader, Hardie & Lee 2005).

Assumptions, for one item and many households:
1. While it buys, a household buys at a rate lambda, as a Poisson process.
2. Rates are spread over households as a gamma with shape r and rate alpha.
3. After each repeat purchase a household stops for good with probability p.
4. The p are spread as a beta with parameters a and b.
5. lambda and p are independent.

x is the number of repeat purchases (the first one starts the clock), t_x the time of the last
one and T the time observed, both since the first; the unit is the day. Fader, Hardie & Lee,
"'Counting Your Customers' the Easy Way", Marketing Science 24 (2005), equations 6 and 10.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, expit, gammaln

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
START = np.log([0.5, 30.0, 0.5, 3.0])
BOUNDS = [(-7.0, 7.0)] * 4


@dataclass(frozen=True)
class Parameters:
    """r (shape), alpha (days), a and b: scalars, or arrays with one entry a pair."""

    r: Array
    alpha: Array
    a: Array
    b: Array

    def take(self, which: Indices) -> "Parameters":
        """Those of some pairs."""
        return Parameters(self.r[which], self.alpha[which], self.a[which], self.b[which])

    @property
    def logs(self) -> Array:
        """The four logarithms, in the order r, alpha, a, b."""
        logs: Array = np.log(np.array([self.r, self.alpha, self.a, self.b]))
        return logs


@dataclass(frozen=True)
class History:
    """x, t_x and T of each pair (all of shape (n,), days), and how many pairs are like it."""

    x: Array
    t_x: Array
    T: Array
    weight: Array

    @cached_property
    def by_x(self) -> tuple[Array, Indices, Array]:
        """The values of x, which of them each pair has, and the pairs that have each."""
        values, which = np.unique(self.x, return_inverse=True)
        counts: Array = np.bincount(which, weights=self.weight).astype(np.float64)
        return values, which, counts

    @cached_property
    def by_t(self) -> tuple[Array, Indices]:
        """The values of t_x, and which of them each pair has."""
        return np.unique(self.t_x, return_inverse=True)

    @cached_property
    def by_T(self) -> tuple[Array, Indices]:
        """The values of T, and which of them each pair has."""
        return np.unique(self.T, return_inverse=True)


def log_likelihood(theta: Array, h: History) -> tuple[float, Array]:
    """Sum of log-likelihoods (equation 6) at log-parameters `theta`, and its gradient.

    What depends on one of x, t_x and T alone is computed once for each value that occurs.
    """
    r, alpha, a, b = np.exp(theta)
    x, of_x, weight_x = h.by_x
    (T, of_T), (t, of_t) = h.by_T, h.by_t
    log_T, log_t = np.log(alpha + T)[of_T], np.log(alpha + t)[of_t]
    shape = (r + x)[of_x]
    less = np.where(x > 0, b + x - 1, 1.0)
    odds = np.where(x > 0, np.log(a) - np.log(less), -np.inf)[of_x]
    alive, stopped = -shape * log_T, odds - shape * log_t
    either = np.logaddexp(alive, stopped)
    w = np.exp(stopped - either)
    by_x = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    by_x += gammaln(b + x) - gammaln(a + b + x) - gammaln(b) + gammaln(a + b)
    slope_r = digamma(r + x) - digamma(r) + np.log(alpha)
    slope_a = digamma(a + b) - digamma(a + b + x)
    slope_b = slope_a + digamma(b + x) - digamma(b)
    near = (1 - w) * (1 / (alpha + T))[of_T] + w * (1 / (alpha + t))[of_t]
    gradient = np.array([
        r * (weight_x @ slope_r - h.weight @ ((1 - w) * log_T + w * log_t)),
        r * h.weight.sum() - alpha * (h.weight @ (shape * near)),
        a * (weight_x @ slope_a) + h.weight @ w,
        b * (weight_x @ slope_b - h.weight @ (w * (1 / less)[of_x])),
    ])  # fmt: skip
    return float(weight_x @ by_x + h.weight @ either), gradient


def fit(h: History, prior: Parameters | None = None, spread: float = 0.5) -> Parameters:
    """Maximum likelihood; a `prior` is the centre of a normal on the logarithms, sd `spread`.

    The prior is what keeps an item that three households buy from having an opinion of its own.
    """
    from scipy.optimize import minimize  # slow to import, and only fitting needs it

    centre = START if prior is None else prior.logs
    precision = 0.0 if prior is None else 1 / spread**2

    def loss(theta: Array) -> tuple[float, Array]:
        value, gradient = log_likelihood(theta, h)
        away = theta - centre
        return -value + 0.5 * precision * float(away @ away), -gradient + precision * away

    found = minimize(loss, centre, jac=True, method="L-BFGS-B", bounds=BOUNDS)
    return Parameters(*np.exp(found.x))


def p_alive(p: Parameters, x: Array, t_x: Array, T: Array) -> Array:
    """Probability that a household still buys the item, shape (n,)."""
    odds = p.a / np.where(x > 0, p.b + x - 1, 1.0)
    stopped = np.log(odds) + (p.r + x) * np.log((p.alpha + T) / (p.alpha + t_x))
    return np.where(x > 0, expit(-stopped), 1.0)


def p_purchase(p: Parameters, x: Array, t_x: Array, T: Array, days: int) -> Array:
    """Probability of a purchase in any `days` days to come, shape (n,).

    The rate's posterior is a gamma (r + x, alpha + T); that a household might stop between now
    and the window is not counted, so a window that starts later is as likely as one tomorrow.
    """
    none = np.exp((p.r + x) * np.log((p.alpha + T) / (p.alpha + T + days)))
    probability: Array = p_alive(p, x, t_x, T) * (1 - none)
    return probability


def median_wait(p: Parameters, x: Array, T: Array) -> Array:
    """Days until half of the households like this one, still buying, have bought; shape (n,)."""
    doublings = np.minimum(1 / (p.r + x), 1000)  # more would be no number any more
    wait: Array = (p.alpha + T) * (np.exp2(doublings) - 1)
    return wait
