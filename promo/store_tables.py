"""What stands on the shelves of the stores, and at which price; `tables` has all rows."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from promo.stored import Base

EVERY_STORE = "*"


class ShelfPrice(Base):
    """The regular price of a product in a store from a day on."""

    __tablename__ = "shelf_prices"
    store: Mapped[str] = mapped_column(ForeignKey("stores.id"), primary_key=True)
    product: Mapped[str] = mapped_column(ForeignKey("products.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    price: Mapped[int]
    __table_args__ = (CheckConstraint("price >= 0", name="price"),)


class Assortment(Base):
    """Whether a store carries a product, from a day on.

    A store of which no row has begun carries everything; else what its rows say, and no more.
    """

    __tablename__ = "assortment"
    store: Mapped[str] = mapped_column(ForeignKey("stores.id"), primary_key=True)
    product: Mapped[str] = mapped_column(ForeignKey("products.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    carried: Mapped[bool]


class OutOfStock(Base):
    """A product that a store, or EVERY_STORE, is out of: until a last day, or until told."""

    __tablename__ = "out_of_stock"
    store: Mapped[str] = mapped_column(primary_key=True)
    product: Mapped[str] = mapped_column(ForeignKey("products.id"), primary_key=True)
    first_day: Mapped[date] = mapped_column(primary_key=True)
    last_day: Mapped[date | None]
    __table_args__ = (
        CheckConstraint("last_day is null or first_day <= last_day", name="days"),
        Index("ix_out_of_stock_last_day", "store", "last_day"),
    )


class Promotion(Base):
    """A price for everybody, in a store or in EVERY_STORE, on some days."""

    __tablename__ = "promotions"
    store: Mapped[str] = mapped_column(primary_key=True)
    product: Mapped[str] = mapped_column(ForeignKey("products.id"), primary_key=True)
    first_day: Mapped[date] = mapped_column(primary_key=True)
    last_day: Mapped[date]
    price: Mapped[int]
    __table_args__ = (
        CheckConstraint("first_day <= last_day", name="days"),
        CheckConstraint("price >= 0", name="price"),
        Index("ix_promotions_last_day", "store", "last_day"),
    )
