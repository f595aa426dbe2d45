"""GS1's six-digit dates YYMMDD, as in AI 17 and in coupons."""

import calendar
from datetime import date

from promo.scans.gtin import CodeError


def to_day(yymmdd: str, today: date) -> date:
    """The day that six digits stand for, seen from `today`; day 00 is the month's last.

    The century is the one that brings the year nearest (GS1 General Specifications, 7.12): up to
    50 years ahead and 49 back. Raises CodeError where that day does not exist.
    """
    year, month, day = (int(yymmdd[n : n + 2]) for n in (0, 2, 4))
    ahead = (year - today.year) % 100
    full = today.year + (ahead if ahead <= 50 else ahead - 100)
    try:
        return date(full, month, day or calendar.monthrange(full, month)[1])
    except (ValueError, calendar.IllegalMonthError):
        raise CodeError(f"{yymmdd} is no day YYMMDD near the year {today.year}.") from None
