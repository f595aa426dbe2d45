"""Who is forgotten is nowhere any more, and every total is what it was."""

from typing import Any

import polars as pl
import pytest
from small_house import FIRST, promo
from sqlalchemy import select

from person import people
from promo import tables
from promo.house import House
from promo.scans import lake


def test_forget(home: House) -> None:
    row, other = people.listed(home)[:2]
    people.sell(home, row, "s1")
    people.sell(home, other, "s2")
    people.quote(home, row)
    people.earlier_issue(home.engine, row)
    said = promo(home, "forget", f"c{row.shopper}", "--yes")
    print(said.output)
    assert "1 households are forgotten" in said.output
    assert people.bring_back(home, "s1") == 200
