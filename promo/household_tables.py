"""The tables of households: who they are, their cards, what they agreed to, what became of them.

`promo.tables` has them all under one name; they are here because what is personal is read together.
"""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from promo.stored import Base, Sequential


class Shopper(Base):
    """A household. The only table with a name in it, and with where the household lives."""

    __tablename__ = "shoppers"
    id: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[int] = mapped_column(index=True)
    name: Mapped[str | None]
    language: Mapped[str]
    suppressed: Mapped[bool]
    line1: Mapped[str | None]
    line2: Mapped[str | None]
    city: Mapped[str | None]
    region: Mapped[str | None]
    postal_code: Mapped[str | None]
    country: Mapped[str | None]
    email: Mapped[str | None]
    __table_args__ = (CheckConstraint("bucket between 0 and 255", name="bucket"),)


class Card(Base):
    """A loyalty card and the household that carries it."""

    __tablename__ = "cards"
    card: Mapped[str] = mapped_column(primary_key=True)
    shopper: Mapped[str] = mapped_column(ForeignKey("shoppers.id"), index=True)


class Consent(Base):
    """What a household agreed to or took back, newest day first in force."""

    __tablename__ = "consents"
    shopper: Mapped[str] = mapped_column(ForeignKey("shoppers.id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    given: Mapped[bool]


class HouseholdChange(Base):
    """A household forgotten, joined or split; `work` says whose, and only until it is done.

    `begun`: at work, the next command goes on with it; `emptied`: nobody is named any more, but
    the database may still hold what was deleted in pages that are free; `done`.
    """

    __tablename__ = "household_changes"
    id: Mapped[int] = mapped_column(Sequential, primary_key=True)
    day: Mapped[date]
    kind: Mapped[str]
    state: Mapped[str]
    households: Mapped[int]
    work: Mapped[dict[str, Any] | None]
    __table_args__ = (
        CheckConstraint("kind in ('forget', 'join', 'split')", name="kind"),
        CheckConstraint("state in ('begun', 'emptied', 'done')", name="state"),
    )


class ForgottenCard(Base):
    """That a card was forgotten on `day`: its late lines come in without it. `hash` is 32 bits of a
    salted hash, which many cards share; kept until a till log may no longer be so late.
    """

    __tablename__ = "forgotten_cards"
    hash: Mapped[str] = mapped_column(primary_key=True)
    salt: Mapped[str]
    day: Mapped[date]
    until: Mapped[date]
