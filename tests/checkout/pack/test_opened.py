"""What an open pack gives: lists, what it shares, connections that it is attached to."""

import random
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from drafts import KEYS
from sqlalchemy import Engine

from checkout.pack import chain
from checkout.pack.chain import NOW
from checkout.pack.test_building import SECRETS, order, told
from promo.checkout.pack import building, layout, sections
from promo.checkout.pack.faults import PackError
from promo.checkout.pack.opened import Pack
from promo.config import Settings
from promo.lists import lookup
from promo.lists.codes import code_of


@pytest.fixture
def pack(sqlite_engine: Engine, settings: Settings, tmp_path: Path) -> Iterator[Pack]:
    chain.open_chain(sqlite_engine, random.Random(1))
    building.build(sqlite_engine, order(settings), tmp_path / "x.pack")
    with closing(Pack.open(tmp_path / "x.pack", None, SECRETS.public(), KEYS, NOW)) as found:
        yield found


def test_a_list_is_a_row_as_the_service_has_it(pack: Pack) -> None:
    [row] = pack.lists_of_code(1, next(c for c in range(50) if pack.lists_of_code(1, c)))
    assert row.code == code_of(KEYS, 1, row.counter)
    assert row.shopper.isdecimal()
    assert "1" in repr(row)
    assert row.shopper not in repr(row)
    answer = lookup.answer(row, {}, {})
    assert answer["list_code"] == row.code
    assert all(item["probability"] == 0.0 for item in row.content["offers"])


def test_items_are_made_once(pack: Pack) -> None:
    rows = [row for c in range(50) for row in pack.lists_of_code(1, c)]
    seen = {id(item) for row in rows for item in row.content["offers"]}
    assert seen == {id(item) for row in rows for item in row.content["offers"]}
    assert len(seen) <= pack.counts["faces"]


def test_threads_share_it(pack: Pack) -> None:
    alone = told(pack)
    with ThreadPoolExecutor(4) as threads:
        assert all(found == alone for found in threads.map(lambda _: told(pack), range(8)))


def test_a_connection_sees_the_delta_over_the_base_and_writes_neither(
    pack: Pack, sqlite_engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    chain.change(sqlite_engine, random.Random(2))
    later = order(settings, now=NOW + timedelta(hours=1))
    building.build_delta(sqlite_engine, later, tmp_path / "x.pack", tmp_path / "x.delta")
    files = (tmp_path / "x.pack", tmp_path / "x.delta")
    with (
        closing(Pack.open(*files, SECRETS.public(), KEYS, NOW + timedelta(hours=1))) as both,
        closing(sqlite3.connect(tmp_path / "own.db", uri=True)) as connection,
    ):
        both.attach(connection)
        state = "select state, sentence from packed_offers where id = 'o1'"
        assert connection.execute(state).fetchall() == [("stopped", "Sorry.")]
        for name in layout.TABLES:
            count = connection.execute(f"select count(*) from packed_{name}").fetchone()[0]
            assert count == both.counts[name]
        for name in ("pack", "delta"):
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                connection.execute(f"delete from {name}.lists")
    with closing(sqlite3.connect(":memory:", uri=True)) as connection:
        pack.attach(connection)
        assert connection.execute(state).fetchall() == [("live", None)]


def test_settings_travel_and_take_the_place_of_the_stores(pack: Pack, settings: Settings) -> None:
    other = settings.model_copy(update={
        "currency": "EUR", "coupons": settings.coupons.model_copy(update={"handling": 99}),
        "banner": "Own", "lists": settings.lists.model_copy(update={"ean_prefix": "29"}),
    })  # fmt: skip
    mixed = sections.laid_over(other, pack.about.settings)
    for name in (*sections.WHOLE, "lists"):
        assert getattr(mixed, name) == getattr(settings, name)
    assert mixed.banner == "Own"
    with pytest.raises(PackError, match="not those of this promo"):
        sections.laid_over(other, pack.about.settings | {"coupons": {"handling": "x"}})
