"""Offers that are manufacturers' coupons: told by their ids, which no file of offers may give."""

from typing import Any

from sqlalchemy import ColumnElement, and_

MARKS = ("8110", "8112")
"""The application identifiers that such an id begins with, followed by a colon."""


def is_coupon(offer: str) -> bool:
    """Whether an id is kept for manufacturers' coupons."""
    return offer.startswith(MARKS)


def own(column: ColumnElement[str] | Any) -> ColumnElement[bool]:
    """The chain's own offers, by the column of their ids."""
    return and_(*(~column.startswith(mark) for mark in MARKS))


def reads_itself(column: ColumnElement[str] | Any) -> ColumnElement[bool]:
    """Coupons whose products their makers' families name and not the product table: 8110."""
    return column.startswith(f"{MARKS[0]}:")
