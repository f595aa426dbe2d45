"""From a stored list to strings ready for print."""

from dataclasses import replace
from datetime import date

import pytest
from drafts import KEYS, NIGHT, draft, due, offer, page

from promo.config import Settings
from promo.lists.codes import open_code
from promo.lists.press import pages
from promo.lists.press.page import DueGroup, DueLine, OfferLine


def test_a_page(settings: Settings) -> None:
    made = page(settings, draft(name="Ann", language="fr"), counter=42)
    assert (made.name, made.store, made.worth, made.language) == ("Ann", "Main St.", "$1.00", "fr")
    assert (made.valid_from, made.valid_until) == ("Mon, Nov 6, 2017", "Sun, Nov 19, 2017")
    assert made.groups == (DueGroup("Drinks", (DueLine("Soft drinks", "12 pk"),)),)
    assert made.offers == (
        OfferLine("$1.00 off", "Any cold cereal", "On one item. Once.", "Nov 6 to Nov 19"),
    )
    assert made.barcode.startswith("<svg ")
    for text in (made.list_code, made.human_readable, made.short_code):
        assert open_code(KEYS, text).counter == 42


def test_departments_and_words_in_alphabetical_order(settings: Settings) -> None:
    items = [("Pets", "Dog food"), ("Dairy", "Yogurt"), ("Pets", "Cat food"), ("Dairy", "Milk")]
    made = page(settings, draft(due=tuple(due(department=d, words=w) for d, w in items)))
    found = [(group.department, [line.words for line in group.lines]) for group in made.groups]
    assert found == [("Dairy", ["Milk", "Yogurt"]), ("Pets", ["Cat food", "Dog food"])]


def test_offers_keep_their_order(settings: Settings) -> None:
    made = page(settings, draft(offers=(offer(title="Z", conditions="Twice."), offer(title="A"))))
    assert [(o.words, o.terms) for o in made.offers] == [
        ("Z", "Twice."),
        ("A", "On one item. Once."),
    ]


def test_an_offer_s_own_words_are_printed(settings: Settings) -> None:
    words = {"headline": "20% off", "conditions": "When you buy 2. Twice."}
    made = page(settings, draft(offers=(offer(**words),)))
    assert made.offers == (
        OfferLine("20% off", "Any cold cereal", "When you buy 2. Twice.", "Nov 6 to Nov 19"),
    )


@pytest.mark.parametrize(
    ("locale", "currency", "long", "short", "worth"),
    [
        ("en_US", "USD", "Mon, Nov 6, 2017", "Nov 6", "$123.00"),
        ("de_DE", "EUR", "Montag, 6. November 2017", "6. Nov.", "123,00\xa0€"),
        ("ja_JP", "JPY", "2017年11月6日月曜日", "11月6日", "\uffe512,300"),
    ],
)
def test_days_and_money_as_the_chain_writes_them(
    settings: Settings, locale: str, currency: str, long: str, short: str, worth: str
) -> None:
    there = settings.model_copy(update={"locale": locale, "currency": currency})
    made = page(there, draft(offers=(offer(worth=12300),)))
    assert (made.valid_from, made.worth) == (long, worth)
    assert made.offers[0].until.startswith(short)


def test_long_names_are_cut(settings: Settings) -> None:
    made = page(settings, draft(name="Wu " * 200), store="Store " * 20)
    assert made.long_name
    assert made.name.endswith("…")
    assert 60 < len(made.name) < 120
    assert len(made.store) <= 40
    assert page(settings, draft(name="Ann Onymous")).name == "Ann Onymous"


def test_days_are_remembered_by_locale() -> None:
    assert pages.day_in_words(NIGHT, "en_US") != pages.day_in_words(NIGHT, "fr_FR")
    assert pages.short_day(date(2017, 11, 7), "en_US") == "Nov 7"


def test_nothing_on_the_page_is_due_to_the_household_id(settings: Settings) -> None:
    made = draft(shopper="household-7", tier="top")
    assert page(settings, made) == page(settings, replace(made, shopper="100", tier="base"))
