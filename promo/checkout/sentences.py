"""What the service says of offers and sales: a closed set of reasons, and sentences for people."""

from collections.abc import Mapping
from functools import lru_cache

from promo.checkout.refusals import Noted
from promo.language import Language

_ = Noted()
# Why an offer was not used, for the shopper: the reasons of basket.reasons, and the service's own.
WHY_NOT: Mapping[str, str] = {
    "day": _.text("The offer is not good on this day."),
    "time": _.text("The offer is not good at this time."),
    "store": _.text("The offer is not good in this store."),
    "no_uses": _.text("The offer has been used as often as it may be."),
    "no_uses_household": _.text("Your household has used the offer as often as it may."),
    "no_uses_today": _.text("Your household has used the offer as often as it may today."),
    "reserved": _.text("The offer is held for another basket, which is not paid yet."),
    "not_bought": _.text("None of the items is in the basket."),
    "too_few": _.text("Too few of the items are in the basket."),
    "too_little": _.text("The items in the basket cost too little."),
    "basket_too_small": _.text("The basket costs too little."),
    "too_light": _.text("The items in the basket weigh too little."),
    "over_value": _.text("The items cost less than the offer takes off."),
    "no_saving": _.text("There is nothing that the offer could take off."),
    "taken": _.text("Other offers have used the items."),
    "stacking": _.text("Another offer of its group has been used, and a basket gets one of them."),
    "exclusive": _.text("It goes with no other offer, and others have been used."),
    "excluded": _.text("Another offer has been used that goes with no other."),
    "stopped": _.text("The offer is no longer given."),
    "budget": _.text("The offer has reached its limit."),
    "needs_line": _.text("The offer cannot be given while the line to our head office is down."),
    "unknown_coupon": _.text("This coupon is not one we take."),
    "coupon_unreadable": _.text("We could not read this coupon."),
    "coupon_used": _.text("This coupon has been used already."),
    "coupon_unclear": _.text("We cannot check here what this coupon is good for."),
}
# What the cashier does with a coupon that is not taken.
CASHIER: Mapping[str, str] = {
    "unknown_coupon": _.text("We do not know this coupon. Please give it back."),
    "coupon_unreadable": _.text(
        "Please scan the coupon again. If that does not help, give it back."
    ),
    "coupon_used": _.text("This coupon was taken before. Please do not accept it."),
    "reserved": _.text(
        "Another till holds this coupon. Please finish or cancel that sale, or try again later."
    ),
    "coupon_unclear": _.text("The till cannot check this coupon. Please follow the store's rules."),
    "store": _.text("This coupon is another chain's or store's. Please give it back."),
}


@lru_cache(maxsize=1_000)
def why_not(code: str, language: Language) -> str:
    """Why an offer was not used."""
    return language.text(WHY_NOT[code])


def for_cashier(code: str, language: Language) -> str:
    """What the cashier does with a coupon that was not taken; nothing where the reason says it."""
    return language.text(CASHIER[code]) if code in CASHIER else ""


def of_basket(used: int, off: int, points: int, language: Language) -> tuple[str, str]:
    """For the cashier and for the shopper, of a basket."""
    if not used:
        return (
            language.text("No offer applies to this basket."),
            language.text("None of your offers applies to this basket."),
        )
    cashier = language.many("{count} offer applies.", "{count} offers apply.", used)
    saved = language.text("You save {money}.", money=language.money(off)) if off else ""
    earned = language.many("You earn {count} point.", "You earn {count} points.", points)
    return cashier, " ".join(filter(None, (saved, earned if points else "")))


def of_return(refund: int, points: int, language: Language) -> tuple[str, str]:
    """For the cashier and for the shopper, of a return."""
    money = language.money(refund)
    cashier = language.text("Pay out {money}.", money=money)
    shopper = language.text("You get {money} back.", money=money)
    if points:
        shopper += " " + language.many(
            "{count} point is taken back.", "{count} points are taken back.", points
        )
    return cashier, shopper


def of_void(known: int, language: Language) -> tuple[str, str]:
    """For the cashier and for the shopper, of a void."""
    if not known:
        return (
            language.text("There was nothing to take back; the sale can no longer be made."),
            language.text("No offer was used."),
        )
    return (
        language.text("The sale is taken back."),
        language.text("The sale is taken back. Your offers are good again."),
    )
