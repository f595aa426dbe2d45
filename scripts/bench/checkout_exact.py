"""Exact: no promise broken on any random basket, and the seconds of a quote. See basket_bars."""

import basket_bars
import kit


def judge() -> None:
    """100,000 baskets."""
    _judge(1_000, 100_000, quick=False)


def judge_quickly() -> None:
    """Some hundreds."""
    _judge(100, 150, quick=True)


def _judge(quotes: int, draws: int, *, quick: bool) -> None:
    for bar in (basket_bars.quote(quotes), basket_bars.exact(draws)):
        kit.report(bar["bar"], bar["value"], bar["limit"], ok=bar["ok"], quick=quick)
