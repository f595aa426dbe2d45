"""What stores decided while their line was down: how far it is taken in, and its conflicts."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from promo import tables
from promo.checking.findings import Check, Finding
from promo.checking.look import Look
from promo.checkout.pack.conflicts import NOT_AS_TOLD, OF_USES

CONFLICT = tables.Conflict.__table__.c
NAMES = ("store", "till", "day", "transaction")
CHAIN = 64  # characters
RESTORE = "Restore the database from a backup, and let the store send its journal again."


def not_as_told(answer: Any) -> ColumnElement[bool]:
    """Whether a conflict says that the till was told otherwise than is booked.

    answer: the columns of `till_answers`.
    """
    own = and_(*(CONFLICT[name] == answer[name] for name in NAMES), CONFLICT.verb == answer.verb)
    of = and_(*(CONFLICT[name] == answer[f"of_{name}"] for name in NAMES), answer.verb == "void")
    return exists().where(
        or_(and_(own, CONFLICT.kind.in_(NOT_AS_TOLD)), and_(of, CONFLICT.kind == "voided_before"))
    )


def excused(look: Look) -> Mapping[tuple[object, ...], tuple[int, int]]:
    """Uses and minor units that conflicts say ought not have been given.

    By offer; by offer, key and counter of the list; by offer and household.
    """
    sheet = tables.ShopperList
    query = (
        select(CONFLICT.offer, CONFLICT.key_id, CONFLICT.counter, sheet.shopper,
               func.sum(CONFLICT.uses), func.sum(CONFLICT.money))
        .outerjoin(sheet, and_(sheet.key_id == CONFLICT.key_id, sheet.counter == CONFLICT.counter))
        .where(CONFLICT.kind.in_(OF_USES))
        .group_by(CONFLICT.offer, CONFLICT.key_id, CONFLICT.counter, sheet.shopper)
    )  # fmt: skip
    found: dict[tuple[object, ...], tuple[int, int]] = {}
    for offer, key_id, counter, shopper, uses, money in look.rows(query):
        for key in {(offer,), (offer, key_id, counter), (offer, shopper)}:
            before = found.get(key, (0, 0))
            found[key] = before[0] + int(uses), before[1] + int(money)
    return found


def journals(look: Look) -> Iterator[Finding]:
    """Each journal says how far it is taken in, and no conflict was found beyond that."""
    table = tables.Journal
    for row in look.rows(select(table.id, table.seq, table.chain).order_by(table.id)):
        if len(row.chain) != CHAIN:
            yield Finding(
                f"journals, {row.id}", "its chain is", f"{row.chain!r}",
                f"{CHAIN} hexadecimal digits", "Nothing more of it can be taken in. " + RESTORE,
            )  # fmt: skip
    query = (
        select(CONFLICT.id, CONFLICT.journal, CONFLICT.seq, table.seq.label("last"))
        .join(table, table.id == CONFLICT.journal)
        .where(CONFLICT.seq > table.seq)
        .order_by(CONFLICT.id)
    )
    for row in look.rows(query):
        yield Finding(
            f"conflicts, {row.id}", "it was found in decision", f"{row.seq:,}",
            f"at most {row.last:,}, to which journal {row.journal} is taken in", RESTORE,
        )  # fmt: skip


CHECKS = (Check("journals", "stores' journals and conflicts are of each other", journals),)
