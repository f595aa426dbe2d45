"""Sheets drawn by chance: names, prices, counts, languages, articles."""

import random
from typing import Any

import kit

from promo import config
from promo.config import Settings
from promo.lists.press.edge_cases import Made, with_right_to_left
from promo.lists.press.press import Press
from promo.lists.sheet import Person, Sheet
from promo.sections import TIERS

LANGUAGES = ("en", "es", "zh", "ar")
ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz" * 3 + "    ABCDEFW-'.,&%",
    "aeiouáéíóúüñçßøłžščřабвгдежзийклмнопрстуфхцчшщ   ",
    "的一是不了人我在有他这中大来上国和地到以说时要就出会可也你对生能而子 ",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي   ",
    "WMmw@%0189$&#   ",
)
CURRENCIES = ("USD", "JPY", "KWD", "VND", "EUR")


def with_languages() -> Settings:
    """The shipped settings, with a language that runs leftwards."""
    return with_right_to_left(config.load(kit.ROOT / "config.yaml"))


def words(chance: random.Random, most: int) -> str:
    """Words of one alphabet, at most so many characters."""
    alphabet = chance.choice(ALPHABETS)
    count = chance.choice([chance.randint(1, 12), chance.randint(1, most)])
    return " ".join("".join(chance.choices(alphabet, k=count)).split()) or "x"


def sheet_of(press: Press, seed: int) -> Sheet:
    """The sheet of a number; the same number gives the same sheet."""
    chance = random.Random(seed)
    made = Made(press.settings, chance.choice(LANGUAGES))
    names = [words(chance, 60) for _ in range(chance.randint(1, 6))]
    departments = [words(chance, 30) for _ in range(chance.randint(1, 9))]
    offers = [offer(made, chance) for _ in range(chance.randint(0, 16))]
    name = chance.choice(["", words(chance, 60), words(chance, 25)])
    lines = tuple(words(chance, 35) for _ in range(chance.randint(0, 3)))
    return made.sheet(
        name,
        due=made.due(chance.randint(0, 24), names, departments),
        offers=[one for some in offers for one in some],
        person=Person(name, lines),
        tier=chance.choice(TIERS),
        club=chance.choice(["", *(club.words[0] for club in press.content.clubs)]),
        articles=tuple(chance.sample(press.library.ids, chance.randint(0, 3))),
        store_name=words(chance, 40),
    )


def offer(made: Made, chance: random.Random) -> Any:
    """An offer with a price in some currency."""
    from dataclasses import replace

    currency = chance.choice(CURRENCIES)
    amount = chance.choice([chance.randint(1, 999), chance.randint(1, 99_999_999)])
    headline = made.language.text(
        chance.choice(["{amount} off", "{amount} off each"]),
        amount=replace(made.language, currency=currency).money(amount),
    )
    terms = made.longest(made.language.currency) if chance.random() < 0.3 else {}
    return made.offers(
        1,
        **{"title": words(chance, 60), "headline": headline, "worth": amount}
        | terms
        | {"category": f"c{chance.randint(0, 40)}", "uses": chance.randint(1, 3)},
    )
