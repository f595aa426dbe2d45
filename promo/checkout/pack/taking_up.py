"""A pack taken up into `store.db`: the few rows of it that are changed here, or joined to such.

Nothing of this is journaled: it can be made again from the pack. What tills here have done since,
and head office does not know yet, stays and is counted on top.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress

from pydantic_core import from_json

from promo.checkout.pack.opened import Pack
from promo.lists.codes import open_code
from promo.scans.gtin import CodeError

MAKE = """
create table if not exists pack_offers (id text primary key, number integer unique);
create table if not exists in_pack (id integer primary key);
create table if not exists pack_taken (id integer primary key check (id = 1), card_key integer);
"""
# A serial number that somebody has used elsewhere is told from one used here by its empty store.
NOBODY = "'', '', '0001-01-01', ''"
FROM_PACK = f"""
delete from stores;
insert into stores (id, name, gln, time_zone, language)
    select id, name, gln, time_zone, language from packed_stores;
delete from store_keys;
insert into store_keys (id, store, verbs, salt, hash, created, expires, revoked)
    select id, store, verbs, salt, hash, created, expires, revoked from packed_store_keys;
delete from pack_offers;
insert into pack_offers (id, number) select id, number from packed_offers;
insert into offers (id, starts, ends, funder, objective, hard, state, budget_money,
    budget_redemptions, terms)
    select id, starts, ends, funder, objective, hard, state, budget_money, budget_redemptions,
    terms from packed_offers where true on conflict (id) do update set starts = excluded.starts,
    ends = excluded.ends, funder = excluded.funder, objective = excluded.objective,
    hard = excluded.hard, state = excluded.state, budget_money = excluded.budget_money,
    budget_redemptions = excluded.budget_redemptions, terms = excluded.terms;
delete from offer_events where kind = 'stopped';
insert into offer_events (id, offer, at, kind, reason, sentence)
    select -number, id, '0001-01-01 00:00:00.000000', 'stopped', '', sentence from packed_offers
    where state = 'stopped';
delete from coupon_serials where store = '';
insert into coupon_serials (coupon, serial, store, till, day, "transaction")
    select coupon, serial, {NOBODY} from packed_coupon_serials where true
    on conflict (coupon, serial) do nothing;
"""
# What offers have cost: as the pack says, and what was done here that it does not know of.
COUNTED = """
delete from offer_counters;
insert into offer_counters (offer, uses, money)
    select o.id, c.uses, c.money from packed_offer_counters c
    join pack_offers o on o.number = c.offer;
insert into offer_counters (offer, uses, money)
    select offer, sum(uses), sum(money) from redemptions
    where id not in (select id from in_pack) group by offer
    on conflict (offer) do update set uses = uses + excluded.uses, money = money + excluded.money;
"""
OWN = """select id, shopper, store, till, cast(day as text), "transaction", kind,
offer, number from redemptions"""
IS_TOLD = """select 1 from delta.uses where household = ?1 and tag = ?2
union all select 1 from pack.uses where household = ?1 and tag = ?2
union all select 1 from delta.hard_uses where tag = ?2
union all select 1 from pack.hard_uses where tag = ?2"""
ON_LIST = """select shopper, key_id, counter from redemptions
where key_id is not null and shopper is not null union select shopper, key_id, counter
from reservations where key_id is not null and shopper is not null"""
ANSWERED = """select r.shopper, a.answer from redemptions r join till_answers a
on a.store = r.store and a.till = r.till and a.day = r.day and a."transaction" = r."transaction"
and a.verb = 'redeem' where r.key_id is null and r.shopper is not null"""
KEY = "select card_key from pack_taken"
KEPT = """insert into pack_taken (id, card_key) values (1, ?)
on conflict (id) do update set card_key = excluded.card_key"""


def make(driver: sqlite3.Connection) -> None:
    """Make the tables that only a store machine has."""
    driver.executescript(MAKE)


def take_up(driver: sqlite3.Connection, pack: Pack) -> None:
    """Bring `store.db` to a pack that is attached, in the caller's transaction.

    It has every decision of the journal.
    """
    for statement in FROM_PACK.split(";"):
        driver.execute(statement)
    if [row[0] for row in driver.execute(KEY)] != [pack.base.key]:
        _name_households(driver, pack)
        driver.execute(KEPT, (pack.base.key,))
    _find_told(driver, pack)
    for statement in COUNTED.split(";"):
        driver.execute(statement)


def _name_households(driver: sqlite3.Connection, pack: Pack) -> None:
    """Name the households of what was done here as a pack with another key does, by their lists.

    All rows of a household follow the one that tells its list, so uses without a list do, too.
    """
    for shopper, key_id, counter in {*driver.execute(ON_LIST), *_by_answers(driver, pack)}:
        for row in pack.lists_of_code(key_id, counter):
            for table in ("redemptions", "reservations"):
                driver.execute(f"update {table} set shopper = ? where shopper = ?",
                               (row.shopper, shopper))  # fmt: skip


def _by_answers(driver: sqlite3.Connection, pack: Pack) -> Iterator[tuple[str, int, int]]:
    """Household and list of uses without a list: the till was told the list's code."""
    for shopper, answer in driver.execute(ANSWERED).fetchall():
        if code := from_json(answer).get("list_code"):
            with suppress(CodeError):  # of a key that is not there any more
                opened = open_code(pack.codes, code)
                yield shopper, opened.key_id, opened.counter


def _find_told(driver: sqlite3.Connection, pack: Pack) -> None:
    """Note which of the uses made here the pack tells of: head office has taken them in."""
    told = []
    for number, shopper, *name in driver.execute(OWN).fetchall():
        household = None if shopper is None else int(shopper)
        if driver.execute(IS_TOLD, (household, pack.card_key.use(*name))).fetchone():
            told.append((number,))
    driver.execute("delete from in_pack")
    driver.executemany("insert into in_pack (id) values (?)", told)
