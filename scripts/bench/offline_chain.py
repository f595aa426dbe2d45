"""The chain that packs are made of: lists that differ as a real chain's do, some of them used.

Due words are drawn from 300 categories, the frequent ones more often (Zipf's law); an offer stands
on lists in nine cells of the grid and at three worths, which makes 8,100 faces.
"""

import random
from collections.abc import Iterator
from typing import Any

from checkout_chain import open_chain
from sqlalchemy import Engine
from till_kit import list_content

OFFERS, SLOTS, DUE, CATEGORIES = 300, 14, 20, 300
CONTENTS = 20_000  # that differ
CELLS = [f"{loyalty}/{volume}" for loyalty in ("national", "store_brand", "switcher")
         for volume in ("heavy", "medium", "light")]  # fmt: skip
WORTHS = (100, 120, 150)
# Households redeem some 3 % of targeted offers: 0.4 a list in its fortnight, 0.03 a day.
ALL_DAYS, A_DAY = "l.counter %% 5 < 2", "l.counter %% 35 = 11"
# As booking writes them, without what no pack takes.
USES = """insert into redemptions (kind, offer, key_id, counter, shopper, store, till, day,
"transaction", number, uses, units, money, funder_money, night, promised, worth, probability,
lines, at)
select 'redeem', l.content -> 'offers' -> cast(l.counter %% {slots} as integer) ->> 'offer', 1,
l.counter, l.shopper, '1', '{till}', cast('2017-11-08' as date), 'b' || l.counter, 1, 1, 1, 100,
100, l.night, 1, 100, 0.1, '{{}}', cast('2017-11-08T12:00:00Z' as timestamptz)
from lists l where {which}"""


def contents() -> Iterator[dict[str, Any]]:
    """What stands on the lists."""
    chance = random.Random(8)
    weights = [1 / (rank + 5) for rank in range(CATEGORIES)]
    for number in range(CONTENTS):
        made = list_content(number, OFFERS, SLOTS)
        offers = chance.sample(range(OFFERS), SLOTS)
        for item, offer in zip(made["offers"], offers, strict=True):
            item |= {"offer": f"o{offer}", "title": f"Any things of kind {offer}",
                     "cell": chance.choice(CELLS), "worth": chance.choice(WORTHS)}  # fmt: skip
        due = dict.fromkeys(chance.choices(range(CATEGORIES), weights, k=4 * DUE))
        for item, category in zip(made["due"], due, strict=False):
            item["words"] = f"Things of kind {category}"
        yield made


def fill_chain(engine: Engine, lists: int) -> None:
    """So many lists, each with its household and card, at the end of their fortnight."""
    open_chain(engine, lists, OFFERS, SLOTS, contents())
    use(engine, ALL_DAYS, till="1")


def use(engine: Engine, which: str, till: str) -> None:
    """A use of each list that `which` names, at a till of its own."""
    with engine.begin() as connection:
        connection.exec_driver_sql(USES.format(slots=SLOTS, which=which, till=till))
