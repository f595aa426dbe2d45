"""A file of redemptions, on both databases: the good lines in, a sentence for each other one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from offers import shop
from sqlalchemy import Engine, select, update

from promo import tables
from promo.config import Settings
from promo.house import House
from promo.redeeming import Taken, take
from promo.scans.sources import SourceError

HEAD = (
    "at,store,till,day,transaction,number,kind,offer,money,uses,units,funder_money,list_code,card"
)
GOOD = "2017-11-07T10:00:00,1,4,2017-11-07,1001,1,redeem,o1,100,,,,,"


@pytest.fixture
def house(engine: Engine, settings: Settings) -> House:
    shop.masters(engine)
    shop.offer(engine, "o1", funding={"manufacturer": 75})
    shop.offer(engine, "o2", funder="chain")
    shop.a_list(engine, 253950110153, [shop.item("o1")])
    return House(settings, engine)


def put(house: House, *lines: str, head: str = HEAD) -> Taken:
    path = house.settings.folder / "redeemed.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return take(house, path)


def line(**change: Any) -> str:
    values = dict(zip(HEAD.split(","), GOOD.split(","), strict=True)) | change
    return ",".join(str(value) for value in values.values())


def stored(house: House) -> list[dict[str, Any]]:
    table = tables.Redemption
    with house.engine.connect() as connection:
        rows = connection.execute(select(table.__table__).order_by(table.id)).mappings()
        return [dict(row) for row in rows]


def test_what_is_not_said(house: House) -> None:
    head = "at,store,till,day,transaction,offer,money"
    done = put(house, "2017-11-07T10:00:00,1,4,2017-11-07,1001,o1,101",
               "2017-11-07T10:00:00,1,4,2017-11-07,1001,o2,101", head=head)  # fmt: skip
    assert (done.taken, done.repeated, done.refused) == (2, 0, [])
    first, second = stored(house)
    assert (first["kind"], first["number"], first["uses"], first["units"]) == ("redeem", 1, 1, 1)
    assert (first["funder_money"], second["funder_money"]) == (75, 0)
    at = first["at"] if first["at"].tzinfo else first["at"].replace(tzinfo=UTC)
    assert at == datetime(2017, 11, 7, 15, tzinfo=UTC)  # the store's zone


def test_a_file_sent_twice_adds_nothing(house: House) -> None:
    lines = [line(transaction=n) for n in range(1200)]
    assert put(house, *lines).taken == 1200
    again = put(house, *lines, line(transaction=1200))
    assert (again.taken, again.repeated, again.refused) == (1, 1200, [])
    assert shop.counted(house.engine, "o1") == (120_100, 1201)


def test_voids_and_returns(house: House) -> None:
    head = HEAD + ",of_transaction,of_number"
    done = put(
        house,
        GOOD + ",,",
        line(transaction=1002) + ",,",
        line(kind="void", money="") + ",,",
        line(kind="return", transaction=3003, money=-40, uses=0, units=0) + ",1002,1",
        line(kind="return", transaction=3003, money=-70, uses=0, units=0, number=2) + ",1002,1",
        head=head,
    )
    assert done.taken == 4
    assert done.refused == [
        "redeemed.csv, line 6: Of use 1 of offer o1 in transaction 1002 money 60 and uses 1 are "
        "left to take back."
    ]
    assert shop.counted(house.engine, "o1") == (60, 1)
    assert [row["money"] for row in stored(house)] == [100, 100, -100, -40]


def test_the_list_is_found_by_its_code_or_by_the_card(house: House) -> None:
    with house.engine.begin() as connection:
        connection.execute(update(tables.ShopperList).values(code="2531"))
    done = put(house, line(list_code="(253)1"), line(transaction=2, card="c100"),
               line(transaction=3, card="c200"), line(transaction=4))  # fmt: skip
    assert done.refused == []
    found = [(row["counter"], row["shopper"], row["promised"]) for row in stored(house)]
    on = 253950110153
    assert found == [(on, "100", 1), (on, "100", 0), (None, "200", 0), (None, None, 0)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"offer": "o9"}, "There is no offer 'o9'."),
        ({"store": "77"}, "`store` is '77'; expected a store that is known."),
        ({"day": "2017-11-31"}, "`day` is '2017-11-31'; expected the business day"),
        (
            {"day": "2099-11-07", "at": "2099-11-07T10:00:00"},
            "`day` is '2099-11-07'; expected a day from 2000-01-01 to",
        ),
        ({"at": "2017-11-09T10:00:00"}, "expected the day of `at`, or the day before or after it."),
        ({"kind": "gift"}, "`kind` is 'gift'; expected redeem, void or return."),
        ({"money": ""}, "expected a whole number of minor units (cents); only a void needs none."),
        ({"money": "1.00"}, "`money` is '1.00'; expected a whole number of minor units (cents)."),
        ({"money": "-1"}, "no negative figure"),
        ({"uses": "0"}, "at least one use"),
        ({"kind": "return"}, "A return has negative figures"),
        ({"kind": "void"}, "There is no use 1 of offer o1 in transaction 1001"),
        ({"list_code": "253"}, "There is no list with this code."),
        ({"card": "c9"}, "No household carries the card."),
        ({"funder_money": "101"}, "more than money 100"),
    ],
)
def test_a_sentence_for_each_line_that_is_not_sound(
    house: House, change: dict[str, Any], words: str
) -> None:
    done = put(house, line(**change), line(transaction=2))
    [refusal] = done.refused
    assert refusal.startswith("redeemed.csv, line 2: ")
    assert words in refusal
    assert done.taken == 1
    assert shop.counted(house.engine, "o1") == (100, 1)


def test_budgets_that_are_spent_are_named(house: House) -> None:
    shop.offer(house.engine, "o1", redemptions=2)
    done = put(house, *(line(transaction=n) for n in range(4)))
    assert (done.taken, done.exhausted) == (4, ["o1"])


def test_a_hard_offer_stops_at_its_limit(house: House) -> None:
    shop.offer(house.engine, "o1", redemptions=2, hard=True, printable=False)
    done = put(house, *(line(transaction=n) for n in range(4)))
    assert done.taken == 2
    assert done.refused[0] == "redeemed.csv, line 4: Offer o1 has reached its limit."


def test_a_file_that_is_none(house: House, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="unknown column 'x'"):
        put(house, "1", head="x")
    with pytest.raises(SourceError, match="There is no file"):
        take(house, tmp_path / "none.csv")
