"""Every stored row and constraint. Money is integer minor units; days are calendar days."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from promo import attempt_table, household_tables, journal_tables, store_tables, stored

Base = stored.Base
Sequential = stored.Sequential
STOPPED, STOP = text("state = 'stopped'"), text("kind = 'stopped'")
Shopper = household_tables.Shopper
Card = household_tables.Card
Consent = household_tables.Consent
HouseholdChange = household_tables.HouseholdChange
ForgottenCard = household_tables.ForgottenCard
ShelfPrice = store_tables.ShelfPrice
Assortment = store_tables.Assortment
OutOfStock = store_tables.OutOfStock
Promotion = store_tables.Promotion
Attempt = attempt_table.Attempt
Journal = journal_tables.Journal
Conflict = journal_tables.Conflict


class Product(Base):
    """What the tills sell. `id` is domain:code, such as gtin:00012345678905 or internal:1029743."""

    __tablename__ = "products"
    id: Mapped[str] = mapped_column(primary_key=True)
    domain: Mapped[str]
    code: Mapped[str]
    description: Mapped[str]
    brand: Mapped[str | None]
    brand_owner: Mapped[str | None]
    store_brand: Mapped[bool]
    category: Mapped[str | None] = mapped_column(index=True)
    category_words: Mapped[str | None]
    department: Mapped[str | None]
    size: Mapped[str | None]
    cost: Mapped[int | None]
    margin_rate: Mapped[float | None]
    no_coupon: Mapped[bool]
    delisted: Mapped[bool]


class Version(Base):
    """How often a table has been written anew, so that copies made from it can be told stale."""

    __tablename__ = "versions"
    name: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]


class Store(Base):
    """A shop. Its time zone is the zone of its till log's times."""

    __tablename__ = "stores"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    gln: Mapped[str | None]
    time_zone: Mapped[str]
    language: Mapped[str]


class Delivery(Base):
    """One load of till lines. A part in the lake counts only when its delivery stands here."""

    __tablename__ = "deliveries"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str]
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    rows: Mapped[int]
    repeats: Mapped[int]
    rejects: Mapped[int]


class Offer(Base):
    """A reward, its conditions, who funds it and how much in all; `terms` is offers.terms.Terms.

    `hard` ones are never promised on paper and are refused at their limit.
    """

    __tablename__ = "offers"
    id: Mapped[str] = mapped_column(primary_key=True)
    starts: Mapped[date]
    ends: Mapped[date]
    funder: Mapped[str]
    objective: Mapped[str]
    hard: Mapped[bool] = mapped_column(default=False, server_default=false())
    state: Mapped[str] = mapped_column(default="live", server_default="live")
    budget_money: Mapped[int]
    budget_redemptions: Mapped[int]
    terms: Mapped[dict[str, Any]]
    __table_args__ = (
        CheckConstraint("starts <= ends", name="dates"),
        CheckConstraint("budget_money >= 0 and budget_redemptions >= 0", name="budget"),
        CheckConstraint("state in ('live', 'paused', 'stopped')", name="state"),
        Index("ix_offers_dates", "starts", "ends"),
        # Tills ask of every list what is stopped on it: mostly nothing, however many offers.
        Index("ix_offers_stopped", "id", sqlite_where=STOPPED, postgresql_where=STOPPED),
    )


class OfferEvent(Base):
    """What was done to an offer, by hand or by its budget, and why; append-only."""

    __tablename__ = "offer_events"
    id: Mapped[int] = mapped_column(Sequential, primary_key=True)
    offer: Mapped[str] = mapped_column(ForeignKey("offers.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    reason: Mapped[str]
    bearer: Mapped[str | None]
    sentence: Mapped[str | None]
    __table_args__ = (
        CheckConstraint(
            "kind in ('paused', 'resumed', 'stopped', 'exhausted', 'budget')", name="kind"
        ),
        Index("ix_offer_events_stopped", "offer", sqlite_where=STOP, postgresql_where=STOP),
    )


class OfferProduct(Base):
    """A product that counts towards an offer's first, second or third purchase."""

    __tablename__ = "offer_products"
    offer: Mapped[str] = mapped_column(ForeignKey("offers.id"), primary_key=True)
    product: Mapped[str] = mapped_column(ForeignKey("products.id"), primary_key=True, index=True)
    purchase: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, default=1, server_default="1"
    )
    __table_args__ = (CheckConstraint("purchase between 1 and 3", name="purchase"),)


class Promise(Base):
    """What a night's lists promise of an offer: face value, and the response expected of it.

    Of all promised uses with probability p and face value c: `money_1`, `money_2`, `money_3` are
    the sums of pc, pc^2, pc^3, `money_22` that of p^2 c^2; `uses_1` and `uses_22` of p and p^2.
    """

    __tablename__ = "promises"
    offer: Mapped[str] = mapped_column(ForeignKey("offers.id"), primary_key=True)
    night: Mapped[date] = mapped_column(primary_key=True)
    last_day: Mapped[date]
    uses: Mapped[int]
    money: Mapped[int]
    money_1: Mapped[float] = mapped_column(default=0.0, server_default="0")
    money_2: Mapped[float] = mapped_column(default=0.0, server_default="0")
    money_3: Mapped[float] = mapped_column(default=0.0, server_default="0")
    money_22: Mapped[float] = mapped_column(default=0.0, server_default="0")
    uses_1: Mapped[float] = mapped_column(default=0.0, server_default="0")
    uses_22: Mapped[float] = mapped_column(default=0.0, server_default="0")


class OfferCounter(Base):
    """What an offer has cost so far: the sum of its redemptions, kept in their transactions."""

    __tablename__ = "offer_counters"
    offer: Mapped[str] = mapped_column(ForeignKey("offers.id"), primary_key=True)
    uses: Mapped[int]
    money: Mapped[int]


class Redemption(Base):
    """One offer used on one transaction, or a use given back; append-only.

    A `void` or `return` names what it reverses and bears negative uses and money. `lines` holds
    each line's share, `funder_money` is what the manufacturer pays of `money`. `promised` of the
    uses were promised by the lists of `night`, each at `worth` with `probability`; a void gives
    them back.
    """

    __tablename__ = "redemptions"
    id: Mapped[int] = mapped_column(Sequential, primary_key=True)
    kind: Mapped[str]
    reverses: Mapped[int | None] = mapped_column(ForeignKey("redemptions.id"), index=True)
    offer: Mapped[str] = mapped_column(ForeignKey("offers.id"), index=True)
    key_id: Mapped[int | None]
    counter: Mapped[int | None]
    shopper: Mapped[str | None]
    store: Mapped[str]
    till: Mapped[str]
    day: Mapped[date]
    transaction: Mapped[str]
    number: Mapped[int]
    uses: Mapped[int]
    units: Mapped[int]
    money: Mapped[int]
    funder_money: Mapped[int]
    night: Mapped[date | None]
    promised: Mapped[int] = mapped_column(default=0, server_default="0")
    worth: Mapped[int] = mapped_column(default=0, server_default="0")
    probability: Mapped[float] = mapped_column(default=0.0, server_default="0")
    lines: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("kind in ('redeem', 'void', 'return')", name="kind"),
        CheckConstraint("(kind = 'redeem') = (reverses is null)", name="reverses"),
        UniqueConstraint("store", "till", "day", "transaction", "kind", "offer", "number"),
        Index("ix_redemptions_list", "key_id", "counter", "offer"),
        Index("ix_redemptions_shopper", "shopper", "offer"),
        Index("ix_redemptions_night", "night", "offer"),
    )


class Run(Base):
    """A night. `draft` may be made again; `published` has left the building.

    `forgotten`: lists of households that were forgotten since; they have no rows any more.
    """

    __tablename__ = "runs"
    night: Mapped[date] = mapped_column(primary_key=True)
    wave: Mapped[int | None]
    state: Mapped[str]
    report: Mapped[dict[str, Any]]
    forgotten: Mapped[int] = mapped_column(default=0, server_default="0")
    __table_args__ = (CheckConstraint("state in ('draft', 'published')", name="state"),)


class KeyCounter(Base):
    """The last counter given out under a code key: it only rises, so no serial comes twice."""

    __tablename__ = "key_counters"
    key_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class ShopperList(Base):
    """One household's list for one fortnight, its due items and offers packed in `content`.

    `joined`: 0 for a list that was made for the household; the list's counter where it came with
    another household that was joined to it.
    """

    __tablename__ = "lists"
    key_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    counter: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(unique=True)
    night: Mapped[date] = mapped_column(ForeignKey("runs.night"))
    shopper: Mapped[str] = mapped_column(ForeignKey("shoppers.id"))
    store: Mapped[str] = mapped_column(ForeignKey("stores.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    worth: Mapped[int]
    issue: Mapped[int] = mapped_column(default=1, server_default="1")
    joined: Mapped[int] = mapped_column(default=0, server_default="0")
    content: Mapped[dict[str, Any]]
    __table_args__ = (
        UniqueConstraint("night", "shopper", "joined"),
        Index("ix_lists_shopper_last_day", "shopper", "last_day"),
    )


class EarlierIssue(Base):
    """What stood on a list before it was issued anew under the same code, on `day`.

    Lists issued anew together have the same `replaced`.
    """

    __tablename__ = "earlier_issues"
    key_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    counter: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    issue: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date]
    replaced: Mapped[datetime]
    reason: Mapped[str]
    content: Mapped[dict[str, Any]]


class StoreKey(Base):
    """Who may ask the service: a key of a store, as the salted hash of its secret.

    `verbs`: what it may do, with commas between (promo.checkout.store_keys.VERBS).
    """

    __tablename__ = "store_keys"
    id: Mapped[int] = mapped_column(Sequential, primary_key=True)
    store: Mapped[str] = mapped_column(ForeignKey("stores.id"), index=True)
    verbs: Mapped[str]
    salt: Mapped[str]
    hash: Mapped[str]
    created: Mapped[datetime]
    expires: Mapped[datetime | None]
    revoked: Mapped[datetime | None]


class TillAnswer(Base):
    """What a till was answered, byte for byte, and what later returns need of it.

    Kept as it is, but for reservations, which are over when the basket changes or is paid.

    A request is known by store, till, business day, transaction and verb; `digest` tells a request
    sent again from another one of the same name. `content` is the sale as its return needs it, or
    what a return gave back; `of_…` name the sale that a return or void is about.
    """

    __tablename__ = "till_answers"
    store: Mapped[str] = mapped_column(primary_key=True)
    till: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    transaction: Mapped[str] = mapped_column(primary_key=True)
    verb: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    answer: Mapped[bytes]
    content: Mapped[dict[str, Any]]
    of_store: Mapped[str | None]
    of_till: Mapped[str | None]
    of_day: Mapped[date | None]
    of_transaction: Mapped[str | None]
    at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("verb in ('reserve', 'redeem', 'return', 'void')", name="verb"),
        Index("ix_till_answers_of", "of_store", "of_till", "of_day", "of_transaction"),
        Index("ix_till_answers_day", "day"),
    )


class Reservation(Base):
    """Uses of an offer that a basket holds until a moment, between its quote and its payment."""

    __tablename__ = "reservations"
    store: Mapped[str] = mapped_column(primary_key=True)
    till: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    transaction: Mapped[str] = mapped_column(primary_key=True)
    offer: Mapped[str] = mapped_column(ForeignKey("offers.id"), primary_key=True, index=True)
    shopper: Mapped[str | None] = mapped_column(index=True)
    key_id: Mapped[int | None]
    counter: Mapped[int | None]
    uses: Mapped[int]
    money: Mapped[int]
    until: Mapped[datetime] = mapped_column(index=True)


class CouponFamily(Base):
    """A product that counts to a maker's family code, as the maker's own list of families says."""

    __tablename__ = "coupon_families"
    prefix: Mapped[str] = mapped_column(primary_key=True)
    family: Mapped[str] = mapped_column(primary_key=True)
    product: Mapped[str] = mapped_column(primary_key=True)


class CouponSerial(Base):
    """A serial number that is taken: by the sale that redeemed it, or until a moment by a basket.

    Whoever comes second finds the row there. A void, and a return that lets the coupon be used
    again, take it away.
    """

    __tablename__ = "coupon_serials"
    coupon: Mapped[str] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(primary_key=True)
    store: Mapped[str]
    till: Mapped[str]
    day: Mapped[date]
    transaction: Mapped[str]
    until: Mapped[datetime | None] = mapped_column(index=True)
    __table_args__ = (
        Index("ix_coupon_serials_transaction", "store", "till", "day", "transaction"),
    )
