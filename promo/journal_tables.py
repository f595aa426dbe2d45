"""The tables of stores' journals: how far each is taken in, and what did not go together.

`promo.tables` has them all under one name.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from promo.stored import Base, Sequential


class Journal(Base):
    """How far a store's journal is taken in: up to decision `seq`, whose chain is `chain`.

    Changed in the transaction that books the decision; `first` and `last` are when it was sent.
    """

    __tablename__ = "journals"
    id: Mapped[str] = mapped_column(primary_key=True)
    store: Mapped[str] = mapped_column(ForeignKey("stores.id"))
    seq: Mapped[int]
    chain: Mapped[str]
    first: Mapped[datetime]
    last: Mapped[datetime]
    __table_args__ = (CheckConstraint("seq >= 0", name="seq"),)


class Conflict(Base):
    """Something that a store did while its line was down and that does not go with the rest.

    Found `at` a moment in decision `seq` of a journal; see promo.checkout.pack.conflicts for the
    kinds. `offer` is empty where a whole transaction is meant. `money` is what it is about, in
    minor units; `bearer` whose loss that is, nobody's where it is none. Append-only.
    """

    __tablename__ = "conflicts"
    id: Mapped[int] = mapped_column(Sequential, primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    store: Mapped[str]
    till: Mapped[str]
    day: Mapped[date]
    transaction: Mapped[str]
    verb: Mapped[str]
    offer: Mapped[str]
    key_id: Mapped[int | None]
    counter: Mapped[int | None]
    uses: Mapped[int]
    money: Mapped[int]
    bearer: Mapped[str | None]
    journal: Mapped[str] = mapped_column(ForeignKey("journals.id"))
    seq: Mapped[int]
    __table_args__ = (
        CheckConstraint(
            "kind in ('used_elsewhere', 'over_budget', 'serial_used', 'withdrawn', "
            "'unknown_offer', 'differs', 'identity', 'returned_twice', 'no_sale', 'voided_before')",
            name="kind",
        ),
        CheckConstraint("verb in ('redeem', 'return', 'void')", name="verb"),
        CheckConstraint("bearer in ('manufacturer', 'chain', 'store')", name="bearer"),
        UniqueConstraint("store", "till", "day", "transaction", "verb", "kind", "offer"),
        Index("ix_conflicts_list", "key_id", "counter"),
        Index("ix_conflicts_at", "at"),
    )
