"""Lists that a chain's templates must survive: empty, full, long, in other scripts, and hostile.

They are made up: their codes are well formed, and no till opens them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from promo.calendar import Window
from promo.config import Settings
from promo.language import Language, Languages
from promo.lists.codes import list_code, short_code
from promo.lists.codes.keys import CodeKeys
from promo.lists.items import Draft, DueItem, OfferItem
from promo.lists.sheet import Person, Sheet
from promo.offers.terms import parse
from promo.offers.wording import Wording
from promo.sections import TIERS

NIGHT = date(2017, 9, 25)  # a window over the longest names of months and days
WINDOW = Window(NIGHT, date(2017, 10, 8))
NO_SECRET = {0: b"these lists are made up, nothing opens them"}
RIGHT_TO_LEFT = "ar"
NAMES = {
    "no name": "",
    "a name of sixty characters": "Maximiliane-Alexandrina Wolfeschlegelsteinhausenbergerdorff-",
    "a name without a blank": "W" * 60,
    "a Chinese name": "欧阳娜娜" * 4,
    "an Arabic name": "عبد الرحمن بن محمد بن عبد العزيز آل الشيخ",
    "a name of markup": "<script>alert(1)</script>",
    "a name of template code": "{{ 7*7 }} {% raw %} {# x #} {{ page.list_code }}",
    "a name of control characters": "Ann\x00\x07\x1b[31m\u202e nnA \u2066x\u2069\u200f\ufeff B",
    "a name of quotes": '" onmouseover="alert(1)" x=\'</style></title>&lt;',
}
GOODS = ("Soft drinks", "Cheese", "Cold cereal", "Bread", "Pasta sauce", "Cat food", "Yogurt",
         "Laundry detergent", "Apples", "Paper towels", "Frozen pizza", "Coffee")  # fmt: skip
DEPARTMENTS = ("Grocery", "Dairy", "Produce", "Household", "Pets", "Bakery", "Frozen", "Drinks")
LONG_GOODS = "Extraordinarily long-lasting unsweetened wholegrain crackers"
CHINESE, ARABIC = "有机无糖燕麦牛奶巧克力早餐谷物", "عصير البرتقال الطازج بدون سكر مضاف"
TWO_HUNDRED = "Donaudampfschifffahrtsgesellschaft" * 6
LONGEST: dict[str, Any] = {
    "id": "o", "title": LONG_GOODS, "funder": "f", "starts": "2017-09-01", "ends": "2017-12-31",
    "objective": "grow", "products": ["internal:1"], "budget": {"money": 500, "redemptions": 400},
    "called": "all breads of this baker", "buy": 12, "rule": "first_and_other",
    "but_not": {"brands": ["Aardvark & Daughters", "Zeta"]},
    "second": {"products": ["internal:2"], "called": "any of the jams", "buy": 12},
    "third": {"products": ["internal:3"], "called": "any of the teas", "spend": 999},
    "uses": {"per_list": 12, "per_household": 24, "per_day": 12},
    "when": {"days": ["mon", "tue", "wed", "thu", "fri", "sat"], "after": "08:30",
             "before": "21:30"},
    "where": {"stores": ["1"]}, "exclusive": True,
}  # fmt: skip
REWARDS: tuple[dict[str, Any], ...] = (
    {"amount_off": 12, "per": "unit", "over_value": "nothing"},
    {"get": 12, "percent_off": 12, "among": True, "applies_to": "second"},
    {"percent_off": 33, "at_most": 999, "applies_to": "basket"},
)


class Made:
    """Makes sheets in one language; each has a code of its own."""

    def __init__(self, settings: Settings, tag: str) -> None:
        self.tag, self.language = tag, Languages.of(settings)[tag]
        self.keys = CodeKeys(settings.lists.document_type, NO_SECRET, 0)
        self.most_due, self.most_offers = settings.lists.max_due, settings.lists.max_offers
        self.counter = 0

    def sheet(self, name: str = "Ann Onymous", **changes: Any) -> Sheet:
        """A list, ready for any format."""
        self.counter += 1
        facts = {"language": self.tag, "store": "1", "tier": "high", "club": "", "articles": ()}
        due = changes.pop("due", None)
        offers = changes.pop("offers", None)
        due = self.due(10) if due is None else due
        offers = self.offers(8) if offers is None else offers
        person = changes.pop("person", Person(name, ("1 Main Street", "Springfield")))
        issue, store = changes.pop("issue", 1), changes.pop("store_name", "Main Street, downtown")
        draft = Draft(
            shopper=str(self.counter),
            name=name,
            due=tuple(due),
            offers=tuple(offers),
            **facts | changes,
        )
        code, short = (make(self.keys, self.counter) for make in (list_code, short_code))
        return Sheet(draft, code, short, WINDOW, store, person, issue)

    def due(
        self, count: int, words: Sequence[str] = GOODS, departments: Sequence[str] = DEPARTMENTS
    ) -> list[DueItem]:
        """So many due items, their departments in turn."""
        word = self.language.word
        return [
            DueItem(
                f"c{number}", word(words[number % len(words)]),
                word(departments[number % len(departments)]),
                "12 pk, Aardvark & Daughters" if number % 3 else "", 0.5, NIGHT, 1.0,
            )
            for number in range(count)
        ]  # fmt: skip

    def offers(self, count: int, **changes: Any) -> list[OfferItem]:
        """So many offers, the same but for their goods."""
        text, money = self.language.text, self.language.money
        common: dict[str, Any] = {
            "worth": 100, "buy": 1, "cell": "national/heavy", "probability": 0.25,
            "headline": text("{amount} off", amount=money(100)),
            "conditions": text("{sentence}.", sentence=text("on one item")),
        }  # fmt: skip
        return [
            OfferItem(
                **{
                    "offer": f"o{number}",
                    "category": f"c{number}",
                    "title": self.language.word(GOODS[number % len(GOODS)]),
                }
                | common
                | changes
            )
            for number in range(count)
        ]

    def longest(self, currency: str) -> dict[str, Any]:
        """The longest words that an offer's terms can have in this language."""
        wording = Wording(self.language)
        said = []
        for reward in REWARDS:
            raw = LONGEST | {"reward": reward}
            terms = parse(raw, "the longest terms", currency)
            said.append(wording.all_of(terms, terms.number(("national", "heavy"))))
        headline = max((words[1] for words in said), key=len)
        conditions = max((words[2] for words in said), key=len)
        return {"title": LONG_GOODS, "headline": headline, "conditions": conditions}


def edge_cases(
    settings: Settings, tag: str, clubs: Sequence[str] = (), articles: Sequence[str] = ()
) -> dict[str, Sheet]:
    """All cases for readers of a language.

    clubs: names by which the model may call them; articles: ids of all that the chain has.
    """
    made = Made(settings, tag)
    found = {name: made.sheet(person) for name, person in NAMES.items()}
    for some in (_counts(made), _words(made), _prices(made, settings.currency), _readers(made)):
        found |= dict(some)
    found |= {f"the tier {tier}": made.sheet(tier=tier) for tier in TIERS}
    found |= {f"the article {name}": made.sheet(articles=(name,)) for name in articles}
    found |= {"three articles": made.sheet(articles=tuple(articles[:3]))}
    found |= {f"the club {club!r}": made.sheet(club=club) for club in clubs}
    return found


def _counts(made: Made) -> Iterator[tuple[str, Sheet]]:
    most, offers = made.due(made.most_due), made.offers(made.most_offers)
    yield "an ordinary list", made.sheet()
    yield "nothing due", made.sheet(due=[])
    yield "no offers", made.sheet(offers=[])
    yield "nothing at all", made.sheet("", due=[], offers=[])
    yield "one item and one offer", made.sheet(due=made.due(1), offers=made.offers(1))
    yield "all that a list may hold", made.sheet(due=most, offers=offers)
    yield "one department", made.sheet(due=made.due(made.most_due, departments=("Grocery",)))
    yield "issued a second time", made.sheet(issue=2)


def _words(made: Made) -> Iterator[tuple[str, Sheet]]:
    for name, words in (
        ("goods of sixty characters", LONG_GOODS),
        ("goods in Chinese", CHINESE),
        ("goods in Arabic", ARABIC),
        ("goods of markup", "<img src=x onerror=alert(1)> {{ 7*7 }} {% raw %} \x1b \u202e"),
        ("goods of two hundred characters without a blank", TWO_HUNDRED[:200]),
    ):
        due = made.due(made.most_due, (words,), (words[:40], "Dairy"))
        offers = made.offers(made.most_offers, title=words, conditions=f"{words}.")
        yield name, made.sheet(due=due, offers=offers)


def _prices(made: Made, currency: str) -> Iterator[tuple[str, Sheet]]:
    for name, code, minor in (
        ("prices without decimals", "JPY", 12_500),
        ("prices with three decimals", "KWD", 12_500),
        ("very large prices", "VND", 99_999_999),
    ):
        price = replace(made.language, currency=code).money(minor)
        headline = made.language.text("{amount} off each", amount=price)
        yield name, made.sheet(offers=made.offers(made.most_offers, headline=headline))
    worth = made.offers(made.most_offers, worth=99_999_999, uses=12)
    yield "a list worth a fortune", made.sheet(offers=worth)
    terms = made.offers(made.most_offers, **made.longest(currency))
    yield "the longest terms", made.sheet(offers=terms)
    yield (
        "the longest terms of all that a list may hold",
        made.sheet(due=made.due(made.most_due, (LONG_GOODS,)), offers=terms),
    )


def _readers(made: Made) -> Iterator[tuple[str, Sheet]]:
    yield "a language that the chain has not", made.sheet(language="tlh")
    yield "an article that is gone", made.sheet(articles=("no-such-article",))
    yield "a store with a long name", made.sheet(store_name="Main Street and Tenth Avenue " * 4)
    lines = ("Apartment 1234567890, second staircase on the left", *(["Long Lane"] * 4))
    yield "a long address", made.sheet(person=Person("Ann Onymous", lines, "ann@example.com"))
    yield "no address", made.sheet(person=Person("Ann Onymous"))


def language_of(settings: Settings, tag: str) -> Language:
    """The language in which a list for readers of `tag` is written."""
    return Languages.of(settings)[tag]


def with_right_to_left(settings: Settings) -> Settings:
    """The settings with a language that runs leftwards, where the chain has none."""
    languages: Mapping[str, Language] = {
        tag: language_of(settings, tag) for tag in settings.languages
    }
    if any(language.direction == "rtl" for language in languages.values()):
        return settings
    known = settings.languages | {RIGHT_TO_LEFT: "ar_EG"}
    return settings.model_copy(update={"languages": known})
