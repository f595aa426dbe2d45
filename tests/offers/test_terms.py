import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from promo.offers.cells import CELLS, LOYALTY
from promo.offers.terms import OfferError, Terms, Unreadable, parse

WHERE = "spring.yaml, offer 3 (o1)"
SECOND = {"products": ["internal:3"], "called": "any bread"}
GOOD: dict[str, Any] = {
    "id": "o1",
    "title": "Oat milk",
    "funder": "Maker 7",
    "starts": "2017-11-01",
    "ends": date(2017, 11, 30),
    "reward": {"amount_off": "1.25"},
    "budget": {"money": 100, "redemptions": "50"},
    "products": ["internal:1", "internal:2"],
}


def test_a_good_offer() -> None:
    terms = parse(GOOD, WHERE, "USD")
    assert (terms.starts, terms.ends) == (date(2017, 11, 1), date(2017, 11, 30))
    assert (terms.objective, terms.buy, terms.pieces, terms.ladder) == ("reward", 1, 1, None)
    assert (terms.budget.money, terms.budget.redemptions) == (10_000, 50)
    assert {terms.number(cell) for cell in CELLS} == {125}
    assert (terms.funder_share, terms.uses.per_list, terms.printable, terms.hard) == (
        1.0, 1, True, False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [
        ("USD", 1.25, 125), ("USD", 1, 100), ("USD", "0.01", 1), ("USD", Decimal("2.50"), 250),
        ("JPY", "125", 125), ("KWD", "1.255", 1255), ("USD", 10**12, 10**14),
    ],
)  # fmt: skip
def test_amounts_are_minor_units_of_the_currency(currency: str, amount: object, minor: int) -> None:
    raw = GOOD | {"reward": {"amount_off": amount}}
    assert parse(raw, WHERE, currency).reward.number == minor


@pytest.mark.parametrize(
    ("reward", "number"),
    [
        ({"percent_off": 20}, 2000), ({"percent_off": "12.5", "at_most": 3}, 1250),
        ({"new_price": "1.99"}, 199), ({"bundle_price": 5}, 500), ({"get": 2}, 2),
        ({"get": 1, "percent_off": 50}, 5000), ({"get": 1, "amount_off": "0.5"}, 50),
        ({"free_item": 3}, 300), ({"points": 500}, 500),
    ],
)  # fmt: skip
def test_each_reward_has_one_number(reward: dict[str, Any], number: int) -> None:
    found = parse(GOOD | {"reward": reward}, WHERE, "USD").reward
    assert found.number == number
    assert found.at(7).number == 7
    assert found.at(number) == found


def test_a_ladder_gives_heavy_more_than_light() -> None:
    raw = GOOD | {"ladder": {"heavy": "1.50", "medium": "1.25", "light": 1}}
    terms = parse(raw, WHERE, "USD")
    found = {cell: terms.number(cell) for cell in CELLS}
    assert {found[loyalty, "heavy"] for loyalty in LOYALTY} == {150}
    assert {found[loyalty, "light"] for loyalty in LOYALTY} == {100}
    assert found["unknown", "none"] == 100  # the least, where nothing else is said


@pytest.mark.parametrize(
    ("reward", "ladder", "cell", "number"),
    [
        ({"amount_off": 1}, {"heavy": 2, "medium": 1, "light": 1, "none": 3}, "unknown/none", 300),
        ({"amount_off": 1}, {"heavy": 3, "medium": 2, "light": 2}, "unknown/none", 100),
        ({"amount_off": 1},
         {"national/heavy": 3, "national/medium": 2, "national/light": 1}, "national/heavy", 300),
        ({"amount_off": 1},
         {"national/heavy": 3, "national/medium": 2, "national/light": 2}, "switcher/heavy", 100),
        ({"percent_off": 9}, {"heavy": "33.33", "medium": 9, "light": 9}, "switcher/heavy", 3333),
        ({"new_price": 2}, {"heavy": 1, "medium": 2, "light": 3}, "national/heavy", 100),
        ({"new_price": 2}, {"heavy": 1, "medium": 2, "light": 3}, "unknown/none", 300),
        ({"get": 1}, {"heavy": 3, "medium": 2, "light": 1}, "national/medium", 2),
        ({"points": 10}, {"heavy": 30, "medium": 20, "light": 10}, "national/medium", 20),
    ],
)  # fmt: skip
def test_a_ladder_varies_the_reward_s_own_number(
    reward: dict[str, Any], ladder: dict[str, Any], cell: str, number: int
) -> None:
    terms = parse(GOOD | {"reward": reward, "ladder": ladder}, WHERE, "USD")
    loyalty, volume = cell.split("/")
    assert terms.number((loyalty, volume)) == number


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": 12345}, "`id` is 12345: expected text."),
        ({"id": "a b"}, "`id` is 'a b': expected 1 to 64 characters of ASCII"),
        ({"id": "x" * 65}, "`id` is 'xxx"),
        ({"title": ""}, "`title` is '': expected at least 1 character."),
        ({"title": "two\nlines"}, "`title` is 'two\\nlines': expected text in one line."),
        ({"title": "x" * 61}, "expected at most 60 characters."),
        ({"titles": {"es": "x" * 61}}, "`titles.es` is 'xxx"),
        ({"titles": {"es": ""}}, "`titles.es` is '': expected at least 1 character."),
        ({"titles": {"español": "x"}}, "`titles.español` is 'español': expected a language"),
        ({"titles": "Avena"}, "`titles` is 'Avena': expected keys with values"),
        ({"funder": None}, "`funder` is None: expected text."),
        ({"starts": "soon"}, "`starts` is 'soon': expected a day such as"),
        ({"starts": "2017-02-30"}, "`starts` is '2017-02-30': expected a day such"),
        ({"starts": 17}, "`starts` is 17: expected a valid date such as 2017-11-06."),
        ({"title": b"Oat"}, "`title` is b'Oat': expected text."),
        ({"ends": "2017-10-31"}, "2017-10-31 is before the day it starts, 2017-11-01."),
        ({"objective": "bribe"}, "`objective` is 'bribe': expected one of 'retain', 'conv"),
        ({"buy": 0}, "`buy` is 0: expected a number above 0 up to 99."),
        ({"buy": 100}, "`buy` is 100: expected a number above 0 up to 99."),
        ({"buy": 1.5}, "`buy` is 1.5: expected a number with at most 0 decimals."),
        ({"buy": True}, "`buy` is True: expected a number."),
        ({"buy": 2, "spend": 5}, "`spend` is 500: expected one of buy, spend."),
        ({"buy": None}, "expected one of buy, spend, basket, pounds, kilograms, nothing."),
        ({"reward": {"amount_off": 0}}, "`reward.amount_off` is 0: expected a number above 0"),
        ({"reward": {"amount_off": "-1"}}, "`reward.amount_off` is '-1': expected a number above"),
        ({"reward": {"amount_off": "nan"}}, "`reward.amount_off` is 'nan': expected a finite num"),
        ({"reward": {"amount_off": "1e400"}}, "`reward.amount_off` is '1e400': expected a number"),
        (
            {"reward": {"amount_off": "1.255"}},
            "`reward.amount_off` is '1.255': expected a number with at most 2 decimals.",
        ),
        (
            {"reward": {"percent": 10}},
            "`reward`: expected one of the keys amount_off, percent_off,",
        ),
        ({"reward": {"percent_off": 10, "at_mots": 1}}, "unknown key `reward.at_mots`."),
        ({"reward": {"percent_off": 101}}, "`reward.percent_off` is 101: expected a number above"),
        ({"reward": {"percent_off": 5, "amount_off": 1}}, "unknown key `reward.amount_off`."),
        ({"reward": {"get": 1, "percent_off": 5, "amount_off": 1}}, "`reward.amount_off` is 100: "),
        ({"reward": {"get": 1, "applies_to": "basket"}}, "`reward.applies_to` is 'basket': "),
        (
            {"reward": {"amount_off": 1, "applies_to": "third"}},
            "applies to the third purchase, an",
        ),
        ({"reward": 1}, "`reward` is 1: expected one of the keys amount_off"),
        ({"reward": {"new_price": 1}, "products": [], "basket": 50}, "`reward`"),
        ({"budget": {"money": -1, "redemptions": 1}}, "`budget.money` is -1: expected a number"),
        ({"budget": {"money": "9.999", "redemptions": 1}}, "`budget.money` is '9.999': expected a"),
        ({"budget": {"money": 1}}, "`budget.redemptions` is missing."),
        ({"budget": {"money": 1, "redemptions": 10**19}}, "`budget.redemptions` is 10000000"),
        ({"budget": {"money": 1, "redemptions": 10**9999}}, "`budget.redemptions` is too long a"),
        ({"ladder": {"heavy": 1, "medium": 2, "light": 1}}, "`ladder.medium` is 2: heavy (1) must"),
        ({"ladder": {"heavy": 2, "medium": 1, "light": 2}}, "medium (1) must not get less than l"),
        ({"ladder": {"heavy": 2, "medium": 1}}, "`ladder.light` is missing."),
        ({"ladder": {"heavy": 2, "medium": "1.999", "light": 1}}, "`ladder.medium` is '1.999': ex"),
        ({"ladder": {"heavy": 2, "medium": 1, "light": 1, "lite": 1}}, "`ladder.lite` is 1: unk"),
        ({"ladder": {"heavy": 2, "medium": 1, "light": 1, "national/heavy": 1}}, "not both"),
        ({"ladder": {"national/heavy": 2}}, "`ladder.national/medium` is missing."),
        ({"ladder": {}}, "`ladder.heavy` is missing."),
        ({"ladder": 3}, "`ladder` is 3: expected a number for each of heavy, medium and light."),
        (
            {"reward": {"new_price": 2}, "ladder": {"heavy": 3, "medium": 2, "light": 1}},
            "`ladder.medium` is 2: heavy (3) must not get less than medium (2).",
        ),
        ({"products": []}, "`products` is []: expected products, brands or categories."),
        (
            {"products": "internal:1"},
            "`products` is 'internal:1': expected a list, as in [this, that].",
        ),
        ({"products": [4011]}, "`products[0]` is 4011: expected text."),
        ({"brands": [""]}, "`brands[0]` is '': expected at least 1 character."),
        ({"second": {"products": ["internal:3"]}}, "`second` is None: needs `called`"),
        ({"second": {"called": "bread"}}, "`second.products` is []: expected products, brands or"),
        ({"third": SECOND}, "`second` is None: is needed where there is a `third`."),
        ({"rule": "any"}, "`rule` is 'any': says nothing without a `second` purchase."),
        ({"rule": "first_or_others", "second": SECOND}, "`rule` is 'first_or_others': needs a `t"),
        ({"uses": {"per_list": 0}}, "`uses.per_list` is 0: expected a number above 0"),
        ({"when": {"days": ["funday"]}}, "`when.days[0]` is 'funday': expected one of 'mon'"),
        ({"when": {"after": 960}}, "`when.after` is 960: expected a time of day such as '16:00'."),
        ({"when": {"after": "16:00", "before": "16:00"}}, "`when.before` is '16:00:00': expected"),
        ({"when": {"after": "16:00Z"}}, "`when.after` is 16:00:00+00:00: expected a time without"),
        ({"where": {"stores": ["1"], "but_not": ["1"]}}, "`where.but_not` is ['1']: expected to"),
        ({"funding": {"manufacturer": 120}}, "`funding.manufacturer` is 120: expected a number"),
        (
            {"offline": {"bearer": "nobody"}},
            "`offline.bearer` is 'nobody': expected one of 'manufacturer'",
        ),
        ({"offline": {"policy": "maybe"}}, "`offline.policy` is 'maybe': expected one of 'honour'"),
        ({"offline": {"policy": "honour", "redeem": True}}, "unknown key `offline.redeem`."),
        ({"offline": {"redeem": "no"}}, "unknown key `offline.redeem`."),
        ({"offline": "refuse"}, "`offline` is 'refuse': expected"),
        ({"returns": "never"}, "`returns` is 'never': expected one of 'keep', 'restore"),
        ({"priority": 100}, "`priority` is 100: expected a number from 0 up to 99."),
        ({"hard": True}, "`hard` is True: only an offer with `printable: false` may be hard."),
        ({"hard": "yes"}, "`hard` is 'yes': expected true or false."),
        ({"colour": "red"}, "unknown key `colour`."),
    ],
)
def test_a_bad_offer_is_named_with_field_value_and_need(
    change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(OfferError) as caught:
        parse(GOOD | change, WHERE, "USD")
    assert sentence in str(caught.value)
    assert all(line.startswith(f"{WHERE}: ") for line in str(caught.value).splitlines())


@pytest.mark.parametrize("field", [name for name in GOOD if name != "products"])
def test_a_missing_field_is_named(field: str) -> None:
    raw = {name: value for name, value in GOOD.items() if name != field}
    with pytest.raises(OfferError, match=rf"^spring.yaml, offer 3 \(o1\): `{field}` is missing\.$"):
        parse(raw, WHERE, "USD")


def test_every_fault_has_a_line() -> None:
    with pytest.raises(OfferError) as caught:
        parse(GOOD | {"buy": 0, "title": "", "colour": "red"}, WHERE, "USD")
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize("raw", [None, [], "o1", 7, pytest.param(10**5000, id="long")])
def test_something_else_is_no_offer(raw: object) -> None:
    with pytest.raises(OfferError, match="is no offer; expected keys such as"):
        parse(raw, WHERE, "USD")


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (Unreadable("twice."), f"{WHERE}: twice."),
        (GOOD | {"reward": Unreadable("twice.")}, f"{WHERE}: `reward`: twice."),
        (
            GOOD | {"second": {"but_not": Unreadable("twice.")}},
            f"{WHERE}: `second.but_not`: twice.",
        ),
    ],
)
def test_what_could_not_be_read_is_said_first(raw: object, sentence: str) -> None:
    with pytest.raises(OfferError) as caught:
        parse(raw, WHERE, "USD")
    assert str(caught.value) == sentence


FULL: dict[str, Any] = GOOD | {
    "reward": {"get": 1, "percent_off": 50, "applies_to": "second", "at_most": 3},
    "ladder": {"heavy": 75, "medium": 50, "light": "33.5", "none": 20},
    "brands": ["Acme"], "but_not": {"categories": ["TEA"], "called": "tea"}, "pounds": "1.5",
    "or_more": False, "rule": "any", "second": SECOND | {"spend": 5}, "third": SECOND | {"buy": 2},
    "uses": {"per_list": 2, "per_household": 3, "per_day": 1}, "choose": "cheapest",
    "when": {"days": ["mon", "sun"], "after": "08:00", "before": "20:30"},
    "where": {"stores": ["1", "2"], "but_not": ["2"]}, "stacking": "dairy", "exclusive": True,
    "priority": 7, "returns": "reclaim", "offline": {"policy": "refuse", "bearer": "store"},
    "funding": {"manufacturer": 60, "handling": "0.08"}, "printable": False, "hard": True,
    "rivals": {"funders": ["Maker 8"], "brands": ["Zeta"], "offers": ["o2"]},
    "objective": "trial", "may_be_doubled": True,
}  # fmt: skip


@pytest.mark.parametrize("raw", [GOOD, FULL])
@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
def test_what_is_stored_comes_back(raw: dict[str, Any], currency: str) -> None:
    if currency == "JPY":
        raw = raw | {"reward": {"amount_off": 100}, "funding": None, "ladder": None}
    terms = parse(raw, WHERE, currency)
    stored = json.loads(json.dumps(terms.stored()))
    back = Terms.from_stored(stored)
    assert back.stored() == stored == terms.stored()
    assert back.reward == terms.reward
    assert "budget" not in stored
    assert all(back.number(cell) == terms.number(cell) for cell in CELLS)


@pytest.mark.parametrize(
    ("offline", "hard", "honoured", "bearer"),
    [
        ({}, False, True, "chain"),
        ({}, True, False, "chain"),
        ({"policy": "honour"}, True, True, "chain"),
        ({"policy": "refuse", "bearer": "manufacturer"}, False, False, "manufacturer"),
        # As offers said it before.
        ({"redeem": True}, True, True, "chain"),
        ({"redeem": False, "bearer": "funder"}, False, False, "manufacturer"),
    ],
)
def test_whether_a_store_honours_it_whose_line_is_down(
    offline: dict[str, Any], *, hard: bool, honoured: bool, bearer: str
) -> None:
    terms = parse(GOOD | {"offline": offline, "hard": hard, "printable": not hard}, WHERE, "USD")
    assert Terms.from_stored(terms.stored()).offline == terms.offline
    assert (terms.honoured_offline, terms.offline.bearer) == (honoured, bearer)


def test_money_is_stored_in_minor_units() -> None:
    stored = parse(FULL, WHERE, "KWD").stored()
    assert stored["second"]["spend"] == 5000
    assert stored["reward"] == {
        "get": 1, "percent_off": 5000, "at_most": 3000, "applies_to": "second",
    }  # fmt: skip
    assert stored["funding"] == {"manufacturer": 6000, "handling": 80}
    assert (stored["pounds"], stored["ladder"]["light"]) == (1500, 3350)


@pytest.mark.parametrize("wrong", ["1.25", 1.25, True, 0, -1, None])
def test_stored_numbers_are_whole(wrong: object) -> None:
    stored = parse(GOOD, WHERE, "USD").stored() | {"reward": {"amount_off": wrong}}
    with pytest.raises(ValidationError, match="as it is stored"):
        Terms.from_stored(stored)


@pytest.mark.parametrize(
    ("at", "store", "closed"),
    [
        ("2017-11-06 08:00", "1", None),  # a Monday
        ("2017-11-06 07:59", "1", "time"),
        ("2017-11-06 20:29", "1", None),
        ("2017-11-06 20:30", "1", "time"),
        ("2017-11-07 12:00", "1", "time"),
        ("2017-11-06 12:00", "2", "store"),
        ("2017-11-06 12:00", "3", "store"),
        ("2017-10-30 12:00", "1", "day"),
        ("2017-12-04 12:00", "1", "day"),
    ],
)
def test_when_and_where_it_is_good(at: str, store: str, closed: str | None) -> None:
    terms = parse(FULL, WHERE, "USD")
    assert terms.closed(datetime.fromisoformat(at), store) == closed


def test_an_offer_is_good_to_the_end_of_its_last_day() -> None:
    terms = parse(GOOD, WHERE, "USD")
    assert terms.closed(datetime.fromisoformat("2017-11-30 23:59:59"), "1") is None
    assert terms.closed(datetime.fromisoformat("2017-12-01 00:00"), "1") == "day"


@pytest.mark.parametrize(
    ("change", "share"),
    [({}, 1.0), ({"funder": "chain"}, 0.0), ({"funding": {"manufacturer": "62.5"}}, 0.625),
     ({"funding": {"manufacturer": 0}}, 0.0), ({"funding": {"handling": "0.08"}}, 1.0)],
)  # fmt: skip
def test_who_pays(change: dict[str, Any], share: float) -> None:
    assert parse(GOOD | change, WHERE, "USD").funder_share == share


KEYS = st.text(max_size=5)
WRITTEN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from([*FULL, "basket", "nothing", "kilograms"]), WRITTEN)
def test_whatever_is_written_is_taken_or_refused_with_a_sentence(field: str, value: object) -> None:
    try:
        terms = parse(GOOD | {field: value}, WHERE, "USD")
    except OfferError:
        return
    assert all(0 < terms.number(cell) < 2**63 for cell in CELLS)
    assert terms.starts <= terms.ends
    assert Terms.from_stored(terms.stored()).stored() == terms.stored()
