"""From a coupon to terms, so that a till prices it by the function that prices our own offers.

`need` and `reward` say the codes of 8110 one by one; the positive offer file of 8112 uses the same
codes, and 7 of its own. What terms cannot say is refused by the field's name, never rounded.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Literal

from pydantic import ValidationError

from promo.config import explain
from promo.lists.codes.coupon_8110 import Coupon8110, Purchase, SaveRule
from promo.lists.codes.coupon_fields import CouponError
from promo.offers.terms import CHAIN, OfferError, Terms
from promo.offers.values import WHOLE

Products = Callable[[str, str], Sequence[str]]
"""The products of a funder's prefix and a family code, as an offer's `products` names them."""
RuleThree = Literal["first_or_others", "third_and_other"]
Returns = Literal["keep", "restore", "reclaim"]
RULES = ("any", "all", "first_and_other")
GROUPS = ("first", "second", "third")
NEEDS = {0: "buy", 1: "spend", 2: "basket", 3: "pounds", 4: "kilograms"}
TEN = 10  # weights have two implied decimals, and terms keep thousandths


def to_terms(
    coupon: Coupon8110,
    products: Products,
    today: date,
    *,
    rule_three: RuleThree | None = None,
    title: str = "",
    handling: int = 0,
    returns: Returns = "keep",
) -> Terms:
    """Say an 8110 coupon as terms, amounts in the minor units that it has: hundredths.

    Without a start it is good from today, without an expiry until today. Rule 3 is read in two
    ways, and the caller must choose. The maker pays `handling` for each use on top, unless it is a
    store's own coupon. Raises CouponError that names what terms cannot say, such as a family of no
    known product, and OfferError.
    """
    save = coupon.save or SaveRule()
    name = f"{coupon.funder_prefix}-{coupon.offer_code}"
    ends = coupon.expires_on(today) or max(today, coupon.starts_on(today) or today)
    said: dict[str, Any] = {
        "id": f"8110:{name}",
        "title": title or f"Coupon {name}",
        **funded(coupon.funder_prefix, handling, store=bool(save.store_flag)),
        "starts": coupon.starts_on(today) or min(today, ends),
        "ends": ends,
        "may_be_doubled": not save.do_not_multiply,
        "printable": False,
        "returns": returns,
        "reward": reward(save.save_value_code, int(coupon.save_value), _target(coupon)),
        **_purchases(coupon, products),
        **rule(coupon.rule, rule_three),
    }
    return checked(said, f"8110 coupon {name}")


def checked(said: dict[str, Any], where: str) -> Terms:
    """Terms of what is said. Raises OfferError."""
    try:
        return Terms.model_validate(said)
    except ValidationError as error:
        raise OfferError(explain(where, error)) from None


def funded(funder: str, handling: int, *, store: bool) -> dict[str, Any]:
    """Who pays: the maker all of it and `handling` for each use, or the store by itself."""
    if store:
        return {"funder": CHAIN}
    return {"funder": funder, "funding": {"manufacturer": WHOLE, "handling": handling}}


def need(code: int, requirement: int) -> dict[str, Any]:
    """What must be bought, by requirement code: pieces, hundredths of money, pounds, kilograms."""
    if code == 9:
        return {"nothing": True}
    if requirement == 0:
        raise CouponError(f"A requirement of 0 with code {code} asks for nothing; expected more.",
                          "requirement")  # fmt: skip
    if code == 0 and requirement > 99:
        raise CouponError(f"A requirement of {requirement} units is more than the 99 that an offer "
                          "may ask for.", "requirement")  # fmt: skip
    return {NEEDS[code]: requirement * TEN if code in (3, 4) else requirement}


def reward(code: int, value: int, applies_to: str | None) -> dict[str, Any]:
    """What comes off, by save value code; `applies_to` is None for all that was bought for it.

    A free item without a value has no upper limit. An amount off that is more than its goods cost
    gives nothing at all, but with code 7, save up to.
    """
    if value == 0 and code != 1:
        raise CouponError(f"A save value of 0 with code {code} gives nothing; expected more.",
                          "save value")  # fmt: skip
    if code == 5 and value > 100:
        raise CouponError(f"A save value of {value} percent is more than all.", "save value")
    if code == 2 and value > 99:
        raise CouponError(f"A save value of {value} free items is more than the 99 that an offer "
                          "may give.", "save value")  # fmt: skip
    if code == 6:
        return {"amount_off": value, "over_value": "nothing", "applies_to": "basket"}
    said: dict[int, dict[str, Any]] = {
        0: {"amount_off": value, "over_value": "nothing"},
        1: {"free_item": value, "among": True} if value else {"get": 1, "among": True},
        2: {"get": value, "among": True},
        5: {"percent_off": value * 100},
        7: {"amount_off": value, "over_value": "cap"},
    }
    return said[code] | ({} if applies_to is None else {"applies_to": applies_to})


def _target(coupon: Coupon8110) -> str | None:
    """The purchase that the save value applies to; None is whichever was bought for it.

    Where any one purchase will do, 0 is what encoders write who need the last field for another of
    its flags: taken at its word it would deny the coupon to whoever bought the others.
    """
    if coupon.save is None or (coupon.save.applies_to == 0 and coupon.rule in (None, 0)):
        return None
    return GROUPS[coupon.save.applies_to]


def rule(code: int | None, rule_three: RuleThree | None) -> dict[str, Any]:
    """Which purchases one use needs, by additional purchase rules code. Raises CouponError."""
    if code is None:
        return {}
    if code < len(RULES):
        return {"rule": RULES[code]}
    if rule_three is None:
        raise CouponError("The additional purchase rules code is 3, which is read in two ways; "
                          "expected to be told which.",
                          "additional purchase rules code")  # fmt: skip
    return {"rule": rule_three}


def _purchases(coupon: Coupon8110, products: Products) -> dict[str, Any]:
    if coupon.third is not None and coupon.second is None:
        raise CouponError("A third purchase without a second has no rule that joins it to the "
                          "first; expected both.", "third purchase")  # fmt: skip
    said = _purchase(coupon.first, "first", coupon.funder_prefix, products)
    for name, purchase in (("second", coupon.second), ("third", coupon.third)):
        if purchase is not None:
            prefix = purchase.prefix or coupon.funder_prefix
            called = {"called": f"products {prefix}-{purchase.family_code}"}
            said[name] = _purchase(purchase, name, prefix, products) | called
    return said


def _purchase(purchase: Purchase, name: str, prefix: str, products: Products) -> dict[str, Any]:
    found = tuple(products(prefix, purchase.family_code))
    # A sum of the whole basket, or no requirement at all, needs no goods to be known.
    if not found and purchase.requirement_code not in (2, 9):
        raise CouponError(
            f"No product is known of prefix {prefix} and family code {purchase.family_code}, the "
            f"{name} purchase of the coupon.", f"{name} purchase family code",
        )  # fmt: skip
    return need(purchase.requirement_code, int(purchase.requirement)) | {"products": found}
