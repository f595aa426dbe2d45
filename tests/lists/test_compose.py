"""What goes on a list: which categories are due, in which words; offers as they were chosen."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from promo.config import Settings
from promo.lists.articles import library
from promo.lists.compose import Editor, drafts, due_items
from promo.lists.items import Draft

DAY = date(2017, 11, 6)
PRODUCT = {"shopper": "1", "product": "p", "category": "SOAP", "n": 1, "last": DAY, "size": "4 oz",
           "brand": None, "store_brand": False, "category_words": "Soap",
           "department": "Household", "there": True}  # fmt: skip
FORECAST = {"shopper": "1", "category": "SOAP", "probability": 0.5, "expected_day": DAY,
            "expected_quantity": 1.0}  # fmt: skip
CHOSEN = {"shopper": "1", "id": "o1", "title": "Any soap", "worth": 100, "buy": 2,
          "category": "SOAP", "loyalty": "national", "volume": "heavy", "uses_each": 1,
          "headline": "", "conditions": "", "points": 0,
          "probability": 0.1234567}  # fmt: skip
TEXT = dict.fromkeys(
    ("size", "brand", "category_words", "department", "loyalty", "volume"), pl.String
)


def frame(rows: list[dict[str, Any]], own: dict[str, Any]) -> pl.DataFrame:
    overrides: dict[str, Any] = {k: v for k, v in TEXT.items() if k in own}
    if "store_brand" in own:
        overrides["store_brand"] = pl.Boolean
    made = pl.DataFrame([own | row for row in rows or [{}]], schema_overrides=overrides)
    return made if rows else made.clear()


def due(
    settings: Settings, forecasts: list[dict[str, Any]], products: list[dict[str, Any]]
) -> pl.DataFrame:
    return due_items(frame(forecasts, FORECAST), frame(products, PRODUCT), settings)


def one(
    settings: Settings,
    forecast: dict[str, Any],
    products: list[dict[str, Any]],
    chosen: list[dict[str, Any]] | None = None,
    language: str = "en",
    goods: dict[str, set[str]] | None = None,
) -> Draft:
    households = pl.DataFrame(
        {"shopper": ["1"], "name": [None], "store": ["7"], "tier": ["top"], "club": [None]},
        schema_overrides={"name": pl.String, "club": pl.String},
    )
    found = due(settings, [forecast], products)
    households = households.with_columns(language=pl.lit(language))
    offers = frame(chosen or [], CHOSEN)
    [made] = drafts(households, found, offers, Editor.of(settings, DAY), goods or {})
    return made


def with_lists(settings: Settings, **changes: float) -> Settings:
    return settings.model_copy(update={"lists": settings.lists.model_copy(update=changes)})


def test_categories_that_are_never_said_or_never_due(settings: Settings) -> None:
    never = sorted(settings.categories.never_due)
    assert {"CIGARETTES", "LAXATIVES", "FUEL", "TICKETS"} <= set(never)
    rows = [{"category": name, "probability": 0.99} for name in [*never, "SOAP"]]
    found = due(settings, rows, [{"category": name} for name in [*never, "SOAP"]])
    assert found["category"].to_list() == ["SOAP"]


def test_least_probability(settings: Settings) -> None:
    rows = [{"category": c, "probability": p} for c, p in [("A", 0.3), ("B", 0.2), ("C", 0.199)]]
    found = due(with_lists(settings, min_due=0.2), rows, [{}])
    assert found["category"].to_list() == ["A", "B"]


def test_at_most_so_many_for_each_household_and_the_likeliest_first(settings: Settings) -> None:
    chances = {"D": 0.9, "A": 0.5, "B": 0.5, "C": 0.4}
    rows = [
        {"shopper": shopper, "category": category, "probability": probability}
        for shopper in ("1", "2")
        for category, probability in chances.items()
    ]
    found = due(with_lists(settings, max_due=3), rows, [{}])
    assert found.select("shopper", "category").rows() == [
        (shopper, category) for shopper in ("1", "2") for category in ("D", "A", "B")
    ]
    assert due(with_lists(settings, max_due=0), rows, [{}]).height == 0


@pytest.mark.parametrize(
    ("others", "size"),
    [
        ([], "usual"),
        ([{"product": "a", "n": 2, "size": "rare"}], "usual"),
        ([{"product": "a", "n": 3, "last": date(2017, 11, 5), "size": "older"}], "usual"),
        ([{"product": "z", "n": 3, "size": "same, higher id"}], "usual"),
        ([{"product": "a", "n": 4, "size": "more often"}], "more often"),
        ([{"shopper": "2", "product": "a", "n": 9, "size": "another household's"}], "usual"),
        ([{"category": "TEA", "product": "a", "n": 9, "size": "another category's"}], "usual"),
    ],
)
def test_the_usual_product_lends_its_words(
    settings: Settings, others: list[dict[str, Any]], size: str
) -> None:
    products = [*others, {"product": "m", "n": 3, "size": "usual"}]
    assert due(settings, [{}], products)["size"].to_list() == [size]


@pytest.mark.parametrize(
    ("product", "quantity", "words", "detail"),
    [
        ({}, 1.0, "Soap", "4\N{NO-BREAK SPACE}oz, national brand"),
        ({"store_brand": True}, 1.0, "Soap", "4\N{NO-BREAK SPACE}oz, store brand"),
        ({"brand": "Olive & Co"}, 1.0, "Soap", "4\N{NO-BREAK SPACE}oz, Olive & Co"),
        ({"store_brand": None}, 1.0, "Soap", "4\N{NO-BREAK SPACE}oz"),
        ({"size": None}, 1.49, "Soap", "national brand"),
        ({"size": None, "store_brand": None}, 0.2, "Soap", ""),
        ({}, 1.51, "Soap", "4\N{NO-BREAK SPACE}oz, national brand, usually\N{NO-BREAK SPACE}2"),
        ({}, 12.2, "Soap", "4\N{NO-BREAK SPACE}oz, national brand, usually\N{NO-BREAK SPACE}12"),
        ({"category_words": None}, 1.0, "SOAP", "4\N{NO-BREAK SPACE}oz, national brand"),
    ],
)
def test_words(
    settings: Settings, product: dict[str, Any], quantity: float, words: str, detail: str
) -> None:
    [item] = one(settings, {"expected_quantity": quantity}, [product]).due
    assert (item.words, item.detail) == (words, detail)


@pytest.mark.parametrize(
    ("language", "product", "words", "department", "detail"),
    [
        ("es", {}, "Sopas", "Abarrotes", "4 oz, marca nacional, normalmente 2"),
        ("es-MX", {"store_brand": True, "size": "12 pk, 300 ct"}, "Sopas", "Abarrotes",
         "12 paq, 300 pz, marca de la tienda, normalmente 2"),
        ("zh", {}, "汤类", "食品杂货", "4 盎司，全国品牌，通常买2件"),
        ("zh", {"department": None, "category_words": "Durian", "size": None, "brand": "Acme"},
         "Durian", "其他", "Acme，通常买2件"),
    ],
)  # fmt: skip
def test_words_in_other_languages(
    settings: Settings, language: str, product: dict[str, Any], words: str, department: str,
    detail: str,
) -> None:  # fmt: skip
    soup = {"category_words": "Soup", "department": "Grocery"} | product
    [item] = one(settings, {"expected_quantity": 2.0}, [soup], language=language).due
    assert (item.words, item.department) == (words, department)
    assert item.detail.replace("\N{NO-BREAK SPACE}", " ") == detail


@pytest.mark.parametrize(
    ("there", "detail"),
    [
        ((True, True), "12 oz, Acme"),  # what it takes most
        ((False, True), "4 oz, Zeta"),  # what it takes now and then, and the store has
        ((False, False), ""),
    ],
)
def test_what_the_store_has_not_is_not_named(
    settings: Settings, there: tuple[bool, bool], detail: str
) -> None:
    products = [
        {"product": "p", "n": 9, "size": "12 oz", "brand": "Acme", "there": there[0]},
        {"product": "q", "n": 2, "size": "4 oz", "brand": "Zeta", "there": there[1]},
    ]
    [item] = one(settings, {}, products).due
    assert (item.words, item.department) == ("Soap", "Household")
    assert item.detail.replace("\N{NO-BREAK SPACE}", " ") == detail


def test_an_offer_is_not_said_to_be_on_what_the_store_has_none_of(settings: Settings) -> None:
    households = pl.DataFrame(
        {"shopper": ["1"], "name": ["Ann"], "store": ["7"], "tier": ["top"], "club": [None],
         "language": ["en"]},
        schema_overrides={"club": pl.String},
    )  # fmt: skip
    rows = [{"category": name} for name in ("SALT", "SOAP", "TEA")]
    goods = {"o1": {"SALT", "SOAP", "TEA"}}
    found = due(settings, rows, rows)
    for lost, said in (({}, ("SALT", "TEA")), ({("7", "o1"): {"TEA"}}, ("SALT",)),
                       ({("8", "o1"): {"TEA"}}, ("SALT", "TEA"))):  # fmt: skip
        editor = Editor.of(settings, DAY)
        [made] = drafts(households, found, frame([{}], CHOSEN), editor, goods, lost)
        assert made.offers[0].also_on == said


def test_a_product_without_a_department(settings: Settings) -> None:
    [item] = one(settings, {}, [{"department": None}]).due
    assert item.department == "Other"


def test_a_draft(settings: Settings) -> None:
    made = one(settings, {"probability": 1 / 3}, [{}], [{}, {"id": "o2", "loyalty": "unknown"}])
    assert (made.shopper, made.name, made.store, made.tier) == ("1", "", "7", "top")
    assert made.due[0].probability == 0.333333
    assert [(o.offer, o.title, o.worth, o.buy) for o in made.offers] == [
        ("o1", "Any soap", 100, 2),
        ("o2", "Any soap", 100, 2),
    ]
    assert [(o.cell, o.probability) for o in made.offers] == [
        ("national/heavy", 0.123457),
        ("unknown/heavy", 0.123457),
    ]
    assert made.worth == 200


def test_a_household_with_nothing_still_gets_its_list(settings: Settings) -> None:
    made = one(settings, {"probability": 0.0}, [{}])
    assert (made.due, made.offers) == ((), ())


def test_articles_are_chosen_with_the_list(settings: Settings) -> None:
    eggs = one(settings, {"category": "EGGS"}, [{"category": "EGGS"}])
    known = library(settings.paths.templates)
    assert eggs.articles
    assert "EGGS" in known.find(eggs.articles[0], "en").head.uses  # type: ignore[union-attr]
    assert one(settings, {"category": "EGGS"}, [{"category": "EGGS"}]).articles == eggs.articles
    never = sorted(settings.categories.never_said)[0]
    assert one(settings, {"category": never}, [{"category": never}]).articles == ()


def test_points_go_with_an_offer(settings: Settings) -> None:
    (item,) = one(settings, {}, [{}], [{"points": 500}]).offers
    assert item.points == 500


def test_the_words_of_an_offer_go_with_it(settings: Settings) -> None:
    words = {"headline": "20% off", "conditions": "When you buy 2. Once."}
    (item,) = one(settings, {}, [{}], [words]).offers
    assert (item.headline, item.conditions) == ("20% off", "When you buy 2. Once.")


@pytest.mark.parametrize(
    ("language", "department", "place"),
    [
        ("en", "Grocery", ()),
        ("fr", "Grocery", ()),  # not among its languages: written in the chain's own
        ("zh", "Grocery", ("Grocery", "Soup")),
        ("es", None, ("Other", "Soup")),
    ],
)
def test_an_item_keeps_its_place_in_the_shop_s_own_language(
    settings: Settings, language: str, department: str | None, place: tuple[str, ...]
) -> None:
    soup = {"category_words": "Soup", "department": department}
    [item] = one(settings, {}, [soup], language=language).due
    assert item.place == place


def test_a_shop_s_own_language_may_have_words_for_its_product_file(settings: Settings) -> None:
    spanish = settings.model_copy(update={"locale": "es_US"})
    soup = {"category_words": "Soup", "department": "Grocery"}
    places = {tag: one(spanish, {}, [soup], language=tag).due[0].place for tag in ("es", "zh")}
    assert places == {"es": (), "zh": ("Abarrotes", "Sopas")}


@pytest.mark.parametrize(
    ("goods", "also_on"),
    [
        ({}, ()),
        ({"o1": {"SOAP"}}, ()),  # its own
        ({"o1": {"SOAP", "TEA", "RICE"}}, ("TEA",)),  # rice is not due
        ({"o2": {"TEA"}}, ()),
    ],
)
def test_an_offer_knows_its_other_categories_that_are_due(
    settings: Settings, goods: dict[str, set[str]], also_on: tuple[str, ...]
) -> None:
    households = pl.DataFrame(
        {"shopper": ["1"], "name": ["Ann"], "store": ["7"], "tier": ["top"], "language": ["en"]}
    ).with_columns(club=pl.lit(None, pl.String))
    rows = [{"category": "SOAP"}, {"category": "TEA"}]
    editor = Editor.of(settings, DAY)
    [made] = drafts(households, due(settings, rows, rows), frame([{}], CHOSEN), editor, goods)
    assert [offer.also_on for offer in made.offers] == [also_on]
