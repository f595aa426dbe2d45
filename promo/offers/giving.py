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
            return _within(_times(reward.amount_off, reward.per, target), whole, reward)
        case PercentOff():
            return _at_most(_percent(whole, reward.percent_off), reward.at_most)
        case BundlePrice():
            return max(whole - reward.bundle_price, 0)
    return 0


def points(reward: Reward, target: Sequence[Piece]) -> int:
    """The points that a reward gives for pieces."""
    if not isinstance(reward, GivePoints):
        return 0
    return _times(reward.points, reward.per, target)


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
    return _percent(price, percent)


def _percent(amount: int, percent: int) -> int:
    """Hundredths of a percent of an amount, half a minor unit upwards."""
    return (2 * amount * percent + WHOLE) // (2 * WHOLE)


def _times(amount: int, per: str, target: Sequence[Piece]) -> int:
    """An amount for all that there is of what it is per."""
    return amount if per == "use" else half_up(amount * _measure(per, target))


def _measure(per: str, target: Sequence[Piece]) -> Fraction:
    """How much there is of what a reward is per: pieces, kilograms or pounds."""
    if per == "unit":
        return Fraction(len(target))
    kilograms = sum((piece.weight or Fraction(0) for piece in target), Fraction(0))
    return kilograms / POUND if per == "lb" else kilograms
