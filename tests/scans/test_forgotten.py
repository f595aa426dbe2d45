"""Cards that were forgotten of late do not come back with a late log."""

from datetime import date, timedelta

import polars as pl
from sqlalchemy import Engine, select

from promo import tables
from promo.scans.forgotten import Forgotten, remember, sweep

DAY = date(2017, 11, 6)


def lines(*rows: tuple[str | None, date]) -> pl.DataFrame:
    return pl.DataFrame(rows, {"card": pl.String, "business_day": pl.Date}, orient="row")


def test_late_lines_lose_the_card(sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        remember(connection, ["c1"], DAY, 28)
        remember(connection, ["c2", "c1"], DAY + timedelta(1), 28)
        found = Forgotten(connection)
        rows = connection.execute(select(tables.ForgottenCard.__table__)).all()
    later = DAY + timedelta(2)
    given = lines(("c1", DAY), ("c1", later), ("c3", DAY), (None, DAY), ("c2", DAY))
    assert found.taken_out(given)["card"].to_list() == [None, "c1", "c3", None, None]
    assert found.taken_out(given).columns == given.columns
    assert len(rows) == 2
    assert {len(row.hash) for row in rows} == {8}
    assert len({row.salt for row in rows}) == 1


def test_what_is_too_old_to_come_is_let_go(sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        remember(connection, ["c1"], DAY, 28)
        sweep(connection, DAY + timedelta(28))
        assert Forgotten(connection).taken_out(lines(("c1", DAY)))["card"].to_list() == [None]
        sweep(connection, DAY + timedelta(29))
        assert Forgotten(connection).taken_out(lines(("c1", DAY)))["card"].to_list() == ["c1"]
