"""POSLog in: what is written comes back, whatever the till's dialect; what is no sale does not."""

from collections import Counter
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import poslog_plain
import pytest
from desk import Desk, written
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from poslog_sales import Dialect, Trade, trades, xml
from sqlalchemy import update

from promo import incoming, tables
from promo.config import Settings
from promo.house import House
from promo.scans import poslog
from promo.scans.columns import LINE
from promo.scans.poslog import Tills, read
from promo.scans.sources import Batch, SourceError

ZONES = dict.fromkeys("123", "America/New_York")
OPEN = '<POSLog xmlns="http://www.nrf-arts.org/IXRetail/namespace/">\n'
MILK = "614141000036"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


def batches(folder: Path, text: str | bytes) -> list[Batch]:
    path = folder / "log.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read(path, Tills("USD", ZONES, folder / "lake")))


def rows_of(found: list[Batch]) -> list[tuple[Any, ...]]:
    return pl.concat([batch.frame for batch in found]).drop(LINE).rows()


def meant(found: list[Trade]) -> list[tuple[Any, ...]]:
    """The rows that transactions were made from."""
    return [
        (t.at.isoformat(), t.store, t.till, t.day.isoformat(), t.number, g.number, t.card, g.code,
         "gtin", g.quantity / 1000, g.unit, g.paid, g.regular, g.store, g.maker)
        for t in found for g in t.sold
    ]  # fmt: skip


@hypothesis(max_examples=40)
@given(st.randoms(use_true_random=False), st.integers(1, 12), st.data())
def test_what_is_written_is_read(scratch: Path, chance: Random, number: int, data: Any) -> None:
    found = trades(chance, number)
    batch = batches(scratch, xml(found, Dialect.any(Random(data.draw(st.integers(0, 999))))))
    assert rows_of(batch) == meant(found)
    assert sum(each.rejects.height for each in batch) == 0
    assert sum(each.lines for each in batch) == len(meant(found))


def test_a_second_reading_finds_the_same_sums(scratch: Path) -> None:
    for seed in range(12):
        chance = Random(seed)
        found = batches(scratch, xml(trades(chance, 40), Dialect.any(chance)))
        frame = pl.concat([batch.frame for batch in found])
        plain = poslog_plain.sums(scratch / "log.xml")
        assert plain["lines"] == frame.height > 20
        assert plain["paid"] == frame["paid"].sum()
        assert plain["regular"] == frame["regular"].sum()
        assert plain["quantity"] == round((frame["quantity"] * 1000).sum())


def test_batches_do_not_matter(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = xml(trades(Random(3), 60), Dialect())
    whole = batches(scratch, text)
    monkeypatch.setattr(poslog, "BATCH_ROWS", 7)
    parts = batches(scratch, text)
    assert rows_of(parts) == rows_of(whole)
    assert len(parts) > 5
    counted = Counter[str]()
    for each in parts:
        counted.update(each.left_out)
    assert counted == whole[0].left_out
    numbers = pl.concat([batch.frame for batch in parts])[LINE]
    assert numbers.is_unique().all()


def test_what_is_left_out_is_counted(scratch: Path) -> None:
    found = trades(Random(5), 200)
    (batch,) = batches(scratch, xml(found, Dialect()))
    said = batch.left_out
    for kind in ("training", "cancelled", "suspended or not finished", "voided"):
        assert said[kind] == sum(trade.kind == kind for trade in found) > 5
    empty = sum(trade.kind == "sale" and not trade.sold for trade in found)
    controls = sum(trade.kind == "control" for trade in found)
    assert said["transactions that are no sales"] == controls + empty
    assert said["voided lines"] == sum(g.voided for t in found if t.kind == "sale" for g in t.goods)


def item(number: int = 1, code: str = MILK, extended: str = "1.00", more: str = "") -> str:
    return (
        f"<LineItem><SequenceNumber>{number}</SequenceNumber><Sale><ItemID>{code}</ItemID>"
        f"<ExtendedAmount>{extended}</ExtendedAmount><Quantity>1</Quantity>{more}</Sale></LineItem>"
    )


def sale(number: int = 1, body: str | None = None, head: str = "", attributes: str = "") -> str:
    """A transaction on lines of its own."""
    body = f"<RetailTransaction>\n{item()}\n</RetailTransaction>" if body is None else body
    return (
        f"<Transaction {attributes}>\n<RetailStoreID>1</RetailStoreID>"
        f"<WorkstationID>3</WorkstationID><SequenceNumber>{number}</SequenceNumber>"
        f"<BusinessDayDate>2017-11-06</BusinessDayDate>"
        f"<BeginDateTime>2017-11-06T17:03:59</BeginDateTime>{head}\n{body}\n</Transaction>\n"
    )


def void(number: int, of: int, *, body: str = "RetailTransaction", day: str = "2017-11-06") -> str:
    """A transaction that voids another one of the same till."""
    link = (
        f'<TransactionLink ReasonCode="Voided"><SequenceNumber>{of}</SequenceNumber>'
        f"<BusinessDayDate>{day}</BusinessDayDate></TransactionLink>"
    )
    return sale(number, f"<{body}>{link}</{body}>")


@pytest.mark.parametrize(
    ("attributes", "inside", "kind"),
    [
        ('TrainingModeFlag="true"', "", "training"),
        ('TrainingModeFlag="1"', "", "training"),
        ('TrainingModeFlag=" TRUE "', "", "training"),
        ('CancelFlag="true"', "", "cancelled"),
        ('TrainingModeFlag="true" CancelFlag="true"', "", "training"),
        ('SuspendFlag="true"', "", "suspended or not finished"),
        ("", 'SuspendedFlag="true"', "suspended or not finished"),
        ('VoidedFlag="true"', "", "voided"),
        ("", 'TransactionStatus="Voided"', "voided"),
        ("", 'TransactionStatus="PostVoided"', "voided"),
        ("", 'TransactionStatus="X:Suspended"', "suspended or not finished"),
        ("", 'TransactionStatus="Canceled"', "cancelled"),
        ("", 'TransactionStatus="Failed"', "cancelled"),
        ('OfflineFlag="true" CancelFlag="false"', "", None),
        ('TrainingModeFlag="0" CancelFlag=""', "", None),
        ("", 'TransactionStatus="Finished"', None),
        ("", 'TransactionStatus="Delivered"', None),
    ],
)
def test_flags(scratch: Path, attributes: str, inside: str, kind: str | None) -> None:
    body = f"<RetailTransaction {inside}>{item()}</RetailTransaction>"
    (batch,) = batches(scratch, OPEN + sale(1, body, attributes=attributes) + "</POSLog>")
    assert dict(batch.left_out) == ({kind: 1} if kind else {})
    assert batch.frame.height == (kind is None)


def test_a_flag_that_says_neither_is_a_reject(scratch: Path) -> None:
    (batch,) = batches(scratch, OPEN + sale(attributes='TrainingModeFlag="maybe"') + "</POSLog>")
    assert batch.frame.is_empty()
    placed = batch.placed(batch.rejects)
    assert placed.rows() == [("log.xml", 5, "TrainingModeFlag", "maybe", "true or false")]


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        (sale(body=f"<RetailTransaction>\n{item(extended='1.005')}</RetailTransaction>"),
         "ExtendedAmount", "1.005"),
        (sale(body=f"<RetailTransaction>\n{item(extended='')}</RetailTransaction>"),
         "ExtendedAmount", ""),
        (sale(head="<CurrencyCode>EUR</CurrencyCode>"), "CurrencyCode", "EUR"),
        (sale().replace("<ExtendedAmount>", '<ExtendedAmount Currency="EUR">'),
         "ExtendedAmount/@Currency", "EUR"),
        (sale().replace("T17:03:59", " five"), "BeginDateTime", "2017-11-06 five"),
        (sale().replace("T17:03:59", "T25:00:00"), "BeginDateTime", "2017-11-06T25:00:00"),
        (sale().replace("Date>2017-11-06<", "Date>6.11.2017<"), "BusinessDayDate", "6.11.2017"),
        (sale(body=f"<RetailTransaction>\n{item(code='')}</RetailTransaction>"), "ItemID", ""),
        (sale().replace("<Quantity>1", "<Quantity>1.0005"), "Quantity", "1.0005"),
        (sale().replace("<Quantity>", '<Quantity UnitOfMeasureCode="XYZ">'),
         "UnitOfMeasureCode", "XYZ"),
        (sale().replace("<LineItem><SequenceNumber>1", "<LineItem><SequenceNumber>one"),
         "SequenceNumber", "one"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line(scratch: Path, text: str, field: str, value: str) -> None:
    (batch,) = batches(scratch, OPEN + sale(7) + text + "</POSLog>")
    assert batch.frame["transaction"].to_list() == ["7"]
    placed = batch.placed(batch.rejects).select("file", "line", "field", "value").rows()
    assert placed == [("log.xml", 11, field, value)]
    assert batch.lines == 2


def test_a_time_with_a_zone_becomes_the_stores(scratch: Path) -> None:
    text = OPEN + sale().replace("T17:03:59", "T17:03:59.250+01:00") + "</POSLog>"
    (batch,) = batches(scratch, text)
    assert batch.frame["at"].to_list() == ["2017-11-06T11:03:59"]


def test_lines_past_what_sixteen_bits_hold(scratch: Path) -> None:
    text = sale(1).replace("<LineItem>", "<LineItem>\n\n") + sale(2)
    (batch,) = batches(scratch, OPEN + "\n" * 70_000 + text + "</POSLog>")
    assert batch.places is not None
    assert batch.places["place"].to_list() == [70_005, 70_013]


def test_rejects_of_a_document_on_one_line_are_counted_each(desk: Desk) -> None:
    """The line is the same for all of them; one that is at fault costs no other."""
    lines = [item(n) for n in range(1, 60)] + [item(60, code="614141000037")]
    text = sale(body=f"<RetailTransaction>{''.join(lines)}</RetailTransaction>")
    report = take(desk, f"{OPEN}{text}</POSLog>".replace("\n", ""))
    assert (report.rows, report.rejects, report.lines) == (59, 1, 60)
    ((file, line, name, value, _),) = written(report.rejects_file)
    assert (file, line, name, value) == ("log.xml", 1, "product", "614141000037")


@pytest.fixture
def desk(settings: Settings, sqlite_engine: Any) -> Desk:
    ingest = settings.ingest.model_copy(update={"max_reject_rate": 0.5})
    made = Desk(settings.model_copy(update={"ingest": ingest}), sqlite_engine)
    with sqlite_engine.begin() as connection:
        connection.execute(update(tables.Store).values(time_zone="America/New_York"))
    return made


def take(desk: Desk, text: str, name: str = "log.xml", *, corrects: bool = False) -> Any:
    path = desk.settings.folder / name
    path.write_text(text, encoding="utf-8")
    house = House(desk.settings, desk.engine)
    request = incoming.Request(str(path), "poslog", None, None, None, False, corrects)
    (report,) = incoming.take(house, request)
    return report


def net(desk: Desk) -> dict[str, int]:
    """What the lake says was sold in all."""
    return {name: int(desk.scans[name].sum()) for name in ("quantity", "paid", "regular")}


NOTHING = {"quantity": 0, "paid": 0, "regular": 0}


@pytest.mark.parametrize("body", ["RetailTransaction", "ControlTransaction", "PostVoid"])
@pytest.mark.parametrize("first", [True, False])
def test_a_void_in_the_same_file_adds_up_to_nothing(desk: Desk, body: str, first: bool) -> None:
    both = [sale(1), void(2, 1, body=body)]
    text = OPEN + "".join(both if first else both[::-1]) + "</POSLog>"
    report = take(desk, text)
    assert (report.rows, report.rejects, net(desk)) == (2, 0, NOTHING)
    assert report.left_out == {"transactions that void another one": 1}
    again = take(desk, text, "again.xml")
    assert (again.rows, again.repeats, again.rejects, net(desk)) == (0, 2, 0, NOTHING)


def test_a_void_of_an_earlier_delivery(desk: Desk) -> None:
    take(desk, OPEN + sale(1) + sale(2) + "</POSLog>", "monday.xml")
    report = take(desk, OPEN + void(3, 1) + "</POSLog>", "tuesday.xml")
    assert (report.rows, report.rejects) == (1, 0)
    assert net(desk) == {"quantity": 1000, "paid": 100, "regular": 100}
    assert desk.scans.filter(pl.col("transaction") == "3")["quantity"].to_list() == [-1000]


def test_a_void_of_nothing_is_a_reject(desk: Desk) -> None:
    report = take(desk, OPEN + sale(1) + void(3, 9) + "</POSLog>")
    ((_, line, name, value, expected),) = written(report.rejects_file)
    assert (line, name, value) == (8, "TransactionLink", "1/3/2017-11-06/9")
    assert "in this file or came before" in expected
    assert report.rows == 1


def test_a_second_void_is_a_reject_and_one_of_an_empty_transaction_is_none(desk: Desk) -> None:
    training = sale(5, attributes='TrainingModeFlag="true"')
    text = OPEN + sale(1) + sale(8) + training + void(2, 1) + void(3, 1) + void(6, 5) + "</POSLog>"
    report = take(desk, text)
    ((_, _, name, value, expected),) = written(report.rejects_file)
    assert (name, value) == ("TransactionLink", "1/3/2017-11-06/1")
    assert "not voided already" in expected
    assert net(desk) == {"quantity": 1000, "paid": 100, "regular": 100}


def log(*parts: str) -> str:
    """A whole document."""
    return f"{OPEN}{''.join(parts)}</POSLog>"


def correct(desk: Desk, *parts: str) -> Any:
    return take(desk, log(*parts), "corrected.xml", corrects=True)


VOID_LINE = item().replace("<LineItem>", '<LineItem VoidFlag="true">')
UNDONE = {
    "training": sale(1, attributes='TrainingModeFlag="true"'),
    "cancelled": sale(1, attributes='CancelFlag="true"'),
    "suspended": sale(1, f'<RetailTransaction TransactionStatus="Suspended">{item()}'
                         "</RetailTransaction>"),
    "voided": sale(1, f'<RetailTransaction TransactionStatus="Voided">{item()}'
                      "</RetailTransaction>"),
    "flag": sale(1, attributes='VoidedFlag="true"'),
    "lines": sale(1, f"<RetailTransaction>{VOID_LINE}</RetailTransaction>"),
    "no goods": sale(1, "<RetailTransaction/>"),
    "control": sale(1, "<ControlTransaction/>"),
}  # fmt: skip


@pytest.mark.parametrize("never", UNDONE)
def test_a_correction_takes_back_what_never_was(desk: Desk, never: str) -> None:
    two = sale(1, f"<RetailTransaction>{item()}{item(2)}</RetailTransaction>")
    take(desk, log(two, sale(2)))
    report = correct(desk, UNDONE[never])
    assert (report.rows, report.corrected, report.taken_back, report.rejects) == (0, 1, 2, 0)
    assert desk.scans["transaction"].to_list() == ["2"]
    before = {path: path.read_bytes() for path in desk.root.rglob("*.parquet")}
    again = correct(desk, UNDONE[never])
    assert (again.rows, again.corrected, again.rejects) == (0, 0, 0)
    assert {path: path.read_bytes() for path in desk.root.rglob("*.parquet")} == before
    late = take(desk, log(two), "late.xml")
    assert (late.rows, late.rejects) == (0, 2)  # it is settled


def test_without_the_option_nothing_is_taken_back(desk: Desk) -> None:
    take(desk, log(sale(1)))
    assert take(desk, log(UNDONE["training"]), "later.xml").rejects == 0
    assert desk.scans["transaction"].to_list() == ["1"]


def test_what_never_came_needs_no_taking_back(desk: Desk) -> None:
    """Nor must its store be one that is known, or its number be one at all."""
    take(desk, log(sale(2)))
    stranger = UNDONE["training"].replace("StoreID>1<", "StoreID>nowhere<")
    nameless = UNDONE["training"].replace("SequenceNumber>1<", "SequenceNumber><", 1)
    report = correct(desk, UNDONE["training"], stranger, nameless)
    assert (report.taken, report.rejects, report.lines) == (True, 0, 0)
    assert report.left_out == {"training": 3}
    assert not list((desk.root / "corrected").glob("*/*"))


@pytest.mark.parametrize("first", [True, False])
def test_what_was_suspended_and_then_sold_is_sold(desk: Desk, first: bool) -> None:
    take(desk, log(sale(1)))
    both = [UNDONE["suspended"], UNDONE["suspended"], sale(1)]
    report = correct(desk, *(both if first else both[::-1]))
    assert (report.repeats, report.corrected, report.rejects) == (1, 0, 0)
    assert desk.scans.height == 1


def test_a_void_of_what_never_was_never_was(desk: Desk) -> None:
    """The sale says of itself that it was voided, and the void stands beside it."""
    take(desk, log(sale(1), void(2, 1), sale(3)))
    report = correct(desk, UNDONE["flag"], void(2, 1))
    assert (report.corrected, report.taken_back, report.rejects) == (2, 2, 0)
    assert desk.scans["transaction"].to_list() == ["3"]


def test_a_void_that_never_was_gives_the_sale_back(desk: Desk) -> None:
    take(desk, log(sale(1), void(2, 1)))
    undone = void(2, 1).replace("<Transaction ", '<Transaction CancelFlag="true" ')
    assert correct(desk, undone).taken_back == 1
    assert desk.scans["transaction"].to_list() == ["1"]


def test_a_second_void_in_a_later_file_is_a_reject(desk: Desk) -> None:
    take(desk, log(sale(1), sale(9)))
    first = log(void(2, 1))
    take(desk, first, "first.xml")
    report = take(desk, log(void(3, 1), sale(4), sale(5)), "second.xml")
    ((_, _, name, value, expected),) = written(report.rejects_file)
    assert (name, value) == ("TransactionLink", "1/3/2017-11-06/1")
    assert expected.endswith("not voided already, as this one is by 1/3/2017-11-06/2")
    again = take(desk, first, "again.xml")
    assert (again.rows, again.repeats, again.rejects) == (0, 1, 0)
    assert len(list((desk.root / "voided").glob("*/*"))) == 1
    assert net(desk)["quantity"] == 3000  # 9, 4 and 5


def test_identical_sales_are_voided_each(desk: Desk) -> None:
    take(desk, log(sale(1), sale(2)))
    for number, of in ((3, 1), (4, 2)):
        assert take(desk, log(void(number, of)), f"{number}.xml").rejects == 0
    assert net(desk) == NOTHING


def test_a_void_that_does_not_stand_hinders_no_other(desk: Desk) -> None:
    take(desk, log(sale(1), void(2, 1)))
    assert take(desk, log(sale(9), void(3, 2)), "void-of-void.xml").rejects == 0
    assert take(desk, log(void(4, 1)), "anew.xml").rejects == 0
    undone = void(4, 1).replace("<Transaction ", '<Transaction CancelFlag="true" ')
    assert correct(desk, undone, void(5, 1)).rejects == 0
    assert take(desk, log(sale(10), void(6, 1)), "once-more.xml").rejects == 1
    assert net(desk)["quantity"] == 2000  # 9 and 10


def test_voids_of_a_file_that_is_refused_do_not_count(desk: Desk) -> None:
    take(desk, log(sale(1)))
    refused = take(desk, log(void(2, 1), void(3, 8), void(4, 8)), "refused.xml")
    assert not refused.taken
    assert not list((desk.root / "voided").glob("*/*"))
    assert take(desk, log(void(5, 1)), "good.xml").rejects == 0
    assert net(desk) == NOTHING


def test_a_sale_and_then_its_void_are_corrected(desk: Desk) -> None:
    """A void stays as it was until it is corrected too."""
    take(desk, log(sale(1), void(2, 1)))
    correct(desk, sale(1, f"<RetailTransaction>{item(extended='3.00')}</RetailTransaction>"))
    assert net(desk)["paid"] == 200
    report = correct(desk, void(2, 1))
    assert (report.corrected, report.rejects, net(desk)["paid"]) == (1, 0, 0)


def test_a_broken_file_leaves_nothing(desk: Desk) -> None:
    """Also of what had been written before the break."""
    with pytest.raises(SourceError, match=r"log\.xml, line 8: .*Nothing"):
        take(desk, OPEN + sale(1) + "<Transaction></POSLog>")
    assert desk.scans.is_empty()
    assert desk.deliveries() == []
    assert take(desk, OPEN + sale(1) + "</POSLog>", "good.xml").rows == 1


def test_a_folder_goes_on_behind_a_broken_file(desk: Desk) -> None:
    folder = desk.settings.folder / "logs"
    folder.mkdir()
    (folder / "a.xml").write_text(OPEN + sale(1), encoding="utf-8")
    (folder / "b.xml").write_text(OPEN + sale(2) + "</POSLog>", encoding="utf-8")
    request = incoming.Request(str(folder), "poslog", None, None, None, False)
    refused, good = incoming.take(House(desk.settings, desk.engine), request)
    assert (refused.taken, good.taken, good.rows) == (False, True, 1)
    assert "a.xml" in refused.in_words()
    assert refused.as_dict()["refusal"]


@pytest.mark.parametrize(
    ("source", "table", "first", "message"),
    [
        ("none.xml", None, None, "There is no file"),
        (".", "products", None, "holds scans"),
        (".", None, date(2017, 11, 6), "holds scans"),
        ("empty", None, None, r"expected files \*\.xml"),
    ],
)
def test_requests_that_do_not_fit(
    house: House, source: str, table: str | None, first: date | None, message: str
) -> None:
    (house.settings.folder / "empty").mkdir()
    path = str(house.settings.folder / source)
    with pytest.raises(SourceError, match=message):
        list(incoming.take(house, incoming.Request(path, "poslog", table, first, None, False)))


def test_weight_in_the_code_where_the_line_has_none(desk: Desk) -> None:
    """A weighed item whose label says (01)…(3103)000485: 0.485 kg."""
    code = "(01)00614141000036(3103)000485"
    text = sale(body=f"<RetailTransaction>{item(code=code)}</RetailTransaction>")
    take(desk, f"{OPEN}{text}</POSLog>".replace("<Quantity>1</Quantity>", ""))
    ((quantity, unit, product),) = desk.scans.select("quantity", "unit", "product").rows()
    assert (quantity, unit, product) == (485, "kg", "gtin:00614141000036")
