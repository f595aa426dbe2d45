"""What a night leaves in the lake: what was shown to whom and why, and the prices of the budgets.

lake/shown/<night>.parquet      due items and offers of each list, with probability and chance;
                                also what control coins held back, which nobody has seen
lake/decisions/<night>.parquet  every candidate and why it is or is not on its list
lake/prices/<night>.csv         what budgets cost that night, where the next one begins
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from promo.choosing import CONTROL, Chosen
from promo.files import write_text
from promo.lists.items import Draft
from promo.lists.register import Registered
from promo.scans import lake

SHOWN = {
    "counter": pl.Int64, "shopper": pl.String, "tier": pl.String, "kind": pl.String,
    "item": pl.String, "probability": pl.Float64, "worth": pl.Int64, "cell": pl.String,
    "chance": pl.Float64,
}  # fmt: skip
PRICES = {"id": pl.String, "money": pl.Float64, "uses": pl.Float64}
DUE, OFFER, HELD = "due", "offer", "held "  # `held offer`: a control coin kept it from the list
Row = tuple[object, ...]


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
    keys = ("shopper", "id")
    drawn = chosen.offers.select(*keys, "chance").iter_rows()
    chances = {(shopper, offer): chance for shopper, offer, chance in drawn}
    rows = [row for item in lists for row in _rows(item.draft, item.counter, "", chances)]
    rows += [row for draft in control for row in _rows(draft, None, HELD, chances)]
    drafts: dict[str, tuple[int | None, str]] = {
        item.draft.shopper: (item.counter, item.draft.tier) for item in lists
    }
    drafts |= {draft.shopper: (None, draft.tier) for draft in control}
    rows += _held_offers(chosen.offers, drafts)
    lake.write(root / "shown" / f"{night}.parquet", pl.DataFrame(rows, SHOWN, orient="row"))
    lake.write(root / "decisions" / f"{night}.parquet", chosen.decisions)
    write_text(root / "prices" / f"{night}.csv", chosen.prices.write_csv(float_precision=9))


def prices_before(root: Path, night: date) -> pl.DataFrame | None:
    """The budget prices of the newest night before `night`; None where there is none."""
    found = sorted(p for p in (root / "prices").glob("????-??-??.csv") if p.stem < str(night))
    return pl.read_csv(found[-1], schema_overrides=PRICES) if found else None


def offers_of(root: Path, night: date) -> frozenset[str] | None:
    """The offers that a night could print, by id; None where it left no record of them."""
    path = root / "prices" / f"{night}.csv"
    return frozenset(pl.read_csv(path, schema_overrides=PRICES)["id"]) if path.is_file() else None


def _rows(
    draft: Draft, counter: int | None, held: str, chances: Mapping[tuple[str, str], float]
) -> Iterator[Row]:
    """What stands on a list."""
    of = counter, draft.shopper, draft.tier
    for due in draft.due:
        yield *of, held + DUE, due.category, due.probability, 0, "", 1.0
    for offer in draft.offers:
        chance = chances[draft.shopper, offer.offer]
        told = offer.offer, offer.probability, offer.worth, offer.cell
        yield *of, held + OFFER, *told, chance


def _held_offers(won: pl.DataFrame, drafts: Mapping[str, tuple[int | None, str]]) -> Iterator[Row]:
    """Offers that won a slot and were held back from their list."""
    columns = ("shopper", "id", "probability", "worth", "loyalty", "volume", "chance")
    for row in won.filter(pl.col("why") == CONTROL).select(columns).iter_rows():
        shopper, offer, probability, worth, loyalty, volume, chance = row
        counter, tier = drafts[shopper]
        cell = f"{loyalty}/{volume}"
        yield counter, shopper, tier, HELD + OFFER, offer, probability, worth, cell, chance
