"""The bar on terms: no malformed offer gets in unnamed, and prices keep their promises.

Malformed offers are made from sound ones: each value of each field in turn is taken away, or
replaced by each of a table of wrong ones. Prices are tried on drawn offers and baskets.
"""

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import kit

from promo.offers.basket import Line
from promo.offers.cells import CELLS
from promo.offers.pricing import price
from promo.offers.terms import OfferError, Terms, parse

OFFER: dict[str, Any] = {
    "id": "o1", "title": "Oat milk", "funder": "Maker 7", "starts": "2017-11-01",
    "ends": "2017-11-30", "objective": "grow", "products": ["internal:1"],
    "budget": {"money": 500, "redemptions": 400},
}  # fmt: skip
SECOND: dict[str, Any] = {"products": ["internal:2"], "called": "any bread"}
REWARDS: list[dict[str, Any]] = [
    {"amount_off": 1, "per": "unit", "over_value": "cap"}, {"percent_off": 20, "at_most": 3},
    {"new_price": 2, "per": "lb"}, {"bundle_price": 5}, {"get": 1, "percent_off": 50},
    {"get": 1, "amount_off": 1, "among": True}, {"free_item": 3, "applies_to": "second"},
    {"points": 500, "per": "use"},
]  # fmt: skip
NEEDS: list[dict[str, Any]] = [
    {"buy": 2},
    {"spend": 10},
    {"basket": 50},
    {"pounds": 2},
    {"kilograms": 1},
    {"nothing": True},
]
FULL: dict[str, Any] = OFFER | {
    "brands": ["Acme"], "categories": ["TEA"], "but_not": {"brands": ["Zeta"], "called": "gifts"},
    "or_more": False, "rule": "first_and_other", "second": SECOND | {"buy": 2},
    "third": SECOND | {"spend": 5}, "choose": "cheapest",
    "uses": {"per_list": 2, "per_household": 3, "per_day": 1},
    "when": {"days": ["mon"], "after": "08:00", "before": "20:00"},
    "where": {"stores": ["1"], "but_not": ["2"]}, "stacking": "dairy", "exclusive": True,
    "priority": 3, "may_be_doubled": False, "returns": "keep",
    "offline": {"policy": "honour", "bearer": "store"},
    "funding": {"manufacturer": 60, "handling": 1}, "printable": True, "hard": False,
    "rivals": {"funders": ["Maker 8"], "brands": ["Zeta"], "offers": ["o2"]},
}  # fmt: skip
WRONG: tuple[Any, ...] = (
    [], {}, [[]], {"x": 1}, -1, "-1", -(10**30), 10**30, 10**5000, float("nan"), float("inf"),
    1e-9, "1e999999999", "\x00", "two\nlines", "", object(), b"1", {1, 2},
)  # fmt: skip
TEXT = ("-1", "1e999999999")
# What is sound after all: an empty list of names, a part that says nothing, any text for a name.
FINE: dict[str, tuple[Any, ...]] = {
    "brands": ([],), "categories": ([],), "days": ([],), "stores": ([],), "but_not": ([], {}),
    "funders": ([],), "offers": ([],), "products": ([],), "second": (), "uses": ({},),
    "id": TEXT, "title": TEXT, "funder": TEXT, "called": TEXT, "stacking": TEXT,
    "when": ({},), "where": ({},), "offline": ({},), "funding": ({},), "rivals": ({},),
}  # fmt: skip
REQUIRED = {"id", "title", "funder", "starts", "ends", "reward", "budget", "money", "redemptions",
            "heavy", "medium", "light"}  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """A sound offer with one fault, and the field that a refusal has to name."""

    field: str
    raw: dict[str, Any]


def sound() -> Iterator[dict[str, Any]]:
    """Sound offers: every reward with every need, and one that has all there is."""
    for reward in REWARDS:
        for need in NEEDS:
            yield FULL | {"reward": reward} | need | _ladder(reward)


def _ladder(reward: dict[str, Any]) -> dict[str, Any]:
    numbers = (1, 2, 3) if reward.keys() & {"new_price", "bundle_price"} else (3, 2, 1)
    return {"ladder": dict(zip(("heavy", "medium", "light"), numbers, strict=True)) | {"none": 1}}


def mutations(offer: dict[str, Any]) -> Iterator[Mutation]:
    """The offer with each of its fields wrong in every way."""
    for path in _paths(offer):
        field = ".".join(path)
        fine = [(type(value), value) for value in FINE.get(path[-1], ())]
        for wrong in WRONG:
            if (type(wrong), wrong) not in fine:
                yield Mutation(field, _changed(offer, path, wrong))
        if path[-1] in REQUIRED:
            yield Mutation(field, _changed(offer, path, None, drop=True))
        yield Mutation(f"{field}x", _changed(offer, (*path[:-1], f"{path[-1]}x"), 1))
    yield Mutation("ends", offer | {"ends": "2017-10-31"})
    yield Mutation("hard", offer | {"hard": True})


def _paths(part: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in part.items():
        yield (*above, name)
        if isinstance(value, dict):
            yield from _paths(value, (*above, name))


def _changed(
    offer: dict[str, Any], path: tuple[str, ...], value: Any, *, drop: bool = False
) -> dict[str, Any]:
    changed = copy.deepcopy(offer)
    part = changed
    for name in path[:-1]:
        part = part[name]
    if drop:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return changed


def unnamed(mutation: Mutation) -> str | None:
    """What is wrong with how a malformed offer was met; None where its field was named."""
    try:
        parse(mutation.raw, "offer 1", "USD")
    except OfferError as error:
        # A fault may be named by the part that it makes unsound, never by another one.
        parts = mutation.field.split(".")
        names = {f"`{'.'.join(parts[: n + 1])}" for n in range(len(parts))}
        said = str(error).splitlines()
        named = all(line.startswith("offer 1: ") for line in said) and any(
            f"{name}{end}" in line for line in said for name in names for end in ("`", ".")
        )
        return None if named else f"{mutation.field} is not named: {error}"
    except Exception as error:  # whatever is no sentence is what we look for
        return f"{mutation.field}: {type(error).__name__} {error}"
    return f"{mutation.field} was taken in"


def refusals(offers: list[dict[str, Any]]) -> None:
    """Report how many malformed offers were refused by a sentence that names the field."""
    tried, wrong = 0, []
    for offer in offers:
        parse(offer, "offer 1", "USD")
        for mutation in mutations(offer):
            tried += 1
            wrong += [said] if (said := unnamed(mutation)) else []
    for said in sorted(set(wrong))[:10]:
        kit.note(said[:200])
    kit.report("terms: malformed offers refused by name", f"{tried - len(wrong)} of {tried}",
               "all", ok=not wrong)  # fmt: skip


def drawn(chance: random.Random) -> dict[str, Any]:
    """A sound offer at random."""
    needs: list[dict[str, Any]] = [{"buy": 2}, {"spend": 4}, {"nothing": True}, {}]
    second = SECOND | chance.choice(needs)
    reward = dict(chance.choice(REWARDS))
    for name in ("amount_off", "new_price", "bundle_price", "free_item", "at_most"):
        if name in reward:
            reward[name] = chance.randint(1, 900)
    if "percent_off" in reward:
        reward["percent_off"] = chance.randint(1, 100)
    others = {"second": second, "rule": chance.choice(["any", "all"])}
    return OFFER | chance.choice(NEEDS) | {"reward": reward} | others | {
        "choose": chance.choice(["dearest", "cheapest"]),
        "uses": {"per_list": chance.randint(1, 4)}, "or_more": chance.random() < 0.5,
    }  # fmt: skip


def basket(chance: random.Random) -> list[Line]:
    """Lines at random: returns, lines without money and weighed ones among them."""
    return [
        Line(
            chance.choice("abxy"), chance.randint(-1, 6), chance.randint(-300, 4000),
            chance.choice([None, chance.randint(1, 5000)]), chance.choice(["kg", "lb"]),
            excluded=chance.random() < 0.1,
        )
        for _ in range(chance.randint(0, 8))
    ]  # fmt: skip


PURCHASE_OF = {"a": (1,), "b": (2,), "x": (1, 2)}


def broken(terms: Terms, lines: list[Line], chance: random.Random) -> str | None:
    """The promise that a price does not keep; None where it keeps them all."""
    number = terms.number(chance.choice(CELLS))
    found = price(terms, number, lines, PURCHASE_OF)
    if sum(found.shares) != found.discount:
        return "the shares do not add up to the discount"
    for line, share in zip(lines, found.shares, strict=True):
        if not 0 <= share <= max(line.amount, 0):
            return "a line goes below zero"
    if len(set(found.units)) != len(found.units) or found.uses > terms.uses.per_list:
        return "a piece or a use counts twice"
    order = chance.sample(range(len(lines)), len(lines))
    moved = price(terms, number, [lines[n] for n in order], PURCHASE_OF)
    pairs = zip([lines[n] for n in order], moved.shares, strict=True)
    if sorted(map(repr, pairs)) != sorted(map(repr, zip(lines, found.shares, strict=True))):
        return "the lines' order decides"
    if Terms.from_stored(terms.stored()).stored() != terms.stored():
        return "the stored terms are others"
    return None


def properties(draws: int) -> None:
    """Report the promises that prices broke on drawn offers and baskets."""
    for currency in ("USD", "JPY", "KWD"):
        chance = random.Random(currency)
        faults = []
        for _ in range(draws):
            terms = parse(drawn(chance), "drawn", currency)
            faults += [said] if (said := broken(terms, basket(chance), chance)) else []
        for said in sorted(set(faults)):
            kit.note(said)
        kit.report(f"terms: prices in {currency} that break a promise",
                   f"{len(faults)} of {draws}", 0, ok=not faults)  # fmt: skip


def judge() -> None:
    """The bar."""
    refusals(list(sound()))
    properties(20_000)


def judge_quickly() -> None:
    """The same on a sample."""
    refusals(list(sound())[::7])
    properties(1_000)
