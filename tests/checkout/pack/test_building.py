"""A pack says what head office's own service says, and a delta over it what a new pack would."""

import random
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from drafts import KEYS, NIGHT, draft, due, offer
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select, text

from checkout.pack import chain
from checkout.pack.chain import NOW, TODAY
from promo import tables
from promo.checkout.pack import building, layout
from promo.checkout.pack.building import Order
from promo.checkout.pack.faults import PackError
from promo.checkout.pack.filling import UnknownRegion, coupon_names
from promo.checkout.pack.keys import PackKeys
from promo.checkout.pack.opened import Pack
from promo.checkout.pack.reading import Scope
from promo.config import Settings
from promo.database import upsert

SECRETS = PackKeys({}).with_new()
CARD_KEY = SECRETS.card_key(SECRETS.active)
USES = """select household, list, o.id, date(u.day * 86400, 'unixepoch'), uses, promised
from packed_uses u join packed_offers o on o.number = u.offer"""


def order(
    settings: Settings, stores: tuple[str, ...] | None = None, *, keys: PackKeys = SECRETS,
    now: datetime = NOW,
) -> Order:  # fmt: skip
    scope = Scope("north" if stores else "banner", stores, TODAY, 14)
    return Order(settings, scope, keys, now)


def opened(folder: Path, *, delta: bool = False, keys: PackKeys = SECRETS) -> Pack:
    over = folder / "x.delta" if delta else None
    later = NOW + timedelta(hours=1)  # no delta is of later
    return Pack.open(folder / "x.pack", over, keys.public(), KEYS, later)


def told(pack: Pack) -> dict[tuple[int, int], Any]:
    """Every list of a pack as tills are told of it."""
    found = {}
    for (id_,) in pack._rows("select id from packed_lists"):
        [row] = pack.lists_of_code(*divmod(id_, layout.PER_KEY))
        found[row.key_id, row.counter] = chain.as_told(row)
    return found


def said(pack: Pack) -> dict[str, Any]:
    """All other things that a pack says, without its own numbers."""
    queries = {
        "uses": USES,
        "stores": "select id, name, gln, time_zone, language from packed_stores",
        "offers": "select id, starts, ends, state, hard, terms, sentence from packed_offers",
        "products": """select o.id, product, purchase from packed_offer_products p
        join packed_offers o on o.number = p.offer""",
        "excluded": "select product from packed_excluded",
        "families": "select * from packed_coupon_families",
        "counters": """select o.id, c.uses, c.money from packed_offer_counters c
        join packed_offers o on o.number = c.offer""",
        "keys": "select * from packed_store_keys",
        "serials": "select * from packed_coupon_serials",
        "cards": "select card, lists from packed_cards",
    }
    return {name: sorted(pack._rows(query), key=repr) for name, query in queries.items()}


@pytest.mark.parametrize("seed", [1])
def test_it_says_what_the_service_says(
    engine: Engine, settings: Settings, tmp_path: Path, seed: int
) -> None:
    chain.open_chain(engine, random.Random(seed))
    footer = building.build(engine, order(settings), tmp_path / "x.pack")
    with closing(opened(tmp_path)) as pack:
        assert told(pack) == chain.service(engine, CARD_KEY)
        for card, lists in chain.by_card(engine).items():
            assert [(row.key_id, row.counter) for row in pack.lists_of_card(card)] == lists
        assert pack.lists_of_card("no such card") == []
        assert pack.lists_of_code(1, 999) == []
        assert chain.counted(pack._rows(USES)) == chain.uses(engine, CARD_KEY)
        found = said(pack)
        assert [row[0] for row in found["stores"]] == ["1", "2", "3"]
        assert [row[0] for row in found["offers"]] == ["8112:5-1", *chain.OFFERS]
        assert found["products"] == [(row[0], "internal:milk", 1) for row in found["offers"]]
        assert found["excluded"] == [("internal:bag",), ("internal:beer",)]
        assert found["families"] == [("0614141", "100", "gtin:1")]
        assert found["counters"] == [(chain.HARD, 3, 300)]
        assert [row[:3] for row in found["keys"]] == [(n, f"{n}", "lookup") for n in (1, 2, 3)]
        assert found["serials"] == [("8112:5-1", "1")]
        assert pack.counts == footer.counts
        assert footer.code_keys == (1, 2)


@pytest.mark.parametrize("seed", [3, 4])
def test_a_delta_makes_of_it_what_a_new_one_would_be(
    engine: Engine, settings: Settings, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    chain.open_chain(engine, chance)
    building.build(engine, order(settings), tmp_path / "x.pack")
    chain.change(engine, chance)
    later = order(settings, now=NOW + timedelta(hours=1))
    about = building.build_delta(engine, later, tmp_path / "x.pack", tmp_path / "x.delta")
    (tmp_path / "new").mkdir()
    building.build(engine, later, tmp_path / "new" / "x.pack")
    with closing(opened(tmp_path, delta=True)) as pack, closing(opened(tmp_path / "new")) as new:
        assert told(pack) == told(new) == chain.service(engine, CARD_KEY)
        # A household without lists keeps its uses in the base, where nobody asks for them.
        asked = {int(row["shopper"]) for row in told(pack).values()}
        found = said(pack)
        found["uses"] = [row for row in found["uses"] if row[0] in asked]
        assert found == said(new)
        assert pack.about == about
        assert 0 < about.counts["lists"] < new.counts["lists"]


def test_a_delta_of_nothing_holds_nothing(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    chain.open_chain(engine, random.Random(6))
    building.build(engine, order(settings), tmp_path / "x.pack")
    wanted = order(settings, now=NOW + timedelta(hours=1))
    about = building.build_delta(engine, wanted, tmp_path / "x.pack", tmp_path / "x.delta")
    assert not any(about.counts.values())
    with closing(opened(tmp_path)) as pack, closing(opened(tmp_path, delta=True)) as same:
        assert (told(pack), said(pack)) == (told(same), said(same))


def test_no_name_id_or_card_is_in_it(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    chain.open_chain(engine, random.Random(7))
    with engine.begin() as connection:
        connection.execute(text("update shoppers set name = 'Nadine Unsaid', city = 'Unsaidtown'"))
        connection.execute(text("update cards set card = 'unsaid' || card"))
    building.build(engine, order(settings), tmp_path / "x.pack")
    raw = (tmp_path / "x.pack").read_bytes()
    assert b"nsaid" not in raw
    with closing(opened(tmp_path)) as pack:
        numbers = {row.shopper for each in pack._rows("select id from packed_lists")
                   for row in pack.lists_of_code(*divmod(each[0], layout.PER_KEY))}  # fmt: skip
    assert not numbers & set(chain.HOUSEHOLDS)


def test_a_region_has_its_own_lists_and_keys(
    sqlite_engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    chain.open_chain(sqlite_engine, random.Random(8))
    footer = building.build(sqlite_engine, order(settings, ("1", "3")), tmp_path / "x.pack")
    assert footer.stores == ("1", "3")
    with closing(opened(tmp_path)) as pack:
        whole = chain.service(sqlite_engine, CARD_KEY)
        assert told(pack) == {id_: row for id_, row in whole.items() if row["store"] != "2"}
        assert [row[0] for row in said(pack)["stores"]] == ["1", "3"]
        assert [row[1] for row in said(pack)["keys"]] == ["1", "3"]


def test_a_region_of_a_store_that_is_not_there(
    sqlite_engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    chain.open_chain(sqlite_engine, random.Random(8))
    (tmp_path / "x.pack").write_text("the old one")
    with pytest.raises(UnknownRegion, match="names the store '9'"):
        building.build(sqlite_engine, order(settings, ("1", "9")), tmp_path / "x.pack")
    assert (tmp_path / "x.pack").read_text() == "the old one"
    assert [path.name for path in tmp_path.glob("*x.pack*")] == ["x.pack"]


def test_cards_keep_their_numbers_over_a_new_key(
    sqlite_engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    chance = random.Random(9)
    chain.open_chain(sqlite_engine, chance)
    building.build(sqlite_engine, order(settings), tmp_path / "x.pack")
    chain.change(sqlite_engine, chance)
    both = SECRETS.with_new()
    wanted = order(settings, keys=both, now=NOW + timedelta(hours=1))
    building.build_delta(sqlite_engine, wanted, tmp_path / "x.pack", tmp_path / "x.delta")
    with closing(opened(tmp_path, delta=True, keys=both)) as pack:
        assert pack.about.key == both.active != pack.base.key
        assert told(pack) == chain.service(sqlite_engine, CARD_KEY)
        for card, lists in chain.by_card(sqlite_engine).items():
            assert [(row.key_id, row.counter) for row in pack.lists_of_card(card)] == lists


def test_a_delta_wants_a_base_of_its_region(
    sqlite_engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    chain.open_chain(sqlite_engine, random.Random(9))
    building.build(sqlite_engine, order(settings), tmp_path / "x.pack")
    wanted = order(settings, ("1",))
    with pytest.raises(PackError, match="is of the region banner") as caught:
        building.build_delta(sqlite_engine, wanted, tmp_path / "x.pack", tmp_path / "x.delta")
    assert caught.value.reason == "other_base"


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)
items = st.lists(
    st.builds(
        offer, offer=st.sampled_from(chain.OFFERS), title=words, headline=words,
        worth=st.integers(0, 10**6), buy=st.integers(1, 9), uses=st.integers(1, 9),
    ),
    max_size=16, unique_by=lambda item: item.offer,
)  # fmt: skip


@hypothesis_settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(items, st.lists(st.builds(due, words=words), max_size=24)), max_size=4))
def test_whatever_stands_on_lists(
    sqlite_engine: Engine, settings: Settings, tmp_path: Path, made: list[Any]
) -> None:
    chance, night = random.Random(1), NIGHT + timedelta(9)
    with sqlite_engine.connect() as connection:
        is_new = connection.execute(select(tables.Run.night)).first() is None
    if is_new:  # the first example
        chain.open_chain(sqlite_engine, chance)
    with sqlite_engine.begin() as connection:
        connection.execute(delete(tables.ShopperList).where(tables.ShopperList.night == night))
        run = {"night": night, "wave": 1, "state": "published", "report": {}}
        upsert(connection, tables.Run, [run])
        for household, (offers, dues) in zip(chain.HOUSEHOLDS, made, strict=False):
            own = draft(offers=tuple(offers), due=tuple(dues))
            chain.add_list(connection, chance, night, household, own)
    building.build(sqlite_engine, order(settings), tmp_path / "x.pack")
    with closing(opened(tmp_path)) as pack:
        assert told(pack) == chain.service(sqlite_engine, CARD_KEY)


def test_serials_have_their_coupons_names() -> None:
    assert list(coupon_names("8112:0614141-000001")) == ["8112:0614141-000001"]
    assert list(coupon_names("8110:0614141-123456:00ff")) == ["8110:0614141-123456"]
    assert list(coupon_names("web1")) == []
