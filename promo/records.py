"""What a night leaves in the lake: what was shown to whom and why, and the prices of the budgets.

    lake/shown/<night>.parquet      due items and offers of each list, with probability and chance;
                                    also what control coins held back, which nobody has seen
    lake/decisions/<night>.parquet  every candidate and why it is or is not on its list
    lake/prices/<night>.csv         what budgets cost that night, where the next one begins
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl

from promo.choosing import Chosen
from promo.files import write_text
from promo.lists.items import Draft
from promo.lists.register import Registered
from promo.scans import lake

SHOWN = {
    "counter": pl.Int64, "shopper": pl.String, "tier": pl.String, "kind": pl.String,
    "item": pl.String, "probability": pl.Float64, "worth": pl.Int64, "cell": pl.String,
    "chance": pl.Float64, "control": pl.Boolean,
}  # fmt: skip
PRICES = {"id": pl.String, "money": pl.Float64, "uses": pl.Float64}


def remember(
    root: Path,
    night: date,
    lists: Sequence[Registered],
    control: Sequence[Draft],
    chosen: Chosen,
) -> None:
    """Write a night's records, each in the place of an earlier draft's.

    lists: what is printed; control: the lists of households that a coin leaves without one.
    """
    drafts = [(item.counter, item.draft, False) for item in lists]
    drafts += [(None, draft, True) for draft in control]
    chances = {(row[0], row[1]): row[2]
               for row in chosen.offers.select("shopper", "id", "chance").iter_rows()}  # fmt: skip
    rows = [
        (counter, draft.shopper, draft.tier, *of, chances.get((draft.shopper, of[1]), 1.0), held)
        for counter, draft, held in drafts
        for of in _of(draft)
    ]
    numbers = {item.draft.shopper: item.counter for item in lists}
    rows += _held_back(chosen.offers, numbers)
    lake.write(root / "shown" / f"{night}.parquet", pl.DataFrame(rows, SHOWN, orient="row"))
    lake.write(root / "decisions" / f"{night}.parquet", chosen.decisions)
    write_text(root / "prices" / f"{night}.csv", chosen.prices.write_csv(float_precision=9))


def prices_before(root: Path, night: date) -> pl.DataFrame | None:
    """The budget prices of the newest night before `night`; None where there is none."""
    found = sorted(p for p in (root / "prices").glob("????-??-??.csv") if p.stem < str(night))
    return pl.read_csv(found[-1], schema_overrides=PRICES) if found else None
