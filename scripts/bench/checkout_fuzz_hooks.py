"""What the fuzzer is told of the chain: real codes, cards, goods and transactions, now and then.

Loaded by schemathesis (SCHEMATHESIS_HOOKS). What is put in depends on the body alone, so that a
body sent again is the same one.
"""

import os
import random
from typing import Any

import schemathesis
from checkout_shop import DAY, basket
from till_kit import card, code

LISTS = int(os.environ["PROMO_FUZZ_LISTS"])
KEPT = 0.06  # of what is generated, where something real could stand
PLACES = ("of", "reservation")


@schemathesis.hook
def map_body(context: schemathesis.HookContext, body: Any) -> Any:
    """The body with most of what it names real."""
    if not isinstance(body, dict):
        return body
    chance = random.Random(repr(body))
    verb = context.operation.path.rpartition("/")[2] if context.operation else ""
    number = chance.randrange(LISTS)
    real: dict[str, Any] = {"store": "1"}
    if verb in ("lookup", "sheet"):
        real |= {"code": code(number)} if chance.random() < 0.5 else {"card": card(number)}
        body = {name: value for name, value in body.items() if name not in ("code", "card")}
    else:
        real |= _sale(verb, number, chance)
        if {"code", "card"} <= body.keys() and chance.random() < 0.9:
            body = {name: value for name, value in body.items() if name != "code"}
    optional = {"code", "card", "of", "reservation", "coupons"} & real.keys()
    wanted = {
        name: value
        for name, value in real.items()
        if chance.random() > KEPT
        and (name in body or name not in optional or chance.random() < 0.5)
    }
    return _plain(body, chance) | wanted


def _sale(verb: str, number: int, chance: random.Random) -> dict[str, Any]:
    """A basket of the household with a number, or a sale of it that may be there to take back."""
    name = f"{number}"
    # Half of the sales have a name that none has had; the others are sent again, or conflict.
    own = name if chance.random() < 0.5 else f"{name}-{chance.randrange(10**6)}"
    real = basket(number, own)
    if chance.random() < 0.3:
        del real["code"]
        real["card"] = card(number)
    if verb in ("return", "void"):
        # Three of four households keep their sales, for returns.
        name = f"{number - number % 4}" if verb == "void" else name
        for each in ("code", "card", "lines"):
            real.pop(each, None)
        real["of"] = {"store": "1", "till": "1", "day": DAY, "transaction": name}
        if verb == "return" and chance.random() < 0.6:
            real["lines"] = [{"line": chance.randrange(8), "quantity": 1}]
        return real
    if chance.random() < 0.3:
        real["coupons"] = ["web0"] * chance.randrange(1, 3)
    if verb == "redeem" and chance.random() < 0.2:
        real["reservation"] = {"store": "1", "till": "1", "day": DAY, "transaction": name}
    if chance.random() < 0.3:
        real["lines"].append({"code": real["lines"][0]["code"], "quantity": -1, "amount": -300})
    return real


def _plain(body: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The body without most fields that nobody knows, which hide all that is behind them."""
    known = {"store", "till", "day", "transaction", "at", "code", "card", "lines", "coupons", "of",
             "reservation", "format"}  # fmt: skip
    if chance.random() < KEPT:
        return body
    return {name: value for name, value in body.items() if name in known}
