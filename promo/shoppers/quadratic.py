"""A logistic regression with the products of every two core features.

The crosses are what a straight logistic lacks against boosting on these data; with them it is as
good, and it can be fitted and read in a fraction of the time. For k core features of p:

    logit = bias + sum_j w_j z_j + sum_{i <= j < k} a_ij z_i z_j,   z = (x - mean) / sd, |z| <= 4

Fitted by Newton's method on a sample of the rows, where the Hessian is cheap; then on all rows,
where only the gradient is new and the sample's Hessian, scaled, is good enough. Steps are halved
as long as the loss rises: undamped, the method diverges on rare purchases.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]
Matrix = NDArray[np.float32]

FURTHEST = 4.0  # standard deviations; a feature beyond says no more
SAMPLE = 50_000  # rows on which the Hessian is computed
CONSTANT = 1e-3  # a standard deviation below is rounding, not a difference
BLOCK = 4096  # rows predicted at a time, so that they stay in the processor's cache


@dataclass(frozen=True)
class Quadratic:
    """The fitted weights. `crosses` is upper triangular, of shape (k, k)."""

    mean: Array
    sd: Array
    bias: float
    weights: Array  # (p,)
    crosses: Array  # (k, k)

    @property
    def theta(self) -> Array:
        """Bias, weights and crosses in a row."""
        crosses = self.crosses[np.triu_indices(len(self.crosses))]
        return np.concatenate([[self.bias], self.weights, crosses])

    def with_theta(self, theta: Array) -> "Quadratic":
        """The same features with other weights."""
        p, crosses = len(self.weights), np.zeros_like(self.crosses)
        crosses[np.triu_indices(len(crosses))] = theta[1 + p :]
        return Quadratic(self.mean, self.sd, float(theta[0]), theta[1 : 1 + p], crosses)

    def logits(self, x: Matrix) -> Array:
        """Of rows (n, p), shape (n,).

        Added up feature by feature, never by a matrix product: a row's sum must not depend on
        which rows stand beside it, or two ways of cutting a chain into pieces would differ.
        """
        found = np.empty(len(x))
        mean, sd = self.mean.astype(np.float32)[:, None], self.sd.astype(np.float32)[:, None]
        for begin in range(0, len(x), BLOCK):
            z = np.clip((x[begin : begin + BLOCK].T - mean) / sd, -FURTHEST, FURTHEST)
            found[begin : begin + BLOCK] = self._block(np.ascontiguousarray(z))
        return found

    def _block(self, z: Matrix) -> Array:
        total = np.full(z.shape[1], self.bias, np.float32)
        weights, crosses = self.weights.astype(np.float32), self.crosses.astype(np.float32)
        k = len(crosses)
        for i, row in enumerate(z):
            slope = np.full(z.shape[1], weights[i])
            for j in range(i, k):
                slope += crosses[i, j] * z[j]
            total += slope * row
        return total.astype(np.float64)

    def probability(self, x: Matrix) -> Array:
        """Of rows (n, p), shape (n,)."""
        found: Array = expit(self.logits(x))
        return found


def start(x: Matrix, core: int, like: int) -> Quadratic:
    """Where to begin when nothing is known: the logit that stands in column `like` as it is."""
    some = x[:: _stride(len(x))].astype(np.float64)
    mean, sd = some.mean(axis=0), some.std(axis=0)
    sd[sd < CONSTANT] = 1.0
    weights = np.zeros(x.shape[1])
    weights[like] = sd[like]
    return Quadratic(mean, sd, float(mean[like]), weights, np.zeros((core, core)))


def fit(x: Matrix, y: Array, centre: Quadratic, ridge: float = 30.0, steps: int = 6) -> Quadratic:
    """Penalised maximum likelihood for outcomes y of 0 and 1, shape (n,); x has shape (n, p).

    `centre` is what few rows are drawn to, and gives the features' scale; `ridge` is the precision
    with which they are, on every standardised weight but the bias, for all rows together.
    """
    z = x - centre.mean.astype(np.float32)
    z /= centre.sd.astype(np.float32)
    np.clip(z, -FURTHEST, FURTHEST, out=z)
    pairs = np.triu_indices(len(centre.crosses))
    prior = Prior(centre.theta, np.full(len(centre.theta), ridge))
    prior.precision[0] = 1.0
    stride = _stride(len(x))
    theta, hessian = _newton(z[::stride], y[::stride], pairs, prior, len(x))
    theta = _finish(z, y, pairs, prior, theta, hessian, steps)
    return centre.with_theta(theta)


def _stride(rows: int) -> int:
    return max(1, rows // SAMPLE)


@dataclass(frozen=True)
class Prior:
    """A normal on bias, weights and crosses in a row."""

    mean: Array
    precision: Array

    def loss(self, theta: Array) -> float:
        """Minus the logarithm of its density, up to a constant."""
        away = theta - self.mean
        return 0.5 * float(self.precision * away @ away)

    def slope(self, theta: Array) -> Array:
        """The derivative of `loss`."""
        slope: Array = self.precision * (theta - self.mean)
        return slope


Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]


def _newton(z: Matrix, y: Array, pairs: Pairs, prior: Prior, n: int) -> tuple[Array, Array]:
    """The weights on a sample of n rows, and the Hessian there, scaled to all of them."""
    share = len(y) / n
    wide = np.concatenate([np.ones((len(z), 1), z.dtype), z, z[:, pairs[0]] * z[:, pairs[1]]], 1)

    def loss(theta: Array) -> float:
        return _loss(wide @ theta.astype(np.float32), y) + share * prior.loss(theta)

    theta, hessian = prior.mean, np.diag(prior.precision)
    now = loss(theta)
    for _ in range(20):
        chance = expit(wide @ theta.astype(np.float32))
        gradient = (wide.T @ (y - chance).astype(np.float32)).astype(np.float64)
        gradient -= share * prior.slope(theta)
        weighted = wide * np.sqrt(chance * (1 - chance)).astype(np.float32)[:, None]
        hessian = (weighted.T @ weighted).astype(np.float64) + share * np.diag(prior.precision)
        step = np.linalg.solve(hessian, gradient)
        length = 1.0
        while (after := loss(theta + length * step)) > now and length > 1e-3:
            length /= 2
        if after > now:
            break
        theta, now = theta + length * step, after
        if float(gradient @ step) < 1e-5 * len(y):
            break
    return theta, hessian / share


def _finish(
    z: Matrix, y: Array, pairs: Pairs, prior: Prior, theta: Array, hessian: Array, steps: int
) -> Array:
    """Steps on all rows with the sample's Hessian; products are never laid out."""
    p, core = z.shape[1], int(pairs[0].max(initial=-1)) + 1
    crossed = z[:, :core]
    best, least, step = theta, np.inf, np.zeros_like(theta)
    for _ in range(steps):
        crosses = np.zeros((core, core), np.float32)
        crosses[pairs] = theta[1 + p :]
        logits = z @ theta[1 : 1 + p].astype(np.float32) + np.float32(theta[0])
        logits += ((crossed @ crosses) * crossed).sum(axis=1)
        loss = _loss(logits, y) + prior.loss(theta)
        if loss > least:
            step = step / 2
            theta = best + step
            continue
        best, least = theta, loss
        error = (y - expit(logits)).astype(np.float32)
        products = (crossed * error[:, None]).T @ crossed
        gradient = np.concatenate([[error.sum(dtype=np.float64)], z.T @ error, products[pairs]])
        gradient = gradient.astype(np.float64)
        gradient -= prior.slope(theta)
        step = np.linalg.solve(hessian, gradient)
        if float(gradient @ step) < 1e-6 * len(y):
            break
        theta = best + step
    return best


def _loss(logits: Matrix, y: Array) -> float:
    return float(np.logaddexp(0, logits).sum(dtype=np.float64) - y @ logits)
