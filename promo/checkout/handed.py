"""Codes that are handed over at the till: what each is, before a basket is priced.

A code is the id of one of the chain's own offers, or a manufacturer's coupon, AI 8110 or 8112, as
scanners send it. What 8110 gives stands in its string; 8112 names an offer of the positive offer
file (see `positive_file`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from hashlib import blake2b

from promo.coupon_section import Coupons
from promo.lists.codes import coupon_8110, coupon_8112
from promo.lists.codes.coupon_8110 import Coupon8110, SaveRule
from promo.lists.codes.coupon_terms import to_terms
from promo.money import exponent
from promo.offers.terms import OfferError, Terms
from promo.scans.gtin import CodeError

HUNDREDTHS = 2  # the decimals that save values imply; other currencies have no such coupons
OF_MAKERS = re.compile(r"(?:\](?:C1|e0|d2|Q3))?\x1d?\(?(811[02])")
Group = tuple[str, str]  # a company prefix and a family code
Claim = tuple[str, str]  # a coupon's name and its serial number: good once


@dataclass(frozen=True)
class Handed:
    """One code: the offer that it is, and what must hold before it is priced.

    offer: its id, or the code itself where that cannot be read; digits: the AI and its data, for
    settlement; terms: what the string itself says (8110), else the offer is on file; groups: the
    products of its purchases, by number; retailer: whose stores alone take it; why: a code of
    sentences.WHY_NOT where it cannot be taken, `detail` what is wrong.
    """

    offer: str
    digits: str = ""
    claim: Claim | None = None
    terms: Terms | None = None
    groups: Mapping[int, Group] = field(default_factory=dict)
    retailer: str | None = None
    why: str = ""
    detail: str = ""

    def refused(self, why: str, detail: str = "") -> "Handed":
        """The same, not taken."""
        return replace(self, why=why, detail=detail)


@lru_cache(maxsize=4096)
def read(code: str, rules: Coupons, currency: str, today: date) -> Handed:
    """What a code is, seen from a day; never an error."""
    text = code.strip()
    found = OF_MAKERS.match(text)
    if found is None:
        return Handed(text)
    if exponent(currency) != HUNDREDTHS:
        detail = f"Amounts of coupons are hundredths; {currency} has none."
        return Handed(text, why="unknown_coupon", detail=detail)
    try:
        if found[1] == coupon_8112.AI:
            return _of_8112(coupon_8112.parse(text))
        coupon = coupon_8110.parse(text)
        coupon.starts_on(today), coupon.expires_on(today)  # years that have no such day
    except CodeError as error:
        return Handed(text, why="coupon_unreadable", detail=str(error))
    return _of_8110(coupon, rules, today)


def _of_8112(coupon: coupon_8112.Coupon8112) -> Handed:
    offer = f"{coupon_8112.AI}:{coupon.offer}"
    digits = coupon_8112.AI + coupon_8112.write(coupon)
    return Handed(offer, digits, claim_of(digits))


def _of_8110(coupon: Coupon8110, rules: Coupons, today: date) -> Handed:
    """The offer has a name by all that its string says but the serial: terms of its own."""
    said = blake2b(coupon_8110.write(replace(coupon, serial=None)).encode(), digest_size=8)
    digits = coupon_8110.AI + coupon_8110.write(coupon)
    made = Handed(f"{_name(coupon)}:{said.hexdigest()}", digits, claim_of(digits),
                  retailer=coupon.retailer)  # fmt: skip
    groups = {} if _of_the_basket(coupon) else _groups(coupon)
    try:
        terms = to_terms(
            coupon, lambda prefix, family: [f"{prefix}-{family}"] if groups else [], today,
            rule_three=rules.rule_three, handling=rules.handling, returns=rules.returns,
        )  # fmt: skip
    except (CodeError, OfferError) as error:
        return made.refused("coupon_unclear", str(error))
    return replace(made, terms=terms.model_copy(update={"id": made.offer}), groups=groups)


def claim_of(digits: str) -> Claim | None:
    """What the digits of a coupon, with their AI before them, may claim once; None where nothing.

    The name leaves out what an 8110 string says it gives, so that a forged value is no new coupon.
    """
    if digits.startswith(coupon_8112.AI):
        named = coupon_8112.parse(digits)
        name, serial = f"{coupon_8112.AI}:{named.offer}", named.serial
    else:
        coupon = coupon_8110.parse(digits)
        name, serial = _name(coupon), coupon.serial
    return None if serial is None else (name, serial)


def _name(coupon: Coupon8110) -> str:
    return f"{coupon_8110.AI}:{coupon.funder_prefix}-{coupon.offer_code}"


def _groups(coupon: Coupon8110) -> dict[int, Group]:
    return {
        number: (purchase.prefix or coupon.funder_prefix, purchase.family_code)
        for number, purchase in enumerate(coupon.purchases, 1)
    }


def _of_the_basket(coupon: Coupon8110) -> bool:
    """Whether no goods matter: a sum off the basket, for a sum of the basket or for nothing."""
    save = coupon.save or SaveRule()
    needs = {purchase.requirement_code for purchase in coupon.purchases}
    return save.save_value_code == 6 and needs <= {2, 9}
