"""Product ids: domain:code, with every GTIN as GTIN-14, so that one product has one id."""

from collections.abc import Iterator

import polars as pl

from promo.scans import item_codes
from promo.scans.columns import LINE, Checked, Column, rejects
from promo.scans.gtin import CodeError
from promo.scans.variable import Layouts

DOMAIN = Column("domain", "choice", "gtin or internal", False, "gtin", choices=("gtin", "internal"))
READ = {
    "domain": pl.String,
    "code": pl.String,
    "id": pl.String,
    "expected": pl.String,
    "measured": pl.Int64,  # thousandths
    "measured_in": pl.String,
}


def with_product_ids(frame: pl.DataFrame, code: str, file: str, layouts: Layouts) -> Checked:
    """Replace the columns `domain` and `code` by `id`; lines with an unsound code are set aside.

    Variable digits of a price- or weight-bearing code, by `layouts`, are zero in the id.
    """
    coded = _coded(frame, code, file, layouts)
    return Checked(coded.good.drop("measured", "measured_in"), coded.rejects)


def with_measures(frame: pl.DataFrame, file: str, layouts: Layouts) -> Checked:
    """`with_product_ids` of scans; an empty `quantity` is what the code says of weight or count.

    Lines that have no quantity either way are set aside.
    """
    coded = _coded(frame, "product", file, layouts)
    empty = pl.col("quantity").is_null()
    filled = coded.good.with_columns(
        unit=pl.when(empty).then(pl.coalesce("measured_in", "unit")).otherwise("unit"),
        quantity=pl.coalesce(
            "quantity", pl.when(pl.col("paid") < 0).then(-pl.col("measured")).otherwise("measured")
        ),
    ).drop("measured", "measured_in")
    without = filled.filter(empty).select(LINE, value=pl.lit("", pl.String))
    wanted = pl.lit("a number with at most three decimals; the code says no weight or count either")
    faults = rejects(without, "quantity", wanted, file)
    return Checked(filled.filter(~empty), pl.concat([coded.rejects, faults]))


def _coded(frame: pl.DataFrame, code: str, file: str, layouts: Layouts) -> Checked:
    codes = frame.select("domain", code).unique(maintain_order=True)
    found = pl.DataFrame(list(_read(codes, layouts)), schema=READ, orient="row")
    joined = frame.join(
        found.rename({"code": code}), on=["domain", code], how="left", maintain_order="left"
    )
    bad = joined.filter(pl.col("id").is_null()).select(LINE, "expected", value=code)
    sound = joined.filter(pl.col("id").is_not_null()).drop("expected")
    return Checked(sound, rejects(bad, code, pl.col("expected"), file))


def _read(codes: pl.DataFrame, layouts: Layouts) -> Iterator[tuple[object, ...]]:
    """Each code with its id, or what is wrong with it, and how much of it the code says."""
    for domain, text in codes.iter_rows():
        if domain == "internal":
            yield domain, text, f"internal:{text}", None, None, None
            continue
        try:
            found = item_codes.read(text, layouts)
        except CodeError as error:
            yield domain, text, None, str(error), None, None
        else:
            measured, unit = found.measured or (None, None)
            yield domain, text, f"gtin:{found.product}", None, measured, unit
