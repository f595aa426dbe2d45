"""Terms in plain English, for the sheet: from the definition that is priced, so they cannot differ.

The title is the marketer's; what stands here is what the offer gives and on what conditions.
"""

from collections.abc import Iterator, Mapping

import polars as pl

from promo import money
from promo.offers.conditions import Purchase, Uses, When
from promo.offers.ladders import NOT_A_BUYER
from promo.offers.rewards import (
    AmountOff,
    BundlePrice,
    FreeItem,
    Get,
    GivePoints,
    NewPrice,
    PercentOff,
    Reward,
)
from promo.offers.taking import TARGETS
from promo.offers.terms import Terms

PER = {"use": "", "unit": " each", "kg": " a kilogram", "lb": " a pound"}
THESE = "these"
DAY_NAMES = {
    "mon": "Mondays", "tue": "Tuesdays", "wed": "Wednesdays", "thu": "Thursdays",
    "fri": "Fridays", "sat": "Saturdays", "sun": "Sundays",
}  # fmt: skip


class Wording:
    """How a chain writes money; and with it the words of any offer."""

    def __init__(self, currency: str, locale: str = "en_US") -> None:
        self.currency, self.locale = currency, locale

    def headline(self, terms: Terms, number: int) -> str:
        """What the offer gives, in a few words: `$1.00 off`, `3 for $5.00`, `1 free`."""
        reward = terms.reward.at(number)
        match reward:
            case AmountOff():
                return f"{self._money(number)} off{PER[reward.per]}"
            case PercentOff():
                return f"{_percent(number)} off"
            case NewPrice():
                return f"{self._money(number)}{PER[reward.per]}"
            case BundlePrice() if _is_bundle(terms):
                return f"{terms.pieces} for {self._money(number)}"
            case BundlePrice():
                return f"{self._money(number)} together"
        return self._given(reward)

    def of(self, chosen: pl.DataFrame, terms: Mapping[str, Terms]) -> pl.DataFrame:
        """Chosen offers with their `headline` and `conditions`.

        chosen: id, loyalty and volume (null where the household does not buy the category), and
        whatever else; terms: of each offer, by id.
        """
        keys = ["id", "loyalty", "volume"]
        rungs = chosen.select(keys).unique(maintain_order=True)
        said = []
        for name, loyalty, volume in rungs.iter_rows():
            offer = terms[name]
            number = offer.number((loyalty or "unknown", volume or NOT_A_BUYER))
            said.append((self.headline(offer, number), self.conditions(offer, number)))
        schema = {"headline": pl.String, "conditions": pl.String}
        words = pl.concat(
            [rungs, pl.DataFrame(said, schema=schema, orient="row")], how="horizontal"
        )
        return chosen.join(words, on=keys, how="left", nulls_equal=True, maintain_order="left")

    def _given(self, reward: Reward) -> str:
        match reward:
            case FreeItem():
                return f"Free, up to {self._money(reward.free_item)}"
            case GivePoints():
                return f"{reward.points:,} point{_s(reward.points)}{PER[reward.per]}"
            case Get():
                which = f"{reward.get} of them" if reward.among else f"{reward.get} more"
                if reward.amount_off is not None:
                    return f"{self._money(reward.amount_off)} off {which}"
                if reward.percent_off is not None:
                    return f"{_percent(reward.percent_off)} off {which}"
                return f"{which} free" if reward.among else f"{reward.get} free"
        raise TypeError(f"{reward!r} has no words")

    def sentences(self, terms: Terms, number: int) -> str:
        """The whole terms: `$1.00 off when you buy 2. Once. Not with other offers.`"""
        return " ".join(f"{part}." for part in self._parts(terms, number) if part)

    def conditions(self, terms: Terms, number: int) -> str:
        """The same without the headline: `When you buy 2. Once.`"""
        reward = terms.reward.at(number)
        first = " ".join(part for part in (self._target(terms), self._when_bought(terms)) if part)
        parts = [first[:1].upper() + first[1:], *self._rest(terms, reward)]
        return " ".join(f"{part}." for part in parts if part)

    def _parts(self, terms: Terms, number: int) -> Iterator[str]:
        lead = (self.headline(terms, number), self._target(terms), self._when_bought(terms))
        yield " ".join(part for part in lead if part)
        yield from self._rest(terms, terms.reward.at(number))

    def _rest(self, terms: Terms, reward: Reward) -> Iterator[str]:
        most = getattr(reward, "at_most", None)
        yield f"At most {self._money(most)} off" if most is not None else ""
        if getattr(reward, "over_value", "") == "nothing":
            yield "Nothing off where the items cost less than that"
        yield from _left_out(terms)
        yield _times(terms.uses)
        yield _times_open(terms.when)
        yield "Not in every store" if terms.where.stores or terms.where.but_not else ""
        if terms.exclusive:
            yield "Not with any other offer"
        elif terms.stacking:
            yield f"Not with other offers of {terms.stacking}"

    def _target(self, terms: Terms) -> str:
        """What it comes off, where that is not simply what is bought."""
        where = terms.reward.applies_to
        if where in TARGETS:
            return f"on {terms.purchases[TARGETS[where]].called or THESE}"
        return "on the whole basket" if where == "basket" else ""

    def _when_bought(self, terms: Terms) -> str:
        if len(terms.purchases) == 1:
            return self._alone(terms)
        phrases = {number: self._phrase(p) for number, p in terms.purchases.items()}
        return f"when you buy {_joined(terms.rule, {n: p for n, p in phrases.items() if p})}"

    def _alone(self, terms: Terms) -> str:
        if terms.need == "nothing" or _is_bundle(terms):
            return ""
        if terms.need == "basket":
            return f"when your basket costs {self._money(terms.amount)} or more"
        if terms.need == "spend":
            name = terms.called or THESE
            return f"when you spend {self._money(terms.amount)} or more on {name}"
        if terms.need == "buy" and terms.pieces == 1 and not terms.takes_all:
            return "on one item"
        much = f"{terms.pieces}" if terms.need == "buy" else _weight(terms)
        more = " or more" if terms.takes_all or terms.need != "buy" else ""
        return f"when you buy {much}{more}"

    def _phrase(self, purchase: Purchase) -> str:
        """A purchase among several: `2 of these`, `$5.00 of any bread`."""
        name = purchase.called or THESE
        more = " or more" if purchase.or_more else ""
        match purchase.need:
            case "buy":
                return f"{purchase.amount}{more} of {name}"
            case "spend":
                return f"{self._money(purchase.amount)} or more of {name}"
            case "basket":
                return f"a basket of {self._money(purchase.amount)} or more"
            case "nothing":
                return ""
        return f"{_weight(purchase)} or more of {name}"

    def _money(self, minor: int) -> str:
        return money.in_words(minor, self.currency, self.locale)


def _is_bundle(terms: Terms) -> bool:
    """Whether the headline says already how many to buy: `3 for $5.00`."""
    bundle = isinstance(terms.reward, BundlePrice)
    return bundle and len(terms.purchases) == 1 and terms.need == "buy"


def _joined(rule: str, phrases: dict[int, str]) -> str:
    """Purchases joined as the rule joins them."""
    said = list(phrases.values())
    if len(said) < 3 or rule in ("any", "all"):
        return f" {'and' if rule in ('all', 'first_and_other') else 'or'} ".join(said)
    one, two, three = said
    return {
        "first_and_other": f"{one}, and {two} or {three}",
        "first_or_others": f"{one}, or {two} and {three}",
        "third_and_other": f"{one} or {two}, and {three}",
    }[rule]


def _left_out(terms: Terms) -> Iterator[str]:
    for purchase in terms.purchases.values():
        without = purchase.but_not
        if without.named:
            named = without.called or ", ".join(without.brands)
            yield f"Not on {named}" if named else "Some items are left out"


def _times(uses: Uses) -> str:
    said = "Once" if uses.per_list == 1 else f"Up to {uses.per_list} times"
    if uses.per_household is not None:
        said += f", at most {uses.per_household} in all for a household"
    if uses.per_day is not None:
        said += f", at most {uses.per_day} a day"
    return said


def _times_open(when: When) -> str:
    days = ", ".join(DAY_NAMES[day] for day in when.days)
    hours = [
        f"{word} {clock:%H:%M}"
        for word, clock in (("from", when.after), ("until", when.before))
        if clock is not None
    ]
    said = " ".join([*([days] if days else []), *hours])
    return f"Only {said}" if said else ""


def _weight(purchase: Purchase) -> str:
    unit = "lb" if purchase.need == "pounds" else "kg"
    return f"{purchase.amount / 1000:g} {unit}"


def _percent(hundredths: int) -> str:
    return f"{hundredths / 100:g}%"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
