"""Terms in a household's language, for the sheet: from the definition that is priced, so they
cannot differ.

The title is the marketer's; what stands here is what the offer gives and on what conditions. Every
message is a phrase that a translator can reorder; phrases begin small, a sentence's first letter is
made large here. Goods that the marketer names (`called`) are looked up among the chain's own words.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce

import polars as pl

from promo.language import Language, Languages
from promo.offers.cells import NOT_A_BUYER
from promo.offers.conditions import Goods, Purchase, When
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

ALWAYS = When()
WEIGHTS = {"pounds": "lb", "kilograms": "kg"}


def worded(chosen: pl.DataFrame, terms: Mapping[str, Terms], languages: Languages) -> pl.DataFrame:
    """Chosen offers with their `title`, `headline`, `conditions` and `points`.

    chosen: id, language (of the household), loyalty and volume (null where the household does not
    buy the category), and whatever else; terms: of each offer, by id.
    """
    keys = ["id", "loyalty", "volume", "language"]
    rungs = chosen.select(keys).unique(maintain_order=True)
    spoken = {tag: Wording(languages[tag]) for tag in rungs["language"].unique()}
    said, known = [], dict[tuple[str, int, str], tuple[str, str, str, int]]()
    for name, loyalty, volume, tag in rungs.iter_rows():
        number = terms[name].number((loyalty or "unknown", volume or NOT_A_BUYER))
        key = name, number, tag  # most cells share a number
        if key not in known:
            all_words = spoken[tag].all_of(terms[name], number)
            known[key] = (*all_words, points(terms[name], number))
        said.append(known[key])
    names = ("title", "headline", "conditions")
    schema = dict.fromkeys(names, pl.String()) | {"points": pl.Int64()}
    words = pl.concat([rungs, pl.DataFrame(said, schema=schema, orient="row")], how="horizontal")
    return chosen.join(words, on=keys, how="left", nulls_equal=True, maintain_order="left")


def points(terms: Terms, number: int) -> int:
    """The points that a use gives at least: of those by the piece, for the pieces it asks for."""
    reward = terms.reward.at(number)
    if not isinstance(reward, GivePoints):
        return 0
    return reward.points * (terms.pieces if reward.per == "unit" else 1)


class Wording:
    """The words of any offer in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.text, self.many, self.money = language.text, language.many, language.money

    def all_of(self, terms: Terms, number: int) -> tuple[str, str, str]:
        """Title, headline and conditions."""
        title = self.language.title(terms.title, terms.titles)
        return title, self.headline(terms, number), self.conditions(terms, number)

    def headline(self, terms: Terms, number: int) -> str:
        """What the offer gives, in a few words: `$1.00 off`, `3 for $5.00`, `1 free`."""
        reward = terms.reward.at(number)
        match reward:
            case AmountOff():
                return self._amount_off(reward)
            case PercentOff():
                return self.text("{percent} off", percent=self.language.percent(number))
            case NewPrice():
                return self._new_price(reward)
            case BundlePrice() if _is_bundle(terms):
                count, price = self.language.number(terms.pieces), self.money(number)
                return self.text("{count} for {price}", count=count, price=price)
            case BundlePrice():
                return self.text("{price} together", price=self.money(number))
        return self._given(reward)

    def _given(self, reward: Reward) -> str:
        match reward:
            case FreeItem():
                return self.text("Free, up to {amount}", amount=self.money(reward.free_item))
            case GivePoints():
                return self._points(reward)
            case Get():
                return self._among(reward) if reward.among else self._more(reward)
        raise TypeError(f"{reward!r} has no words")

    def sentences(self, terms: Terms, number: int) -> str:
        """The whole terms: `$1.00 off when you buy 2. Once. Not with other offers.`"""
        lead = self.headline(terms, number)
        if bought := self._bought(terms):
            lead = self.text("{headline} {condition}", headline=lead, condition=bought)
        return self._ended([lead, *self._rest(terms, terms.reward.at(number))])

    def conditions(self, terms: Terms, number: int) -> str:
        """The same without the headline: `When you buy 2. Once.`"""
        return self._ended([self._bought(terms), *self._rest(terms, terms.reward.at(number))])

    def _ended(self, phrases: Sequence[str]) -> str:
        """Phrases as sentences, each with a large letter and a full stop."""
        said = (
            f"{phrase[:1].upper()}{phrase[1:]}".removesuffix(".") for phrase in phrases if phrase
        )
        ended = [self.text("{sentence}.", sentence=phrase) for phrase in said]
        return reduce(lambda one, two: self.text("{one} {two}", one=one, two=two), ended)

    def _amount_off(self, reward: AmountOff) -> str:
        amount = self.money(reward.amount_off)
        match reward.per:
            case "use":
                return self.text("{amount} off", amount=amount)
            case "unit":
                return self.text("{amount} off each", amount=amount)
            case "kg":
                return self.text("{amount} off a kilogram", amount=amount)
        return self.text("{amount} off a pound", amount=amount)

    def _new_price(self, reward: NewPrice) -> str:
        price = self.money(reward.new_price)
        match reward.per:
            case "unit":
                return self.text("{price} each", price=price)
            case "kg":
                return self.text("{price} a kilogram", price=price)
        return self.text("{price} a pound", price=price)

    def _points(self, reward: GivePoints) -> str:
        match reward.per:
            case "use":
                return self.many("{count} point", "{count} points", reward.points)
            case "unit":
                return self.many("{count} point each", "{count} points each", reward.points)
            case "kg":
                return self.many(
                    "{count} point a kilogram", "{count} points a kilogram", reward.points
                )
        return self.many("{count} point a pound", "{count} points a pound", reward.points)

    def _among(self, reward: Get) -> str:
        """So many of the pieces bought."""
        if reward.amount_off is not None:
            return self.many(
                "{amount} off {count} of them", "{amount} off {count} of them", reward.get,
                amount=self.money(reward.amount_off),
            )  # fmt: skip
        if reward.percent_off is not None:
            return self.many(
                "{percent} off {count} of them", "{percent} off {count} of them", reward.get,
                percent=self.language.percent(reward.percent_off),
            )  # fmt: skip
        return self.many("{count} of them free", "{count} of them free", reward.get)

    def _more(self, reward: Get) -> str:
        """So many pieces on top of those bought."""
        if reward.amount_off is not None:
            return self.many(
                "{amount} off {count} more", "{amount} off {count} more", reward.get,
                amount=self.money(reward.amount_off),
            )  # fmt: skip
        if reward.percent_off is not None:
            return self.many(
                "{percent} off {count} more", "{percent} off {count} more", reward.get,
                percent=self.language.percent(reward.percent_off),
            )  # fmt: skip
        return self.many("{count} free", "{count} free", reward.get)

    def _bought(self, terms: Terms) -> str:
        """What it comes off, where that is not simply what is bought, and what to buy."""
        target, when = self._target(terms), self._when_bought(terms)
        if target and when:
            return self.text("{target} {condition}", target=target, condition=when)
        return target or when

    def _target(self, terms: Terms) -> str:
        where = terms.reward.applies_to
        if where in TARGETS:
            return self.text("on {goods}", goods=self._goods(terms.purchases[TARGETS[where]]))
        return self.text("on the whole basket") if where == "basket" else ""

    def _when_bought(self, terms: Terms) -> str:
        if len(terms.purchases) == 1:
            nothing = terms.need == "nothing" or _is_bundle(terms)
            return "" if nothing else self._alone(terms)
        phrases = [said for p in terms.purchases.values() if (said := self._phrase(p))]
        return self.text("when you buy {goods}", goods=self._joined(terms.rule, phrases))

    def _alone(self, terms: Terms) -> str:
        """What to buy, where there is but one purchase."""
        if terms.need == "basket":
            amount = self.money(terms.amount)
            return self.text("when your basket costs {amount} or more", amount=amount)
        if terms.need == "spend":
            return self.text(
                "when you spend {amount} or more on {goods}",
                amount=self.money(terms.amount), goods=self._goods(terms),
            )  # fmt: skip
        if terms.need != "buy":
            return self.text("when you buy {weight} or more", weight=self._weight(terms))
        if terms.takes_all:
            return self.many(
                "when you buy {count} or more", "when you buy {count} or more", terms.pieces
            )
        if terms.pieces == 1 and not isinstance(terms.reward, Get):
            return self.text("on one item")
        return self.many("when you buy {count}", "when you buy {count}", terms.pieces)

    def _phrase(self, purchase: Purchase) -> str:
        """A purchase among several: `2 of these`, `$5.00 or more of any bread`."""
        goods = self._goods(purchase)
        match purchase.need:
            case "buy" if purchase.or_more:
                return self.many(
                    "{count} or more of {goods}", "{count} or more of {goods}", purchase.amount,
                    goods=goods,
                )  # fmt: skip
            case "buy":
                return self.many(
                    "{count} of {goods}", "{count} of {goods}", purchase.amount, goods=goods
                )
            case "spend":
                amount = self.money(purchase.amount)
                return self.text("{amount} or more of {goods}", amount=amount, goods=goods)
            case "basket":
                return self.text("a basket of {amount} or more", amount=self.money(purchase.amount))
            case "nothing":
                return ""
        weight = self._weight(purchase)
        return self.text("{weight} or more of {goods}", weight=weight, goods=goods)

    def _joined(self, rule: str, phrases: Sequence[str]) -> str:
        """Purchases joined as the rule joins them."""
        if len(phrases) < 3 or rule in ("any", "all"):
            every = rule in ("all", "first_and_other")
            return self.language.listed(phrases, "and" if every else "or")
        one, two, three = phrases
        match rule:
            case "first_and_other":
                return self.text("{one}, and {two} or {three}", one=one, two=two, three=three)
            case "first_or_others":
                return self.text("{one}, or {two} and {three}", one=one, two=two, three=three)
        return self.text("{one} or {two}, and {three}", one=one, two=two, three=three)

    def _goods(self, goods: Goods) -> str:
        return self.language.word(goods.called) if goods.called else self.text("these")

    def _weight(self, purchase: Purchase) -> str:
        return self.language.weight(purchase.amount, WEIGHTS[purchase.need])

    def _rest(self, terms: Terms, reward: Reward) -> Iterator[str]:
        """What else the shopper must know, phrase by phrase."""
        most = getattr(reward, "at_most", None)
        if most is not None:
            yield self.text("at most {amount} off", amount=self.money(most))
        if getattr(reward, "over_value", "") == "nothing":
            yield self.text("nothing off where the items cost less than that")
        yield from self._left_out(terms)
        yield self._times(terms)
        yield self._open(terms)
        if terms.where.stores or terms.where.but_not:
            yield self.text("not in every store")
        if terms.exclusive:
            yield self.text("not with any other offer")
        elif terms.stacking:
            group = self.language.word(terms.stacking)
            yield self.text("not with other offers of {group}", group=group)

    def _left_out(self, terms: Terms) -> Iterator[str]:
        for purchase in terms.purchases.values():
            without = purchase.but_not
            if without.named and without.called:
                yield self.text("not on {goods}", goods=self._goods(without))
            elif without.brands:
                brands = self.language.listed(without.brands, "or")
                yield self.text("not on {goods}", goods=brands)
            elif without.named:
                yield self.text("some items are left out")

    def _times(self, terms: Terms) -> str:
        uses = terms.uses
        said = [self.text("once")]
        if uses.per_list > 1:
            said = [self.many("up to {count} time", "up to {count} times", uses.per_list)]
        if uses.per_household is not None:
            said.append(
                self.many(
                    "at most {count} in all for a household",
                    "at most {count} in all for a household",
                    uses.per_household,
                )
            )
        if uses.per_day is not None:
            said.append(self.many("at most {count} a day", "at most {count} a day", uses.per_day))
        return reduce(lambda one, two: self.text("{one}, {two}", one=one, two=two), said)

    def _open(self, terms: Terms) -> str:
        """On which days of the week, at which hours."""
        if terms.when == ALWAYS:
            return ""
        known = self._days()
        days = self.language.listed([known[day] for day in terms.when.days])
        hours = self._hours(terms.when)
        if days and hours:
            return self.text("only on {days} {hours}", days=days, hours=hours)
        if hours:
            return self.text("only {hours}", hours=hours)
        return self.text("only on {days}", days=days) if days else ""

    def _hours(self, when: When) -> str:
        clock = self.language.clock
        if when.after and when.before:
            start, end = clock(when.after), clock(when.before)
            return self.text("from {start} until {end}", start=start, end=end)
        if when.after:
            return self.text("from {start}", start=clock(when.after))
        return self.text("until {end}", end=clock(when.before)) if when.before else ""

    def _days(self) -> dict[str, str]:
        return {
            "mon": self.text("Mondays"),
            "tue": self.text("Tuesdays"),
            "wed": self.text("Wednesdays"),
            "thu": self.text("Thursdays"),
            "fri": self.text("Fridays"),
            "sat": self.text("Saturdays"),
            "sun": self.text("Sundays"),
        }


def _is_bundle(terms: Terms) -> bool:
    """Whether the headline says already how many to buy: `3 for $5.00`."""
    bundle = isinstance(terms.reward, BundlePrice)
    return bundle and len(terms.purchases) == 1 and terms.need == "buy"
