"""One moment of the database, however long one looks."""

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import DBAPIError

from checking.good import NEXT, NOW
from promo import tables
from promo.checking.findings import several
from promo.checking.look import Look
from promo.config import Settings
from promo.database import snapshot

STORE = {"gln": None, "time_zone": "America/New_York", "language": "en", "name": None}


def test_a_snapshot_sees_one_moment(engine: Engine) -> None:
    names = select(tables.Store.id).order_by(tables.Store.id)
    with engine.begin() as writing:
        writing.execute(insert(tables.Store), [STORE | {"id": "1"}])
    with snapshot(engine) as looking:
        with engine.begin() as writing:
            writing.execute(insert(tables.Store), [STORE | {"id": "2"}])
        assert looking.execute(names).scalars().all() == ["1"]
        with engine.begin() as writing:
            writing.execute(insert(tables.Store), [STORE | {"id": "3"}])
        assert looking.execute(names).scalars().all() == ["1"]
    with snapshot(engine) as looking:
        assert looking.execute(names).scalars().all() == ["1", "2", "3"]


def test_a_snapshot_cannot_write(engine: Engine) -> None:
    with snapshot(engine) as looking, pytest.raises(DBAPIError):
        looking.execute(insert(tables.Store), [STORE | {"id": "1"}])
    with engine.begin() as writing:  # the connection goes back as it came
        writing.execute(insert(tables.Store), [STORE | {"id": "1"}])


def test_rows_and_frames_come_in_pieces(settings: Settings, engine: Engine) -> None:
    with engine.begin() as writing:
        writing.execute(insert(tables.Store), [STORE | {"id": f"{i:05d}"} for i in range(4500)])
    with snapshot(engine) as connection:
        look = Look(settings, connection, NOW, NEXT)
        query = select(tables.Store.id).order_by(tables.Store.id)
        assert [row.id for row in look.rows(query)] == [f"{i:05d}" for i in range(4500)]
        import polars as pl

        pieces = [piece.height for piece in look.frames(query, {"id": pl.String()})]
        assert pieces == [2000, 2000, 500]


def test_several() -> None:
    assert several([]) == ""
    assert several(range(3)) == "0, 1, 2"
    assert several(range(1234)) == "0, 1, 2, 3, 4 and 1,229 more"
