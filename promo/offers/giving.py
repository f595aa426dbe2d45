"""What a reward takes off given pieces, piece by piece, and the points it gives."""

from collections.abc import Sequence
from fractions import Fraction

from promo.offers.basket import POUND, Piece, apportion, half_up
from promo.offers.rewards import (
    AmountOff,
    BundlePrice,
    FreeItem,
    Get,
    GivePoints,
    NewPrice,
    PercentOff,
    Reward,
)  # fmt: skip
from promo.offers.values import WHOLE


def given(reward: Reward, target: Sequence[Piece], prices: Sequence[int]) -> list[int]:
    """Minor units off each piece of the target, which costs `prices`; none above its price."""
    match reward:
        case AmountOff(per="unit"):
            return [_within(reward.amount_off, price, reward) for price in prices]
        case NewPrice():
            return [_down_to(reward, *pair) for pair in zip(target, prices, strict=True)]
        case Get():
            off = [_off_each(reward, price) for price in prices]
            return apportion(_at_most(sum(off), reward.at_most), off)
        case FreeItem():
            return [min(reward.free_item, price) for price in prices]
    return apportion(_off_together(reward, target, sum(prices)), prices)


def _off_together(reward: Reward, target: Sequence[Piece], whole: int) -> int:
    """What comes off pieces that cost `whole` together."""
    match reward:
        case AmountOff():
            wanted = half_up(reward.amount_off * _measure(reward.per, target))
            return _within(wanted, whole, reward)
        case PercentOff():
            wanted = half_up(Fraction(whole * reward.percent_off, WHOLE))
            return _at_most(wanted, reward.at_most)
        case BundlePrice():
            return max(whole - reward.bundle_price, 0)
    return 0


def points(reward: Reward, target: Sequence[Piece]) -> int:
    """The points that a reward gives for pieces."""
    if not isinstance(reward, GivePoints):
        return 0
    return half_up(reward.points * _measure(reward.per, target))


def _within(wanted: int, price: int, reward: AmountOff) -> int:
    if wanted <= price:
        return wanted
    return price if reward.over_value == "cap" else 0


def _at_most(wanted: int, most: int | None) -> int:
    return wanted if most is None else min(wanted, most)


def _down_to(reward: NewPrice, piece: Piece, price: int) -> int:
    measure = _measure(reward.per, [piece])
    return max(price - half_up(reward.new_price * measure), 0) if measure else 0


def _off_each(reward: Get, price: int) -> int:
    if reward.amount_off is not None:
        return min(reward.amount_off, price)
    percent = WHOLE if reward.percent_off is None else reward.percent_off
    return half_up(Fraction(price * percent, WHOLE))


def _measure(per: str, target: Sequence[Piece]) -> Fraction:
    """How much there is of what a reward is per: one use, pieces, kilograms or pounds."""
    if per == "use":
        return Fraction(1)
    if per == "unit":
        return Fraction(len(target))
    kilograms = sum((piece.weight or Fraction(0) for piece in target), Fraction(0))
    return kilograms / POUND if per == "lb" else kilograms
