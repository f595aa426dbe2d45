"""A chain of any size in PostgreSQL, made in the database itself: a million lists in minutes.

Lists of one number modulo the contents have the same; each is written once and copied there.
"""

import json
from collections.abc import Iterable
from typing import Any

from checkout_shop import set_terms
from sqlalchemy import Engine
from till_kit import KEYS, NIGHT, fill, list_content

from promo.lists.codes import list_code

SHOPPERS = """insert into shoppers (id, bucket, name, language, suppressed)
select n, n %% 256, 'Household ' || n, 'en', false from generate_series({}, {}) as n"""
CARDS = """insert into cards (card, shopper)
select '29' || lpad(cast(n as text), 10, '0'), n from generate_series({}, {}) as n"""
LISTS = """insert into lists
(key_id, counter, code, night, shopper, store, first_day, last_day, worth, content)
select 1, n, code, cast('{night}' as date), n, '1', cast('{night}' as date),
cast('{night}' as date) + 13, worth, content
from codes join contents on contents.number = codes.n %% {contents}"""
COUNTERS = "insert into offer_counters (offer, uses, money) select id, 0, 0 from offers"


def open_chain(
    engine: Engine, lists: int, offers: int, slots: int = 14,
    contents: Iterable[dict[str, Any]] = (),
) -> str:  # fmt: skip
    """So many lists of so many slots, ready to be redeemed; a store key.

    contents: what stands on them; as many as there are offers unless it is told.
    """
    contents = list(contents) or [list_content(n, offers, slots) for n in range(offers)]
    fill(engine, 0, offers)
    with engine.begin() as connection:
        # Every row refers to one that is there: a million proofs of it would be half of the work.
        connection.exec_driver_sql("set local session_replication_role = replica")
        connection.exec_driver_sql(SHOPPERS.format(0, lists - 1))
        connection.exec_driver_sql(CARDS.format(0, lists - 1))
        connection.exec_driver_sql("create temp table codes (n bigint, code text) on commit drop")
        connection.exec_driver_sql("create temp table contents (number bigint, worth bigint, "
                                   "content json) on commit drop")  # fmt: skip
        driver = connection.connection.driver_connection
        _copy(driver, "codes", ((n, list_code(KEYS, n)) for n in range(lists)))
        _copy(driver, "contents", (
            (number, sum(item["worth"] * item["uses"] for item in each["offers"]), json.dumps(each))
            for number, each in enumerate(contents)
        ))  # fmt: skip
        connection.exec_driver_sql(LISTS.format(night=NIGHT, contents=len(contents)))
        connection.exec_driver_sql(COUNTERS)
    key = set_terms(engine, offers)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum analyze")
        connection.exec_driver_sql("checkpoint")
    return key


def _copy(driver: Any, table: str, rows: Any) -> None:
    with driver.cursor().copy(f"copy {table} from stdin") as copy:
        for row in rows:
            copy.write_row(row)
