"""Product ids: domain:code, with every GTIN as GTIN-14, so that one product has one id."""

import polars as pl

from promo.scans.columns import LINE, Checked, Column, rejects
from promo.scans.gtin import CodeError, gtin14

DOMAIN = Column("domain", "choice", "gtin or internal", False, "gtin", choices=("gtin", "internal"))


def with_product_ids(frame: pl.DataFrame, code: str, file: str) -> Checked:
    """Replace the columns `domain` and `code` by `id`; lines with an unsound code are set aside."""
    codes = frame.select("domain", code).unique(maintain_order=True)
    found = [_id(domain, text) for domain, text in codes.iter_rows()]
    ids = codes.with_columns(
        id=pl.Series([i for i, _ in found], dtype=pl.String),
        expected=pl.Series([e for _, e in found], dtype=pl.String),
    )
    joined = frame.join(ids, on=["domain", code], how="left", maintain_order="left")
    bad = joined.filter(pl.col("id").is_null()).select(LINE, "expected", value=code)
    sound = joined.filter(pl.col("id").is_not_null()).drop("expected")
    return Checked(sound, rejects(bad, code, pl.col("expected"), file))


def _id(domain: str, code: str) -> tuple[str | None, str | None]:
    if domain == "internal":
        return f"internal:{code}", None
    try:
        return f"gtin:{gtin14(code)}", None
    except CodeError as error:
        return None, str(error)
