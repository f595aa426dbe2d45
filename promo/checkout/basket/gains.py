"""What uses of an offer may bring at most: piece by piece, and in all."""

from collections.abc import Sequence
from fractions import Fraction

from promo.checkout.basket.needs import fewest_aimed, pieces_given, weight_of
from promo.checkout.basket.ways import Offer
from promo.offers.basket import Piece
from promo.offers.giving import given
from promo.offers.rewards import (
    AmountOff,
    BundlePrice,
    FreeItem,
    Get,
    GivePoints,
    NewPrice,
    PercentOff,
)  # fmt: skip
from promo.offers.values import WHOLE


class Gains:
    """One offer's: `of` each piece, and of `each` use whatever it takes, in worth.

    Of pieces given, the cheapest of `pool` pieces are, so that each of them brings its part.
    """

    def __init__(self, offer: Offer, sure: int) -> None:
        self.offer, self.reward, self.sure = offer, offer.reward, sure
        self.money, self.point = max(offer.worth.money, 0), max(offer.worth.point, 0)
        self.grid = (self.point if isinstance(self.reward, GivePoints) else self.money) or 1
        off, earned = _off_the_basket(offer)
        self.each = self.money * off + self.point * earned
        self.of, self.pool = {index: 0 for index, _ in offer.own}, 1
        if self.reward.applies_to != "basket":
            self._add_pieces()

    def _add_pieces(self) -> None:
        self.of = {index: self._of(piece) for index, piece in self.offer.own}
        match self.reward:
            case PercentOff() | AmountOff(per="kg" | "lb"):  # each use rounds by itself
                self.each += self.money // 2
            case GivePoints(per="use") as reward:
                self.each += self.point * reward.points
            case GivePoints():
                self.each += self.point // 2
            case BundlePrice() as reward:
                self.each -= self.money * reward.bundle_price
            case Get() | FreeItem():
                count = pieces_given(self.offer)
                self.pool = max(fewest_aimed(self.offer), count)
                self.of = {n: -(-gain * count // self.pool) for n, gain in self.of.items()}

    def _of(self, piece: Piece) -> int:
        """What one piece may bring; fractions of a minor unit count."""
        worth = self.money * piece.price
        match self.reward:
            case AmountOff(per="use") as reward:
                worth = self.money * min(reward.amount_off, piece.price)
            case AmountOff(per="kg" | "lb") as reward:
                worth = _up(self.money * reward.amount_off * weight_of(piece, reward.per))
            case AmountOff() | NewPrice() as reward:
                worth = self.money * given(reward, [piece], [piece.price])[0]
            case PercentOff() as reward:
                worth = self.money * piece.price * reward.percent_off // WHOLE
            case Get() as reward:
                uncapped = reward.model_copy(update={"at_most": None})
                worth = self.money * given(uncapped, [piece], [piece.price])[0]
            case FreeItem() as reward:
                worth = self.money * min(reward.free_item, piece.price)
            case GivePoints() as reward:
                worth = self._points(reward, piece)
        return worth

    def _points(self, reward: GivePoints, piece: Piece) -> int:
        if reward.per == "use":
            return 0
        measure = Fraction(1) if reward.per == "unit" else weight_of(piece, reward.per)
        return _up(self.point * reward.points * measure)

    def most(self, indices: Sequence[int], uses: int) -> int | None:
        """What so many uses bring on pieces, the dearest first; None where only pieces say it.

        What each use brings whatever it takes comes on top.
        """
        most, money = None, uses * self.money
        match self.reward:
            case AmountOff(per="use") as reward:
                most = money * reward.amount_off
            case PercentOff(at_most=int(at_most)):
                most = money * at_most
            case Get(at_most=int(at_most)):
                most = min(self._given(indices, uses), money * at_most)
            case Get() | FreeItem():
                most = self._given(indices, uses)
            case PercentOff(applies_to="bought") as reward if self._until is not None:
                most = self.money * self._spent(indices, uses) * reward.percent_off // WHOLE
            case NewPrice() | BundlePrice() if self._until is not None:
                most = self.money * self._spent(indices, uses)
        return most

    @property
    def _until(self) -> int | None:
        """The sum at which a use stops taking pieces."""
        [*purchases] = self.offer.purchases.values()
        until = len(purchases) == 1 and purchases[0].need == "spend" and not purchases[0].takes_all
        return purchases[0].amount if until else None

    def _spent(self, indices: Sequence[int], uses: int) -> int:
        """What pieces cost together that uses take until they cost enough."""
        prices = self.offer.belt.prices
        return uses * ((self._until or 1) - 1) + sum([prices[n] for n in indices[:uses]])

    def _given(self, indices: Sequence[int], uses: int) -> int:
        """What the pieces given are worth: of each pool of the dearest the cheapest.

        An offer that takes all there is gives the cheapest of those that it is sure of, or cheaper.
        """
        piece, count = self.offer.piece, pieces_given(self.offer)
        chosen = [n for n in indices if self.sure >> n & 1][-count:] if self.offer.takes_all else []
        if len(chosen) < count:
            pools = [indices[n : n + self.pool] for n in range(0, self.pool * uses, self.pool)]
            chosen = [n for pool in pools for n in pool[self.pool - count :]]
        return sum([self._of(piece[n]) for n in chosen])


def _up(number: Fraction) -> int:
    return -(-number.numerator // number.denominator)


def _off_the_basket(offer: Offer) -> tuple[int, int]:
    """What a use gives where it may come off the whole basket, else nothing."""
    bare = any(not any(offer.purchases[n].named for n in way) for way in offer.terms.ways)
    return offer.off_the_basket if bare or offer.reward.applies_to == "basket" else (0, 0)
