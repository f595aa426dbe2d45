"""Tails of counts: binomial, Poisson and negative binomial, at any real argument, compiled.

By Peizer and Pratt's normal deviate (JASA 63 (1968) 1416), right to about a hundredth of the tail,
mostly a thousandth, at a tenth of the cost of an incomplete beta function.
"""

import math

from promo.offers.compiled import compiled


@compiled
def above(count: float, mean: float, excess: float) -> float:
    """P(N > count) of N with this mean and variance mean (1 + excess); count >= -1/2, any real.

    excess < 0: binomial; 0: Poisson; > 0: negative binomial, whose tail is that of a binomial of
    as many trials as make its size plus count.
    """
    if excess < 0:
        p, expected = min(-excess, 1.0), mean
        rest = expected - count * p  # p times the trials that may yet fail
        if rest <= 1e-9:
            return 0.0
        if rest < p:  # less than one trial is left: between none and the last
            return rest / p * _tail(count - 1 + rest / p, expected, p, p)
        return _tail(count, expected, p, rest)
    ratio = excess / (1 + excess)
    if mean < excess:  # falls faster than a geometric: no tail of Peizer and Pratt's kind
        return min(1.0, (1 - math.pow(1 + excess, -mean / excess)) * math.pow(ratio, count))
    rest = mean / (1 + excess)
    return _tail(count, rest + count * ratio, ratio, rest)


@compiled
def _tail(count: float, expected: float, p: float, rest: float) -> float:
    """P(N > count) of a binomial with this mean and p; rest: p (trials - count), at least p."""
    q = max(1 - p, 1e-12)
    near = count + 2 / 3 - expected - p / 3
    near += 0.02 * (q / (count + 1) - p * p / rest + (q - 0.5) * p / (expected + p))
    bend = 1 + q * _bend((count + 0.5) / expected) + p * _bend((rest - p / 2) / (expected * q))
    return 0.5 * math.erfc(near * math.sqrt(bend / (2 * (expected + p / 6) * q)))


@compiled
def _bend(x: float) -> float:
    """(1 - x^2 + 2 x log x) / (1 - x)^2, Peizer and Pratt's g."""
    if x <= 0:
        return 1.0
    off = 1 - x
    if abs(off) < 1e-3:
        return off / 3 + off * off / 6
    return (1 - x * x + 2 * x * math.log(x)) / (off * off)
