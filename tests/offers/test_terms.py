from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.offers.terms import OfferError, parse

WHERE = "spring.yaml, offer 3 (o1)"
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
    assert (terms.objective, terms.buy, terms.ladder) == ("reward", 1, None)
    assert (terms.budget.money, terms.budget.redemptions) == (Decimal(100), 50)
    assert terms.amounts("USD") == {"heavy": 125, "medium": 125, "light": 125}


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [("USD", 1.25, 125), ("USD", 1, 100), ("JPY", "125", 125), ("KWD", "1.255", 1255)],
)
def test_amounts_are_minor_units_of_the_currency(currency: str, amount: object, minor: int) -> None:
    raw = GOOD | {"reward": {"amount_off": amount}}
    assert set(parse(raw, WHERE, currency).amounts(currency).values()) == {minor}


def test_a_ladder_gives_heavy_more_than_light() -> None:
    raw = GOOD | {"ladder": {"heavy": "1.50", "medium": "1.25", "light": 1}}
    assert parse(raw, WHERE, "USD").amounts("USD") == {"heavy": 150, "medium": 125, "light": 100}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": 12345}, "`id` is 12345: Input should be a valid string."),
        ({"id": "a b"}, "`id` is 'a b': String should match"),
        ({"id": "x" * 65}, "`id` is 'xxx"),
        ({"title": ""}, "`title` is '': String should have at least 1"),
        ({"title": "two\nlines"}, "`title` is 'two\\nlines': String should match"),
        ({"title": "x" * 61}, "String should have at most 60"),
        ({"funder": None}, "`funder` is None: Input should be a valid string."),
        ({"starts": "soon"}, "`starts` is 'soon': Input should be a valid date"),
        ({"starts": "2017-02-30"}, "`starts` is '2017-02-30': Input should be a valid date"),
        ({"ends": "2017-10-31"}, "2017-10-31 is before the day it starts, 2017-11-01."),
        ({"objective": "bribe"}, "`objective` is 'bribe': Input should be 'retain', 'convert'"),
        ({"buy": 0}, "`buy` is 0: Input should be greater than or equal to 1."),
        ({"buy": 100}, "`buy` is 100: Input should be less than or equal to 99."),
        ({"buy": 1.5}, "`buy` is 1.5: Input should be a valid integer"),
        ({"reward": {"amount_off": 0}}, "`reward.amount_off` is 0: Input should be greater than"),
        ({"reward": {"amount_off": "-1"}}, "`reward.amount_off` is '-1': Input should be greater"),
        ({"reward": {"amount_off": "nan"}}, "`reward.amount_off` is 'nan': Input should be a fin"),
        ({"reward": {"amount_off": "1e400"}}, "`reward.amount_off` is '1e400': Input should be l"),
        ({"reward": {"amount_off": "1.255"}}, "`reward.amount_off`: '1.255' is no whole number"),
        ({"reward": {"percent": 10}}, "`reward.amount_off` is missing."),
        ({"reward": {"percent": 10}}, "unknown key `reward.percent`."),
        ({"reward": 1}, "`reward` is 1: Input should be a valid dictionary"),
        ({"budget": {"money": -1, "redemptions": 1}}, "`budget.money` is -1: Input should be gr"),
        ({"budget": {"money": "9.999", "redemptions": 1}}, "`budget.money`: '9.999' is no whole"),
        ({"budget": {"money": 1}}, "`budget.redemptions` is missing."),
        ({"budget": {"money": 1, "redemptions": 10**19}}, "`budget.redemptions` is 10000000"),
        (
            {"ladder": {"heavy": 1, "medium": 2, "light": 1}},
            "`ladder`: heavy (1) must not get",
        ),
        ({"ladder": {"heavy": 2, "medium": 1, "light": 2}}, "nor medium less than light (2)"),
        ({"ladder": {"heavy": 2, "medium": 1}}, "`ladder.light` is missing."),
        ({"ladder": {"heavy": 2, "medium": "1.999", "light": 1}}, "`ladder.medium`: '1.999' is no"),
        ({"products": []}, "`products` is []: Tuple should have at least 1 item"),
        ({"products": "internal:1"}, "`products` is 'internal:1': Input should be a valid tuple."),
        ({"products": [4011]}, "`products.0` is 4011: Input should be a valid string."),
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


@pytest.mark.parametrize("field", list(GOOD))
def test_a_missing_field_is_named(field: str) -> None:
    raw = {name: value for name, value in GOOD.items() if name != field}
    with pytest.raises(OfferError, match=rf"^spring.yaml, offer 3 \(o1\): `{field}` is missing\.$"):
        parse(raw, WHERE, "USD")


def test_every_fault_has_a_line() -> None:
    with pytest.raises(OfferError) as caught:
        parse(GOOD | {"buy": 0, "title": "", "colour": "red"}, WHERE, "USD")
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize("raw", [None, [], "o1", 7])
def test_something_else_is_no_offer(raw: object) -> None:
    with pytest.raises(OfferError, match="is no offer; expected keys such as"):
        parse(raw, WHERE, "USD")


KEYS = st.text(max_size=5)
WRITTEN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from([*GOOD, "ladder", "buy", "objective"]), WRITTEN)
def test_whatever_is_written_is_taken_or_refused_with_a_sentence(field: str, value: object) -> None:
    try:
        terms = parse(GOOD | {field: value}, WHERE, "USD")
    except OfferError:
        return
    assert all(0 < cents < 2**63 for cents in terms.amounts("USD").values())
    assert terms.starts <= terms.ends
