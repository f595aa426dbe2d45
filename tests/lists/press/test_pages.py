"""From a stored list to strings ready for print."""

from dataclasses import replace

import pytest
from drafts import KEYS, draft, due, offer, page, sheet

from promo.config import Settings
from promo.lists.codes import open_code
from promo.lists.press.page import DueGroup, DueLine, OfferLine
from promo.lists.press.press import Press

DATES = "Nov\xa06\xa0–\xa019"


def test_a_page(settings: Settings) -> None:
    made = page(settings, draft(name="Ann", language="fr"), counter=42)
    assert (made.greeting, made.store, made.worth) == ("Hello Ann", "Main St.", "$1.00")
    assert (made.language, made.direction) == ("en-US", "ltr")  # French is not among its languages
    assert (made.valid_from, made.valid_until) == ("Mon, Nov 6, 2017", "Sun, Nov 19, 2017")
    assert made.groups == (DueGroup("Drinks", (DueLine("Soft drinks", "12 pk"),)),)
    assert made.offers == (OfferLine("$1.00 off", "Any cold cereal", "On one item. Once.", DATES),)
    assert made.barcode.startswith("<svg ")
    for text in (made.list_code, made.human_readable, made.short_code):
        assert open_code(KEYS, text).counter == 42


def test_departments_and_words_in_alphabetical_order(settings: Settings) -> None:
    items = [("Pets", "Dog food"), ("Dairy", "Yogurt"), ("Pets", "Cat food"), ("Dairy", "Milk")]
    made = page(settings, draft(due=tuple(due(department=d, words=w) for d, w in items)))
    found = [(group.department, [line.words for line in group.lines]) for group in made.groups]
    assert found == [("Dairy", ["Milk", "Yogurt"]), ("Pets", ["Cat food", "Dog food"])]


def test_a_due_item_bears_the_first_offer_on_it(settings: Settings) -> None:
    gifts = (
        offer(category="MILK", headline="$1.00 off"), offer(category="MILK", headline="1 free"),
    )  # fmt: skip
    items = (due(category="MILK", words="Milk"), due(category="TEA", words="Tea"))
    [group] = page(settings, draft(due=items, offers=gifts)).groups
    assert [(line.words, line.offer) for line in group.lines] == [
        ("Milk", "$1.00 off"), ("Tea", ""),
    ]  # fmt: skip


def test_offers_by_what_they_are_to_the_household(settings: Settings) -> None:
    gifts = [
        ("Z", "TEA", "unknown/None"), ("A", "MILK", "national/light"), ("M", "SOAP", "none/none"),
        ("C", "RICE", "store_brand/heavy"), ("B", "MILK", "unknown/None"),
    ]  # fmt: skip
    offers = tuple(offer(title=t, category=c, cell=cell) for t, c, cell in gifts)
    made = page(settings, draft(due=(due(category="MILK"),), offers=offers))
    assert [(group.title, [line.words for line in group.lines]) for group in made.offer_groups] == [
        ("For what is on your list", ["A", "B"]),
        ("For what you like to buy", ["C"]),
        ("New for you", ["Z", "M"]),
    ]


def test_offers_of_one_kind_need_no_title(settings: Settings) -> None:
    [group] = page(settings, draft(offers=(offer(title="Z"), offer(title="A")))).offer_groups
    assert (group.title, [line.words for line in group.lines]) == ("", ["Z", "A"])


def test_lists_older_than_words_say_what_comes_off(settings: Settings) -> None:
    [line] = page(settings, draft(offers=(offer(headline="", worth=75),))).offers
    assert line.headline == "$0.75 off"


@pytest.mark.parametrize(
    ("tag", "greeting", "first", "dates", "title"),
    [
        ("en", "Hello Ann", "Mon, Nov 6, 2017", DATES, "off with all 2 offers"),
        ("es-MX", "Hola, Ann", "lun, 6 de nov de 2017", "6–19\xa0de\xa0nov",
         "de ahorro con sus 2 ofertas"),
        ("zh", "Ann，您好", "2017年11月6日周一", "11月6日至19日", "全部2项优惠合计可省"),
    ],
)  # fmt: skip
def test_in_the_household_s_language(
    settings: Settings, tag: str, greeting: str, first: str, dates: str, title: str
) -> None:
    made = page(settings, draft(language=tag, offers=(offer(), offer(offer="o2"))))
    assert (made.greeting, made.valid_from, made.dates) == (greeting, first, dates)
    assert made.phrases.off == title


def test_points_are_added_up(settings: Settings) -> None:
    gifts = (offer(points=500, uses=2), offer(points=250), offer())
    assert page(settings, draft(offers=gifts)).points == "and 1,250 points"
    assert page(settings).points == ""


def test_names(settings: Settings) -> None:
    assert page(settings, draft(name="")).greeting == "Your shopping list"
    assert page(settings, draft(name=" Ann\n Smith ")).greeting == "Hello Ann Smith"
    for name, small in (("Ann", False), ("Maximiliane Alexandrina Wolfeschlegelstein", True)):
        assert page(settings, draft(name=name)).fitted_greeting == (f"Hello {name}", small)
    cut, small = page(settings, draft(name="Wu " * 200)).fitted_greeting
    assert small
    assert cut.endswith("…")
    assert 60 < len(cut) < 120
    assert page(settings, store="Store " * 30).fitted_store.endswith("…")


def test_services_are_those_of_the_tier(settings: Settings) -> None:
    counts = {
        tier: len(page(settings, draft(tier=tier)).services) for tier in ("base", "high", "top")
    }
    assert counts == {"base": 0, "high": 1, "top": 2}


def test_articles_of_the_club_come_first_under_its_heading(settings: Settings) -> None:
    ids = ("one-pot-pasta", "laundry-with-less", "no-longer-there")
    plain = page(settings, draft(articles=ids))
    assert ([s.title[:7] for s in plain.stories], plain.club) == (["One-pot", "Cleaner"], "")
    at_home = page(settings, draft(articles=ids, club="Paper towels · Toilet paper"))
    assert [s.title[:7] for s in at_home.stories] == ["Cleaner", "One-pot"]
    assert at_home.club == "Around the house"
    assert page(settings, draft(articles=ids, club="Cat food")).club == ""
    assert page(settings, draft(articles=ids, language="es")).stories[0].kind == "Receta"


def test_nothing_on_the_page_is_due_to_the_household_id(settings: Settings) -> None:
    made = draft(shopper="household-7")
    assert page(settings, made) == page(settings, replace(made, shopper="100"))


def test_a_page_of_another_style_is_laid_out_anew(settings: Settings) -> None:
    press = Press(settings)
    large = press.page(sheet(), style="large")
    assert press.print_html([press.page(sheet())], style="large", title="t") == press.print_html(
        [large], style="large", title="t"
    )
