"""Every way in which the service says no: a closed set of codes, each with its sentences.

`cashier` is for whoever stands at the till, `shopper` for whoever stands before it, both in the
store's language. Sentences of tills and codes name no card, no code and nothing of a household.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from promo.language import Language


@dataclass(frozen=True)
class Refusal:
    """What a refusal says, and the HTTP status it comes with."""

    status: int
    cashier: str
    shopper: str


class Noted:
    """Marks messages for scripts/messages.py where they stand, to be said in a language later."""

    def text(self, message: str) -> str:
        """The message itself."""
        return message


_ = Noted()
NO_OFFERS_NOW = _.text("We cannot look up your offers right now.")
NOT_UNDERSTOOD = _.text(
    "The till asked in a way that is not understood. Please call the help desk."
)
REFUSALS: Mapping[str, Refusal] = {
    # The list does not open.
    "mistyped": Refusal(
        404,
        _.text(
            "This code was not read right. Please scan it again, or type the short code below it."
        ),
        _.text("We could not read your code. One moment, please."),
    ),
    "forged": Refusal(
        404,
        _.text("We did not print this code. Please do not accept it."),
        _.text("This code is not one of ours."),
    ),
    "unknown": Refusal(
        404,
        _.text("There is no list for this code or card."),
        _.text("There is no list for you at the moment."),
    ),
    "not_yet_valid": Refusal(
        409,
        _.text("This list is good from {day} on."),
        _.text("Your list is good from {day} on. Please keep it until then."),
    ),
    "expired": Refusal(
        409, _.text("This list was good until {day}."), _.text("Your list was good until {day}.")
    ),
    # The sale is not what the till takes it for.
    "conflict": Refusal(
        409,
        _.text("This sale was sent before with another basket. The first answer stands."),
        NO_OFFERS_NOW,
    ),
    "voided": Refusal(
        409, _.text("This sale has been taken back."), _.text("This sale has been taken back.")
    ),
    "no_sale": Refusal(
        404,
        _.text("There is no such sale with us. Please check the receipt."),
        _.text("We do not find your receipt."),
    ),
    "a_return": Refusal(
        409,
        _.text("This is a return, which cannot be made void. Please sell the goods again."),
        _.text("What was brought back can be bought again."),
    ),
    "not_left": Refusal(
        409,
        _.text("The sale has not so much of an item left to bring back."),
        _.text("This has been brought back already."),
    ),
    "wrong_day": Refusal(
        409,
        _.text("The till's clock or business day is wrong. Please call the help desk."),
        NO_OFFERS_NOW,
    ),
    # A store's journal is not the one that head office has read so far.
    "forked": Refusal(409, NOT_UNDERSTOOD, NO_OFFERS_NOW),
    # The request is not what it should be.
    "malformed": Refusal(400, NOT_UNDERSTOOD, NO_OFFERS_NOW),
    "no_key": Refusal(
        401, _.text("This till has no valid key. Please call the help desk."), NO_OFFERS_NOW
    ),
    "not_allowed": Refusal(
        403,
        _.text("This till's key does not allow that. Please call the help desk."),
        NO_OFFERS_NOW,
    ),
    "other_store": Refusal(
        403, _.text("This till's key is another store's. Please call the help desk."), NO_OFFERS_NOW
    ),
    "no_such_path": Refusal(
        404,
        _.text("The till asked for something that is not there. Please call the help desk."),
        NO_OFFERS_NOW,
    ),
    "wrong_method": Refusal(405, NOT_UNDERSTOOD, NO_OFFERS_NOW),
    "too_slow": Refusal(
        408, _.text("The till's request did not arrive whole. Please try again."), NO_OFFERS_NOW
    ),
    "too_large": Refusal(
        413, _.text("The till sent more than is taken. Please call the help desk."), NO_OFFERS_NOW
    ),
    "wrong_type": Refusal(415, NOT_UNDERSTOOD, NO_OFFERS_NOW),
    "too_many": Refusal(
        429, _.text("Too many requests. Please try again in a moment."), NO_OFFERS_NOW
    ),
    "guessing": Refusal(
        429,
        _.text("Too many wrong codes came from here. Please try again in a moment."),
        NO_OFFERS_NOW,
    ),
    # A store machine answers on its own, and cannot do this without head office.
    "elsewhere": Refusal(
        404,
        _.text("This list cannot be checked while the line to head office is down."),
        _.text("We cannot check your list right now. It stays good; please use it next time."),
    ),
    "line_down": Refusal(
        503,
        _.text("The line to head office is down. Please try again when it is back."),
        _.text("We cannot do this right now. Please come back later."),
    ),
    "pack_expired": Refusal(
        503,
        _.text("What the store's machine knows is too old. Please call the help desk."),
        NO_OFFERS_NOW,
    ),
    # We cannot.
    "failed": Refusal(
        500, _.text("Something went wrong on our side. Please call the help desk."), NO_OFFERS_NOW
    ),
    "unavailable": Refusal(503, _.text("The service is busy. Please try again."), NO_OFFERS_NOW),
}


class Refuse(Exception):
    """No, and why: a code of REFUSALS.

    detail: for whoever programs the till, in English, without any value that was sent; day: what
    the sentences name; wait: seconds after which to ask again; headers: of the answer.
    """

    def __init__(
        self, code: str, *, detail: str = "", day: date | None = None, wait: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(code)
        self.code = code
        self.status = REFUSALS[code].status
        self.detail = detail
        self.day = day
        self.headers = dict(headers or {})
        if wait is not None:
            self.headers["retry-after"] = str(max(1, round(wait + 0.5)))

    def in_words(self, language: Language) -> dict[str, Any]:
        """The answer's body."""
        values = {"day": language.day(self.day)} if self.day else {}
        refusal = REFUSALS[self.code]
        body = {
            "refused": self.code,
            "cashier": language.text(refusal.cashier, **values),
            "shopper": language.text(refusal.shopper, **values),
        }
        return body | ({"detail": self.detail} if self.detail else {})
