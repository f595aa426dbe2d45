from pathlib import Path
from typing import Any

import polars as pl
import pytest

from offers.written import BREAD, JAM, terms
from promo.language import Language, Languages
from promo.offers.wording import Wording, worded

ENGLISH = Language("en")
TEA: dict[str, Any] = {"products": ["internal:4"], "called": "tea"}
BEEF: dict[str, Any] = {"products": ["internal:5"], "called": "beef", "pounds": 2}
ONE_GROUP = {"products": ["internal:1"]}


def plain(text: str) -> str:
    """With common spaces: amount and unit are held together on the sheet."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        ({}, "$1.00 off on one item. Once."),
        ({"buy": 2}, "$1.00 off when you buy 2. Once."),
        ({"buy": 2, "or_more": True}, "$1.00 off when you buy 2 or more. Once."),
        ({"reward": {"amount_off": "0.5", "per": "lb"}, "pounds": "1.5"},
         "$0.50 off a pound when you buy 1.5 lb or more. Once."),
        ({"reward": {"amount_off": "0.5", "per": "unit"}, "buy": 3},
         "$0.50 off each when you buy 3. Once."),
        ({"reward": {"amount_off": 1, "over_value": "nothing"}},
         "$1.00 off on one item. Nothing off where the items cost less than that. Once."),
        ({"reward": {"percent_off": "12.5", "at_most": 3}, "spend": 10, "called": "tea"},
         "12.5% off when you spend $10.00 or more on tea. At most $3.00 off. Once."),
        ({"reward": {"new_price": "1.99"}}, "$1.99 each on one item. Once."),
        ({"reward": {"new_price": "4.99", "per": "kg"}, "kilograms": 1},
         "$4.99 a kilogram when you buy 1 kg or more. Once."),
        ({"reward": {"bundle_price": 5}, "buy": 3}, "3 for $5.00. Once."),
        ({"reward": {"bundle_price": 5}, "second": BREAD},
         "$5.00 together when you buy 1 of these and 1 of any bread. Once."),
        ({"reward": {"get": 1}, "buy": 2}, "1 free when you buy 2. Once."),
        ({"reward": {"get": 1, "among": True}, "buy": 3},
         "1 of them free when you buy 3. Once."),
        ({"reward": {"get": 1, "percent_off": 50}, "buy": 1},
         "50% off 1 more when you buy 1. Once."),
        ({"reward": {"get": 2, "amount_off": 1, "applies_to": "second"}, "second": BREAD},
         "$1.00 off 2 more on any bread when you buy 1 of these and 1 of any bread. Once."),
        ({"reward": {"free_item": 3}}, "Free, up to $3.00 on one item. Once."),
        ({"reward": {"points": 1500}}, "1,500 points on one item. Once."),
        ({"reward": {"points": 1, "per": "unit"}, "buy": 2},
         "1 point each when you buy 2. Once."),
        ({"reward": {"amount_off": 5}, "products": [], "basket": 50},
         "$5.00 off when your basket costs $50.00 or more. Once."),
        ({"reward": {"amount_off": 5, "applies_to": "basket"}, "nothing": True},
         "$5.00 off on the whole basket. Once."),
        ({"rule": "any", "second": BREAD | {"buy": 3}},
         "$1.00 off when you buy 1 of these or 3 of any bread. Once."),
        ({"second": BREAD | {"spend": 3}, "third": JAM | {"pounds": 2}},
         "$1.00 off when you buy 1 of these, $3.00 or more of any bread, and 2 lb or more of any "
         "jam. Once."),
        ({"rule": "first_and_other", "second": BREAD, "third": JAM},
         "$1.00 off when you buy 1 of these, and 1 of any bread or 1 of any jam. Once."),
        ({"rule": "first_or_others", "second": BREAD, "third": JAM},
         "$1.00 off when you buy 1 of these, or 1 of any bread and 1 of any jam. Once."),
        ({"rule": "third_and_other", "second": BREAD, "third": JAM},
         "$1.00 off when you buy 1 of these or 1 of any bread, and 1 of any jam. Once."),
        ({"uses": {"per_list": 3, "per_household": 5, "per_day": 1}},
         "$1.00 off on one item. Up to 3 times, at most 5 in all for a household, at most 1 a "
         "day."),
        ({"when": {"days": ["mon", "tue"], "after": "16:00", "before": "20:00"}},
         "$1.00 off on one item. Once. Only on Mondays and Tuesdays from 4:00 PM until 8:00 PM."),
        ({"where": {"stores": ["1"]}}, "$1.00 off on one item. Once. Not in every store."),
        ({"stacking": "dairy"}, "$1.00 off on one item. Once. Not with other offers of dairy."),
        ({"stacking": "dairy", "exclusive": True},
         "$1.00 off on one item. Once. Not with any other offer."),
        ({"but_not": {"brands": ["Acme", "Zeta"]}},
         "$1.00 off on one item. Not on Acme or Zeta. Once."),
        ({"but_not": {"categories": ["TEA"], "called": "tea"}},
         "$1.00 off on one item. Not on tea. Once."),
        ({"but_not": {"products": ["internal:9"]}},
         "$1.00 off on one item. Some items are left out. Once."),
    ],
)  # fmt: skip
def test_terms_in_words(offer: dict[str, Any], words: str) -> None:
    found = terms(**offer)
    wording = Wording(ENGLISH)
    assert plain(wording.sentences(found, found.reward.number)) == words
    headline = wording.headline(found, found.reward.number)
    assert words.startswith(headline)
    rest = words.removeprefix(headline).strip().removeprefix(". ")
    assert plain(wording.conditions(found, found.reward.number)) == rest[:1].upper() + rest[1:]


@pytest.mark.parametrize(
    ("offer", "spanish", "chinese"),
    [
        ({"buy": 2}, "Ahorre $1.00 al comprar 2. Una sola vez.",
         "立减$1.00，满2件可用。限用1次。"),
        ({"reward": {"amount_off": "0.5", "per": "lb"}, "pounds": "1.5"},
         "Ahorre $0.50 por libra al comprar 1.5 lb o más. Una sola vez.",
         "每磅立减$0.50，满1.5 lb可用。限用1次。"),
        ({"reward": {"percent_off": "12.5", "at_most": 3}, "spend": 10, "called": "tea"},
         "Ahorre 12.5% al gastar $10.00 o más en té. Descuento máximo: $3.00. Una sola vez.",
         "立减12.5%，茶满$10.00可用。最多减$3.00。限用1次。"),
        ({"reward": {"new_price": "1.99"}}, "$1.99 cada uno en un artículo. Una sola vez.",
         "每件$1.99，限1件商品。限用1次。"),
        ({"reward": {"bundle_price": 5}, "buy": 3}, "3 por $5.00. Una sola vez.",
         "3件$5.00。限用1次。"),
        ({"reward": {"get": 1}, "buy": 2}, "1 gratis al comprar 2. Una sola vez.",
         "送1件，满2件可用。限用1次。"),
        ({"reward": {"points": 1, "per": "unit"}, "buy": 2},
         "1 punto por cada uno al comprar 2. Una sola vez.", "每件1积分，满2件可用。限用1次。"),
        ({"reward": {"points": 1500}}, "1,500 puntos en un artículo. Una sola vez.",
         "1,500积分，限1件商品。限用1次。"),
        ({"reward": {"amount_off": 5}, "products": [], "basket": 50},
         "Ahorre $5.00 si su compra suma $50.00 o más. Una sola vez.",
         "立减$5.00，整单满$50.00可用。限用1次。"),
        ({"rule": "first_and_other", "second": TEA, "third": BEEF},
         "Ahorre $1.00 al comprar 1 de estos productos, y 1 de té o 2 lb o más de carne de res. "
         "Una sola vez.", "立减$1.00，购买1件此类商品，以及1件茶或2 lb或以上的牛肉可用。限用1次。"),
        ({"uses": {"per_list": 3, "per_household": 5, "per_day": 1}},
         "Ahorre $1.00 en un artículo. Hasta 3 veces, máximo 5 en total por hogar, máximo 1 al "
         "día.", "立减$1.00，限1件商品。最多用3次，每户合计最多5次，每天最多1次。"),
        ({"when": {"days": ["mon", "tue"], "after": "16:00", "before": "20:00"}},
         "Ahorre $1.00 en un artículo. Una sola vez. Solo los lunes y martes de 4:00 p.m. a 8:00 "
         "p.m.", "立减$1.00，限1件商品。限用1次。仅限周一和周二16:00至20:00。"),
        ({"when": {"before": "20:00"}}, "Ahorre $1.00 en un artículo. Una sola vez. Solo hasta "
         "8:00 p.m.", "立减$1.00，限1件商品。限用1次。仅限20:00前。"),
        ({"but_not": {"brands": ["Acme", "Zeta"]}, "exclusive": True},
         "Ahorre $1.00 en un artículo. No incluye Acme o Zeta. Una sola vez. No se combina con "
         "ninguna otra oferta.",
         "立减$1.00，限1件商品。不适用于Acme或Zeta。限用1次。不可与其他优惠同享。"),
    ],
)  # fmt: skip
def test_terms_in_other_languages(offer: dict[str, Any], spanish: str, chinese: str) -> None:
    found = terms(**offer)
    words = Path(__file__).parents[2] / "templates"
    languages = Languages("en_US", "USD", {"es": "es_US", "zh": "zh_Hans"}, words)
    for tag, said in (("es", spanish), ("zh", chinese)):
        assert plain(Wording(languages[tag]).sentences(found, found.reward.number)) == said


@pytest.mark.parametrize(
    ("currency", "locale", "words"),
    [("USD", "en_US", "$250.00 off"), ("JPY", "en_US", "¥25,000 off"),
     ("KWD", "en_US", "KWD25.000 off"),
     ("EUR", "de_DE", "250,00\N{NO-BREAK SPACE}€ off")],
)  # fmt: skip
def test_money_is_written_as_the_chain_writes_it(currency: str, locale: str, words: str) -> None:
    assert Wording(Languages(locale, currency, {}, None).default).headline(terms(), 25_000) == words


def test_the_words_of_chosen_offers() -> None:
    ladder = {"heavy": 3, "medium": 2, "light": 1, "none": 5}
    offers = {
        "a": terms(id="a", ladder=ladder),
        "b": terms(id="b", buy=2, titles={"es": "Leche de avena"}),
    }
    chosen = pl.DataFrame(
        {
            "shopper": ["1", "1", "2", "3"],
            "language": ["es-MX", "es-MX", "en", "fr"],
            "id": ["b", "a", "a", "a"],
            "loyalty": ["national", "switcher", None, "switcher"],
            "volume": ["heavy", "heavy", None, "heavy"],
        }
    )
    languages = Languages("en_US", "USD", {"en": "en_US", "es": "es_US"}, None)
    found = worded(chosen, offers, languages)
    assert found.drop("title", "headline", "conditions", "points").equals(chosen)
    assert found.select("title", "headline", "conditions").rows() == [
        ("Leche de avena", "Ahorre $1.00", "Al comprar 2. Una sola vez."),
        ("Oat milk", "Ahorre $3.00", "En un artículo. Una sola vez."),
        ("Oat milk", "$5.00 off", "On one item. Once."),
        ("Oat milk", "$3.00 off", "On one item. Once."),
    ]
    assert worded(chosen.clear(), offers, languages).is_empty()
