"""Worth: what an offer is worth to a shopper in each cell of the grid, at typical prices.

It is the price of the smallest basket that the offer is given on, so it is never more than what
the items of that basket cost.
"""

from collections.abc import Mapping

from promo.offers.terms import CELLS, Cell, Terms


def ladder(terms: Terms, typical: Mapping[int, int]) -> dict[Cell, int]:
    """Minor units off in each of terms.CELLS, each a (loyalty, volume).

    typical: the median price of a piece, in minor units, of the products of the first, second and
    third purchase; a purchase whose prices are unknown is not in it.
    """
    raise NotImplementedError
