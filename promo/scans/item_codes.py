"""An item's code as a till, a till log or a master file sends it: which product, how much of it.

One reader for all of them, so that an offer, the price on the shelf and tomorrow's scan mean the
same product: any form of GTIN (`gtin`), and codes that carry a price, weight or count, whose
variable digits are zero in the product's id (`variable`, `elements`).
"""

from dataclasses import dataclass

from promo.scans.elements import Elements, elements, gtin_inside
from promo.scans.gtin import MAX_LENGTH, CodeError, gtin14
from promo.scans.variable import LAYOUTS, Layouts, Variable, take_apart

EAN_SYMBOLS = ("]E0", "]E4")  # EAN-13 with the UPCs, and EAN-8
MOST_DIGITS = 14


@dataclass(frozen=True)
class ItemCode:
    """whole: the GTIN-14 as sent; product: the same with variable digits zero."""

    whole: str
    product: str
    variable: Variable | None
    said: Elements

    @property
    def measured(self) -> tuple[int, str] | None:
        """How much there is of it, in thousandths of a unit, where the code says so."""
        if self.variable is not None and self.variable.kind == "weight":
            return self.variable.value * 1000 // 10**self.variable.decimals, "kg"
        if self.variable is not None and self.variable.kind == "count":
            return self.variable.value * 1000, "each"
        if self.said.weight is not None:
            return self.said.weight, self.said.unit
        return None if self.said.count is None else (self.said.count * 1000, "each")


def layouts_of(country: str | None) -> Layouts:
    """The chain's national rule (`checkout.item_codes`); without one no code is taken apart."""
    return LAYOUTS[country] if country else {}


def read(text: str, layouts: Layouts) -> ItemCode:
    """Read a code in any form. Raises CodeError where it names no product."""
    whole = _whole(text)
    variable = take_apart(whole, layouts)
    return ItemCode(whole, variable.code if variable else whole, variable, elements(text))


def _whole(text: str) -> str:
    """The GTIN-14, also behind an EAN's symbology identifier and where element 01 is not first."""
    bare = text[3:] if text.startswith(EAN_SYMBOLS) else text
    try:
        return gtin14(bare)
    except CodeError:
        inside = gtin_inside(bare) if MOST_DIGITS < len(bare) <= MAX_LENGTH else None
        if inside is None:
            raise
        return gtin14(inside)
