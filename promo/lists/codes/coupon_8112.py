"""Coupons of the positive offer file, AI 8112: their strings read and written.

The string holds no terms: without its serial number it names an offer, whose terms stand in the
file that the clearing house sends. Follows GS1 US's data specification for AI 8112; format 2, an
insert that bears no serial number, is the retailers' own requirement.
"""

from dataclasses import dataclass

from promo.lists.codes.coupon_fields import CouponError, Digits, checked, chosen, sized

AI = "8112"
DIGITAL, PRINT, INSERT = range(3)


@dataclass(frozen=True)
class Coupon8112:
    """A coupon as its string says it: format 0 digital, 1 print, 2 an insert without a serial.

    Only an insert may lack its serial. Raises CouponError that names the field.
    """

    format: int
    funder: str
    offer_code: str
    serial: str | None

    def __post_init__(self) -> None:
        chosen(AI, "format", self.format, "012")
        checked(AI, "funder", self.funder, "[0-9]{6,12}", "6 to 12 digits")
        checked(AI, "offer code", self.offer_code, "[0-9]{6}", "6 digits")
        checked(AI, "serial number", self.serial, "[0-9]{6,15}", "6 to 15 digits")
        if self.serial is None and self.format != INSERT:
            raise CouponError(
                f"The serial number of the 8112 coupon is missing; expected one with format "
                f"{self.format}, only format {INSERT} goes without.", "serial number",
            )  # fmt: skip

    @property
    def offer(self) -> str:
        """The string without the serial: the offer's name in the positive offer file."""
        return f"{self.format}{sized(self.funder, 6)}{self.offer_code}"


def parse(text: str) -> Coupon8112:
    """Read the digits after AI 8112, or all that a scanner sends.

    Raises CouponError with the field, its value and its position.
    """
    digits = Digits(text, AI)
    kind = digits.one("format", "012")
    funder = digits.sized("funder", "0123456", 6)
    offer_code = digits.take("offer code", 6)
    serial = None
    if kind != INSERT or digits.at < len(digits.text):
        serial = digits.sized("serial number", "0123456789", 6)
    digits.end({})
    return Coupon8112(kind, funder, offer_code, serial)


def parse_offer(text: str) -> tuple[str, str]:
    """Read the digits without a serial, as the positive offer file has them: offer, funder.

    Raises CouponError with the field, its value and its position.
    """
    digits = Digits(text, AI)
    kind = digits.one("format", "012")
    funder = digits.sized("funder", "0123456", 6)
    offer_code = digits.take("offer code", 6)
    digits.end({})
    return f"{kind}{sized(funder, 6)}{offer_code}", funder


def write(coupon: Coupon8112) -> str:
    """Write the digits after AI 8112."""
    return coupon.offer + ("" if coupon.serial is None else sized(coupon.serial, 6))
