"""Statements of a store machine: what changes is its own, what is only looked up is the pack's.

`store.db` has the tables of head office's database. Few of their rows come from the pack (see
promo.checkout.pack.taking_up); lists, cards, goods, families and the uses of others are read where
they lie, in the pack's files, which are attached.
"""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from promo.checkout.finding_lists import Stored
from promo.checkout.pack.journal import Journal
from promo.checkout.pack.journaled import Journaled
from promo.checkout.pack.layout import EPOCH, PER_KEY
from promo.checkout.pack.opened import Pack
from promo.checkout.refusals import Refuse
from promo.checkout.statements import UseElsewhere

if TYPE_CHECKING:
    from promo.offers.terms import Terms

WAIT = 60.0  # seconds after which a till may ask again for what waits for the line
# Uses made here that the pack does not tell of, too.
OWN_USES = """create temp view own_uses as select * from main.redemptions
where id not in (select id from main.in_pack)"""
FAMILIES = "create temp view coupon_families as select prefix, family, product from {}"
USES = """with told as (select tag, offer, list, uses, promised, day from delta.uses
where household = ?1 union all
select tag, offer, list, uses, promised, day from pack.uses b where household = ?1
and not exists (select 1 from delta.uses d where d.household = ?1 and d.tag = b.tag))
select o.id, t.list, t.uses, t.promised, t.day from told t
join main.pack_offers o on o.number = t.offer"""
# By their keys in each file: a view over both would be read from end to end.
GOODS = """with wanted(number, id) as materialized (select number, id from main.pack_offers
where id in (select value from json_each(?1))),
bought(product) as materialized (select value from json_each(?2))
select d.product, w.id, d.purchase from wanted w cross join bought b
cross join delta.offer_products d on d.offer = w.number and d.product = b.product
where d.gone is null
union all select p.product, w.id, p.purchase from wanted w cross join bought b
cross join pack.offer_products p on p.offer = w.number and p.product = b.product
where not exists (select 1 from delta.offer_products d
where d.offer = p.offer and d.product = p.product and d.purchase = p.purchase)
union all select d.product, null, 0 from bought b
cross join delta.excluded d on d.product = b.product where d.gone is null
union all select p.product, null, 0 from bought b
cross join pack.excluded p on p.product = b.product
where not exists (select 1 from delta.excluded d where d.product = p.product)"""


class PackStatements(Journaled):
    """A connection to `store.db` with a pack attached."""

    uses = "own_uses"
    unknown_sale = "line_down"
    has_all_uses = False

    def __init__(
        self, driver: sqlite3.Connection, journal: Journal, now: Callable[[], datetime], pack: Pack
    ) -> None:
        super().__init__(driver, journal, now)
        self.pack = pack
        pack.attach(driver)
        driver.execute(OWN_USES)
        driver.execute(FAMILIES.format("packed_coupon_families"))

    def check_good(self, now: datetime) -> None:
        """Raise Refuse when the pack is too old to sell by."""
        if self.pack.is_expired(now):
            raise Refuse("pack_expired", wait=WAIT)

    def lists_of_code(self, key_id: int, counter: int) -> list[Stored]:
        """The list of a code that is genuine. Raises Refuse where the pack does not have it."""
        return self._known(self.pack.lists_of_code(key_id, counter))

    def lists_of_card(self, card: str, day: date) -> list[Stored]:
        """The lists of who carries a card. Raises Refuse where the pack does not have it."""
        return self._known(self.pack.lists_of_card(card))

    def _known(self, found: list[Stored]) -> list[Stored]:
        if not found:
            raise Refuse("elsewhere")
        return found

    def is_card(self, text: str) -> bool:
        """Whether a text is a card that the pack has."""
        return bool(self.pack.lists_of_card(text))

    def opens_at(self, store: str, key_id: int, counter: int, day: date) -> bool:
        """Whether a list is a store's own, published, and good on a day."""
        return any(
            row.store == store and row.state == "published" and row.first_day <= day <= row.last_day
            for row in self.pack.lists_of_code(key_id, counter)
        )

    def uses_elsewhere(self, shopper: str) -> Sequence[UseElsewhere]:
        """The uses of a household's offers that head office knew of when it made the pack."""
        found = []
        for offer, at, uses, promised, day in self.rows(USES, (int(shopper),)):
            key_id, counter = (None, None) if at is None else divmod(at, PER_KEY)
            on = (EPOCH + timedelta(day)).isoformat()
            found.append(UseElsewhere(offer, key_id, counter, uses, promised, on))
        return found

    def goods(
        self, offers: Sequence[str], products: Sequence[str], never: Sequence[str]
    ) -> list[tuple[Any, ...]]:
        """Product, offer and purchase of what counts; the pack knows itself what none may touch."""
        return self.rows(GOODS, (self.several(offers), self.several(products)))

    def needs_line(self, terms: "Terms") -> bool:
        """Whether an offer is not given without head office."""
        return not terms.honoured_offline
