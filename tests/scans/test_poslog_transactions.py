"""Heads, coupons shared out, and links of voids."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from promo.scans.poslog_lines import Line, LineReader, Off, names_in
from promo.scans.poslog_transactions import Sold, TransactionReader, share_out

READER = TransactionReader(
    LineReader(names_in(None), "USD", 2), {"1": "America/New_York", "2": "Asia/Tokyo"}
)
HEAD = "<RetailStoreID>1</RetailStoreID><WorkstationID>3</WorkstationID>"
NUMBER = "<SequenceNumber>9</SequenceNumber>"
DAY = "<BusinessDayDate>2017-11-06</BusinessDayDate>"
AT = "<BeginDateTime>2017-11-06T17:03:59</BeginDateTime>"
GOODS = (
    "<LineItem><SequenceNumber>1</SequenceNumber><Sale><ItemID>7</ItemID><Quantity>1</Quantity>"
    "<ExtendedAmount>1.00</ExtendedAmount></Sale></LineItem>"
)


def read(inside: str, attributes: str = "") -> Sold:
    return READER.read(etree.fromstring(f"<Transaction {attributes}>{inside}</Transaction>"))


def retail(inside: str = GOODS, attributes: str = "") -> str:
    return f"<RetailTransaction {attributes}>{inside}</RetailTransaction>"


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (HEAD + NUMBER + DAY + AT, ("1", "3", date(2017, 11, 6), "9")),
        (HEAD + NUMBER + AT, ("1", "3", date(2017, 11, 6), "9")),  # no business day: that of `at`
        (HEAD + "<TransactionID>a</TransactionID>" + DAY + AT, ("1", "3", date(2017, 11, 6), "a")),
        ("<BusinessUnit><UnitID>1</UnitID></BusinessUnit><BusinessUnit><UnitID>DE</UnitID>"
         "</BusinessUnit>" + NUMBER + DAY + AT, ("1", "", date(2017, 11, 6), "9")),
        (HEAD + NUMBER + "<BusinessDayDate><Date>2017-11-05</Date></BusinessDayDate>" + AT,
         ("1", "3", date(2017, 11, 5), "9")),
    ],
)  # fmt: skip
def test_heads(head: str, found: tuple[str, str, date, str]) -> None:
    sold = read(head + retail())
    assert sold.head is not None
    assert sold.head.key == found
    assert [line.paid for line in sold.lines] == [100]


@pytest.mark.parametrize(
    ("store", "said", "at"),
    [
        ("1", "2017-11-06T17:03:59", "2017-11-06T17:03:59"),
        ("1", "2017-11-06 17:03:59.999", "2017-11-06T17:03:59"),
        ("1", "2017-11-06T22:03:59Z", "2017-11-06T17:03:59"),
        ("2", "2017-11-06T17:03:59Z", "2017-11-07T02:03:59"),
        ("1", "2017-11-06T17:03:59-05:00", "2017-11-06T17:03:59"),
        ("9", "2017-11-06T17:03:59Z", "2017-11-06T17:03:59"),  # a reject later on
        ("1", "2017-11-05T24:00:00", "2017-11-06T00:00:00"),
        ("1", "2017-12-31T24:00:00.000", "2018-01-01T00:00:00"),
        ("2", "2017-11-05T24:00:00Z", "2017-11-06T09:00:00"),
    ],
)
def test_times(store: str, said: str, at: str) -> None:
    head = (
        f"<RetailStoreID>{store}</RetailStoreID>{NUMBER}{DAY}<BeginDateTime>{said}</BeginDateTime>"
    )
    sold = read(head + retail())
    assert sold.head is not None
    assert sold.head.at.isoformat() == at


@pytest.mark.parametrize(
    "said", ["", "2017-11-06", "2017-11-06T17:03", "2017-13-06T17:03:59",
             "0001-01-01T00:00:00+14:00", "2017-11-06T17:03:59+99:00", "20171106T170359",
             "2017-11-06T24:00:01", "2017-11-06T24:30:00", "2017-11-06T24:00:00.5",
             "9999-12-31T24:00:00"],
)  # fmt: skip
def test_what_is_no_time_costs_the_lines(said: str) -> None:
    sold = read(f"{HEAD}{NUMBER}{DAY}<BeginDateTime>{said}</BeginDateTime>{retail(GOODS * 2)}")
    assert [fault.field for _, fault in sold.wrong] == ["BeginDateTime"] * 2
    assert not sold.lines


@pytest.mark.parametrize(
    ("account", "card"),
    [
        ("<LoyaltyAccount><LoyaltyAccountID>9001</LoyaltyAccountID></LoyaltyAccount>", "9001"),
        ("<LoyaltyAccount><LoyaltyProgram><LoyaltyAccountID>9001</LoyaltyAccountID>"
         "</LoyaltyProgram></LoyaltyAccount>", "9001"),
        ("<LoyaltyAccount><CustomerID>5</CustomerID><LoyaltyCard><PrimaryAccountNumber>T2"
         "</PrimaryAccountNumber></LoyaltyCard></LoyaltyAccount>", "T2"),
        ("<LoyaltyAccount><LoyaltyAccountID>1</LoyaltyAccountID><LoyaltyCardID>2</LoyaltyCardID>"
         "</LoyaltyAccount>", "2"),
        ("<LineItem><LoyaltyReward><LoyaltyID>77</LoyaltyID></LoyaltyReward></LineItem>", "77"),
        ("<Customer><CustomerID>5</CustomerID></Customer>", None),
        ("", None),
    ],
)  # fmt: skip
def test_cards(account: str, card: str | None) -> None:
    inside = read(HEAD + NUMBER + DAY + AT + retail(GOODS + account)).head
    assert inside is not None
    assert inside.card == card


def link(reason: str = "Voided", more: str = "") -> str:
    return (f'<TransactionLink ReasonCode="{reason}"><SequenceNumber>4</SequenceNumber>{more}'
            "</TransactionLink>")  # fmt: skip


WHOLE = HEAD + NUMBER + DAY + AT
OF = ("1", "3", date(2017, 11, 6), "4")


@pytest.mark.parametrize(
    ("inside", "of"),
    [
        (retail(link()), OF),
        (retail(link("SES:Voided")), OF),
        (retail(link("PostVoid")), OF),
        (retail(GOODS + link()), OF),  # its own lines are those that it takes back
        (retail(link(""), 'TransactionStatus="PostVoided"'), OF),
        (retail(link("Return")), None),
        (retail(GOODS + link("SES:RetrievedSuspend")), None),
        (f"<ControlTransaction>{link()}</ControlTransaction>", OF),
        (f"<ControlTransaction><PostVoid>{link('')}</PostVoid></ControlTransaction>", OF),
        (f"<PostVoidTransaction>{link('')}</PostVoidTransaction>", OF),
        (f"<ControlTransaction>{link('')}</ControlTransaction>", None),
        (retail(link(more="<RetailStoreID>2</RetailStoreID><WorkstationID>8</WorkstationID>"
                          "<BusinessDayDate>2017-11-05</BusinessDayDate>")),
         ("2", "8", date(2017, 11, 5), "4")),
        (retail("<TransactionLink><ReasonCode>Voided</ReasonCode><TransactionID>4</TransactionID>"
                "</TransactionLink>"), OF),
    ],
)  # fmt: skip
def test_voids_of_another_transaction(inside: str, of: tuple[str, str, date, str] | None) -> None:
    sold = read(WHOLE + inside)
    assert sold.void_of == of
    assert (not sold.lines) == (of is not None or "LineItem" not in inside)


def test_a_void_in_training_takes_nothing_back() -> None:
    sold = read(WHOLE + retail(link()), 'TrainingModeFlag="true"')
    assert (sold.kind, sold.void_of) == ("training", None)


def test_lines_that_are_voided_by_another_line() -> None:
    voids = "<LineItem><Voids><ItemLink>1</ItemLink></Voids></LineItem>"
    sold = read(WHOLE + retail(GOODS + GOODS.replace(">1</Seq", ">2</Seq") + voids))
    assert [line.number for line in sold.lines] == [2]
    assert sold.voided_lines == 1


def lines(*paid: int) -> list[Line]:
    return [Line(1, n, "7", "internal", 1000 if p >= 0 else -1000, "each", p, p, 0, 0)
            for n, p in enumerate(paid)]  # fmt: skip


@pytest.mark.parametrize(
    ("off", "paid", "left"),
    [
        (Off(50, True, 1), (100, 200), [100, 150]),
        (Off(50, True, None), (100, 200), [83, 167]),
        (Off(500, True, 1), (100, 200), [100, 0]),
        (Off(500, True, None), (100, 200), [0, 0]),
        (Off(50, True, 9), (100, 200), [83, 167]),  # linked to no goods
        (Off(50, True, None), (100, -200), [50, -200]),
        (Off(-50, True, None), (100, -200), [100, -150]),
        (Off(50, True, None), (0, 0), [0, 0]),
        (Off(0, True, None), (100,), [100]),
        (Off(50, True, None), (), []),
    ],
)
def test_sharing_out(off: Off, paid: tuple[int, ...], left: list[int]) -> None:
    found = lines(*paid)
    share_out(off, found)
    assert [line.paid for line in found] == left


@given(st.integers(-500, 500), st.booleans(), st.lists(st.integers(-300, 300), max_size=6))
def test_sharing_out_keeps_every_line_in_balance(amount: int, maker: bool, paid: list[int]) -> None:
    found = lines(*paid)
    share_out(Off(amount, maker, None), found)
    assert all(line.regular == line.paid + line.store + line.manufacturer for line in found)
    assert all(line.paid * before >= 0 for line, before in zip(found, paid, strict=True))
    moved = sum(paid) - sum(line.paid for line in found)
    assert 0 <= moved * (1 if amount > 0 else -1) <= abs(amount)
