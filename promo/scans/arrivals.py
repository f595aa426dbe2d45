"""Which stores' lines of a business day are in the lake, how many, and with which deliveries."""

from datetime import date
from pathlib import Path

import polars as pl

from promo.scans import lake

SCHEMA = {"store": pl.String, "delivery": pl.Int64, "lines": pl.Int64}


def of_day(root: Path, day: date, until: int) -> pl.DataFrame:
    """store, delivery, lines: what has come of a business day with the deliveries up to `until`.

    Sorted by store and delivery. Only the parts' column of stores is read.
    """
    found = [part for part in lake.day_parts(root, day) if lake.delivery_of(part) <= until]
    if not found:
        return pl.DataFrame(schema=SCHEMA)
    parts = pl.DataFrame(
        {"path": [str(part) for part in found], "delivery": [lake.delivery_of(p) for p in found]},
        schema={"path": pl.String, "delivery": pl.Int64},
    )
    lines = pl.scan_parquet(found, include_file_paths="path").group_by("store", "path").len()
    counted = lines.collect().join(parts, on="path")
    return (
        counted.group_by("store", "delivery")
        .agg(pl.col("len").sum().cast(pl.Int64).alias("lines"))
        .sort("store", "delivery")
    )
