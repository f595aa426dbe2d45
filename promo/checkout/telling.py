"""What a till is told of a basket, a return or a void, ready for JSON."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from promo.checkout import sentences
from promo.checkout.basket.model import Answer, Part
from promo.checkout.request import Request
from promo.offers.basket import Unit

if TYPE_CHECKING:
    from promo.checkout.selling import Reckoned

NOTHING = {"uses": 0, "units": 0, "off": 0, "manufacturer": 0, "store": 0, "points": 0}


def priced(request: Request, found: "Reckoned") -> dict[str, Any]:
    """A basket's answer: bodies.Priced."""
    given = found.given
    parts = [part for answer in found.used for use in answer.uses for part in use.parts.items()]
    total, off = sum(line.amount for line in found.lines), given.discount
    funder = sum(answer.funder for answer in found.used)
    cashier, shopper = sentences.of_basket(
        sum(len(answer.uses) for answer in found.used), off, given.points, request.language
    )
    listed = {"list_code": found.row.code} if found.row else {}
    return request.name._asdict() | listed | {
        "total": total, "off": off, "to_pay": total - off, "manufacturer": funder,
        "store_bears": off - funder, "points": given.points,
        "offers": _offers(request, found), "lines": shares(parts),
        "cashier": cashier, "shopper": shopper,
    }  # fmt: skip


def _offers(request: Request, found: "Reckoned") -> list[dict[str, Any]]:
    """Every offer of the list and every coupon, in their order."""
    answers = {answer.key: answer for answer in found.given.answers}
    holding, told = found.holding, list[dict[str, Any]]()
    names = {key: holding.handed[place].offer for key, place in holding.coupons.items()}
    for key, title in holding.titles.items():
        own: dict[str, Any] = {"offer": names.get(key, key), "title": title}
        if key in holding.coupons:
            own["coupon"] = holding.coupons[key]
        if key in holding.refused:
            code, sentence = holding.refused[key]
            why = {"why": code, "sentence": sentence or sentences.why_not(code, request.language)}
            why |= _of_coupon(request, found, key, code) if key in holding.coupons else {}
            told.append(own | NOTHING | {"lines": []} | why)
        else:
            told.append(own | _offer(request, answers[key], names))
    return told


def _of_coupon(request: Request, found: "Reckoned", key: str, code: str) -> dict[str, str]:
    """What the cashier does with a coupon that is not taken, and what is wrong with its code."""
    detail = found.holding.handed[found.holding.coupons[key]].detail
    cashier = sentences.for_cashier(code, request.language)
    return ({"cashier": cashier} if cashier else {}) | ({"detail": detail} if detail else {})


def _offer(request: Request, answer: Answer, names: Mapping[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = NOTHING | {"lines": []}
    if answer.uses:  # most are not
        parts = [part for use in answer.uses for part in use.parts.items()]
        told = {
            "uses": len(answer.uses), "units": len(parts), "off": answer.discount,
            "manufacturer": answer.funder, "store": answer.store, "points": answer.points,
            "lines": shares(parts),
        }  # fmt: skip
    if answer.why is not None:
        told["why"] = answer.why.code
        told["sentence"] = sentences.why_not(answer.why.code, request.language)
        if answer.why.by:
            told["by"] = [names.get(key, key) for key in answer.why.by]
    return told


def shares(parts: Iterable[tuple[Unit, Part]]) -> list[dict[str, int]]:
    """Each line's share: bodies.LineShare."""
    found: dict[int, dict[str, int]] = {}
    units: dict[int, set[Unit]] = {}
    for unit, part in parts:
        line = found.setdefault(unit[0], {"line": unit[0], "units": 0, "off": 0, "manufacturer": 0,
                                          "store": 0, "points": 0})  # fmt: skip
        units.setdefault(unit[0], set()).add(unit)
        line["units"] = len(units[unit[0]])
        line["off"] += part.off
        line["manufacturer"] += part.funder
        line["store"] += part.store
        line["points"] += part.points
    return [found[number] for number in sorted(found)]


def summed(offers: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The sums over some offers that bear `off`, `manufacturer`, `store` and `points`."""
    of = {"off": "off", "manufacturer": "manufacturer", "store_bears": "store", "points": "points"}
    return {name: sum(each[field] for each in offers) for name, field in of.items()}
