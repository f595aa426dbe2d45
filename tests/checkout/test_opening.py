"""Looking a list up, on both databases; each refusal has a sentence and an exit code."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from drafts import KEYS, NIGHT, draft, offer
from sqlalchemy import Engine, delete, update

from promo import tables
from promo.calendar import Window
from promo.checkout import opening
from promo.checkout.statements import Statements
from promo.database import upsert
from promo.lists import lookup
from promo.lists.codes import human_readable, list_code, short_code
from promo.lists.codes.ean import ean_code
from promo.lists.codes.keys import CodeKeys
from promo.lists.register import Registered, register

LAST = NIGHT + timedelta(13)
STRANGER = CodeKeys(KEYS.document_type, {1: b"a forger's own secret"}, 1)
CODE = list_code(KEYS, 1)
FAR = NIGHT + timedelta(100)
Find = Callable[[Engine, str, date], dict[str, Any]]


@pytest.fixture(autouse=True)
def _lists(engine: Engine) -> None:
    """Household 100 with two cards and a list (counter 1), 200 with a card and none."""
    store = {"id": "1", "name": None, "gln": None, "time_zone": "UTC", "language": "en"}
    shopper = {"bucket": 0, "name": "Ann Onymous", "language": "en", "suppressed": False}
    with engine.begin() as connection:
        upsert(connection, tables.Store, [store])
        upsert(connection, tables.Shopper, [shopper | {"id": i} for i in ("100", "200")])
        cards = {"9001": "100", "9002": "100", "9003": "200"}
        upsert(connection, tables.Card, [{"card": c, "shopper": s} for c, s in cards.items()])
    made(engine, NIGHT, NIGHT, LAST)


def made(engine: Engine, night: date, first: date, last: date) -> Registered:
    """A list of household 100 that night, worth as many cents as the night's day of the month."""
    own = draft(shopper="100", offers=(offer(offer="o1", worth=night.day, buy=2),))
    terms = {
        "starts": NIGHT, "ends": NIGHT, "funder": "f", "objective": "reward", "terms": {},
        "budget_money": 1, "budget_redemptions": 1, "id": "o1",
    }  # fmt: skip
    run = {"night": night, "wave": 1, "state": "draft", "report": {}}
    with engine.begin() as connection:
        upsert(connection, tables.Offer, [terms])
        upsert(connection, tables.Run, [run])
        [item] = register(connection, night, Window(first, last), [own], KEYS)
    return item


@contextmanager
def opened(engine: Engine) -> Iterator[Statements]:
    statements = Statements.of(engine)
    try:
        yield statements
    finally:
        statements.close()


def by_code(engine: Engine, text: str, day: date = NIGHT) -> dict[str, Any]:
    with opened(engine) as statements:
        row = opening.by_code(statements, KEYS, text, day)
        return opening.answer(statements, row)


def by_card(engine: Engine, card: str, day: date = NIGHT) -> dict[str, Any]:
    with opened(engine) as statements:
        return opening.answer(statements, opening.by_card(statements, card, day))


ANSWER = {
    "list_code": CODE,
    "state": "draft",
    "night": "2017-11-06",
    "store": "1",
    "first_day": "2017-11-06",
    "last_day": "2017-11-19",
    "worth": 6,
    "offers": [
        {
            "offer": "o1", "title": "Any cold cereal", "headline": "$1.00 off",
            "worth": 6, "buy": 2, "state": "open",
        }
    ],
    "due": ["Soft drinks"],
}  # fmt: skip


def test_a_list_by_its_codes(engine: Engine) -> None:
    for text in (CODE, f"]C1{CODE}", human_readable(CODE), short_code(KEYS, 1).lower()):
        assert by_code(engine, text) == ANSWER
    assert "Ann" not in json.dumps(ANSWER)


def test_a_list_by_any_of_the_household_s_cards(engine: Engine) -> None:
    for card in ("9001", "9002", " 9001\n"):
        assert by_card(engine, card) == ANSWER


def test_first_and_last_day_are_good(engine: Engine) -> None:
    for day in (NIGHT, LAST):
        assert by_code(engine, CODE, day) == by_card(engine, "9001", day) == ANSWER


BEFORE, AFTER = NIGHT - timedelta(1), LAST + timedelta(1)
TOO_EARLY = "The list is good from 2017-11-06; today is 2017-11-05."
TOO_LATE = "The list was good until 2017-11-19; today is 2017-11-20."
WITHDRAWN = "The code is genuine, but its list was withdrawn before print."
BY_CODE = [
    (CODE[:-1], NIGHT, "mistyped", 11, "is neither the 33 digits under the barcode"),
    ("0000-0000-0001", NIGHT, "mistyped", 11, "its last character does not fit"),
    (list_code(STRANGER, 1), NIGHT, "forged", 12, "but we did not print it"),
    (short_code(STRANGER, 1), NIGHT, "forged", 12, "but we did not print it"),
    (list_code(KEYS, 2), NIGHT, "unknown", 13, WITHDRAWN),
    (short_code(KEYS, 2), NIGHT, "unknown", 13, WITHDRAWN),
    (CODE, BEFORE, "not_yet_valid", 14, TOO_EARLY),
    (CODE, AFTER, "expired", 15, TOO_LATE),
]
BY_CARD = [
    ("4711", NIGHT, "unknown", 13, "No household carries the card '4711'."),
    ("4" * 500, NIGHT, "unknown", 13, f"No household carries the card '{'4' * 64}'."),
    ("", NIGHT, "unknown", 13, "No household carries the card ''."),
    ("9003", NIGHT, "unknown", 13, "The card is known, but no list was made for it."),
    ("9001", BEFORE, "not_yet_valid", 14, TOO_EARLY),
    ("9001", AFTER, "expired", 15, TOO_LATE),
]


@pytest.mark.parametrize(("find", "cases"), [(by_code, BY_CODE), (by_card, BY_CARD)])
def test_each_refusal_has_its_sentence_and_exit_code(
    engine: Engine, find: Find, cases: list[tuple[str, date, str, int, str]]
) -> None:
    for text, day, reason, exit_code, message in cases:
        with pytest.raises(lookup.Refused) as caught:
            find(engine, text, day)
        assert (caught.value.reason, caught.value.exit_code) == (reason, exit_code)
        assert message in str(caught.value)
        assert str(caught.value).endswith(".")


def test_every_reason_has_an_exit_code_of_its_own() -> None:
    assert len(set(lookup.REASONS.values())) == len(lookup.REASONS) == 5


def test_of_lists_that_overlap_a_card_opens_the_newest(engine: Engine) -> None:
    later = made(engine, LAST, LAST, LAST + timedelta(13))
    table = {NIGHT: NIGHT, LAST - timedelta(1): NIGHT, LAST: LAST, LAST + timedelta(13): LAST}
    assert {day: by_card(engine, "9001", day)["night"] for day in table} == {
        day: f"{night}" for day, night in table.items()
    }
    # Its code opens each of them.
    assert by_code(engine, CODE, LAST)["night"] == f"{NIGHT}"
    assert by_code(engine, later.code, LAST)["night"] == f"{LAST}"


def test_a_card_between_two_lists(engine: Engine) -> None:
    made(engine, FAR, FAR, FAR + timedelta(13))
    with pytest.raises(lookup.Refused, match=f"was good until {LAST}; today is 2017-12-01"):
        by_card(engine, "9001", date(2017, 12, 1))
    with pytest.raises(lookup.Refused, match=f"good from {NIGHT}"):
        by_card(engine, "9001", NIGHT - timedelta(1))


def test_two_lists_that_begin_together_open_the_later_night_s(engine: Engine) -> None:
    """Mail takes five days, e-mail none: a change of way between two nights."""
    day = NIGHT + timedelta(5)
    for night in (NIGHT + timedelta(5), NIGHT):
        made(engine, night, day, day + timedelta(13))
    assert by_card(engine, "9001", day)["night"] == f"{day}"


def test_a_published_list_says_so(engine: Engine) -> None:
    with engine.begin() as connection:
        run = {"night": NIGHT, "wave": 1, "state": "published", "report": {}}
        upsert(connection, tables.Run, [run])
    assert by_code(engine, CODE) == ANSWER | {"state": "published"}


def test_a_draft_does_not_hide_the_published_list(engine: Engine) -> None:
    run = {"night": NIGHT, "wave": 1, "state": "published", "report": {}}
    with engine.begin() as connection:
        upsert(connection, tables.Run, [run])
    made(engine, LAST, LAST, LAST + timedelta(13))
    assert by_card(engine, "9001", LAST)["night"] == f"{NIGHT}"
    assert by_card(engine, "9001", LAST + timedelta(1))["night"] == f"{LAST}"


def test_a_withdrawn_list_is_not_opened_by_card(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(delete(tables.ShopperList))
    with pytest.raises(lookup.Refused, match="no list was made for it"):
        by_card(engine, "9001")


def test_an_ean_opens_at_its_own_store_while_the_list_is_good(engine: Engine) -> None:
    code = ean_code(KEYS, 1, "1", "04")

    def found(day: date, store: str = "1") -> str:
        with opened(engine) as statements:
            here = opening.desk(statements, store, "04", day)
            return opening.by_code(statements, KEYS, code, day, here).code

    with pytest.raises(lookup.Refused, match="no list of this store") as caught:
        found(NIGHT)  # a draft
    assert caught.value.reason == "forged"
    with engine.begin() as connection:
        connection.execute(update(tables.Run).values(state="published"))
    assert found(NIGHT) == found(LAST) == CODE
    for day, store in ((NIGHT, "2"), (LAST + timedelta(1), "1"), (NIGHT - timedelta(1), "1")):
        with pytest.raises(lookup.Refused, match="no list of this store"):
            found(day, store)
    with pytest.raises(lookup.Refused, match="which store it stands in") as caught:
        by_code(engine, code)
    assert caught.value.reason == "mistyped"
