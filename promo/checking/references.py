"""What rows refer to is there, and what each household's row says of itself is true."""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl
from sqlalchemy import (
    ColumnElement,
    ForeignKeyConstraint,
    Select,
    Table,
    and_,
    exists,
    func,
    select,
    text,
)

from promo import tables
from promo.checking.findings import LOOK, WRONG, Check, Finding
from promo.checking.look import Look

MOST = 20  # of the missing rows that one reference names
RESTORE = "Restore the database from a backup, or take what refers to nothing out by hand."


def database(look: Look) -> Iterator[Finding]:
    """The database's own pages and indexes are sound."""
    todo = "Stop what writes, keep a copy of the database, and restore it from a backup."
    if look.connection.dialect.name == "sqlite":
        pragma = "quick_check" if look.quick else "integrity_check"
        for (said,) in look.connection.exec_driver_sql(f"pragma {pragma}({MOST})"):
            if said != "ok":
                yield Finding("the database", f"SQLite's {pragma} says", said, "ok", todo)
        return
    query = "select indexrelid::regclass::text from pg_index where not indisvalid order by 1"
    for (name,) in look.connection.execute(text(query)):
        yield Finding("the database", "an index is not valid:", name, "valid indexes",
                      f"Run `reindex index {name}`.")  # fmt: skip


# --- references -----------------------------------------------------------------------------------


def references(look: Look) -> Iterator[Finding]:
    """Every row that another one refers to is there, also where no constraint says so."""
    for table in tables.Base.metadata.sorted_tables:
        for key in sorted(table.foreign_key_constraints, key=lambda key: tuple(key.column_keys)):
            yield from _missing(look, *_of_key(key), RESTORE, WRONG)
    every = tables.Base.metadata.tables
    for child, names, parent, keys, todo, level in BESIDE:
        columns = [every[child].c[name] for name in names]
        yield from _missing(look, columns, [every[parent].c[name] for name in keys], todo, level)


def _of_key(key: ForeignKeyConstraint) -> tuple[list[Any], list[Any]]:
    return [each.parent for each in key.elements], [each.column for each in key.elements]


WITHDRAWN = "Its list was a draft that was made again without it: honour it, and ask why it was \
used."
# What refers to another table by value alone; columns that are null refer to nothing.
BESIDE: tuple[tuple[str, tuple[str, ...], str, tuple[str, ...], str, str], ...] = (
    ("redemptions", ("shopper",), "shoppers", ("id",), RESTORE, WRONG),
    ("redemptions", ("store",), "stores", ("id",), RESTORE, WRONG),
    ("redemptions", ("night",), "runs", ("night",), RESTORE, WRONG),
    ("redemptions", ("key_id", "counter"), "lists", ("key_id", "counter"), WITHDRAWN, LOOK),
    ("earlier_issues", ("key_id", "counter"), "lists", ("key_id", "counter"), RESTORE, WRONG),
    ("promises", ("night",), "runs", ("night",), RESTORE, WRONG),
    ("till_answers", ("store",), "stores", ("id",), RESTORE, WRONG),
    ("reservations", ("shopper",), "shoppers", ("id",), RESTORE, WRONG),
)


def _missing(
    look: Look, columns: Sequence[Any], parents: Sequence[Any], todo: str, level: str
) -> Iterator[Finding]:
    """A finding for each missing row that rows refer to."""
    child, parent = columns[0].table, parents[0].table
    if child is parent:
        parent = parent.alias()
        parents = [parent.c[column.name] for column in parents]
    query = _orphans(child, columns, parents)
    for *values, count in look.connection.execute(query):
        named = "/".join(str(value) for value in values)
        yield Finding(
            f"{child.name}, {count:,} rows", f"`{', '.join(c.name for c in columns)}` is", named,
            f"a row of {parent.name}", todo, level,
        )  # fmt: skip


def _orphans(child: Table, columns: Sequence[Any], parents: Sequence[Any]) -> Select[Any]:
    same: ColumnElement[bool] = and_(
        *(one == other for one, other in zip(columns, parents, strict=True))
    )
    return (
        select(*columns, func.count())
        .select_from(child)
        .where(*(column.is_not(None) for column in columns), ~exists().where(same))
        .where(*(child.c.shopper.is_not(None) for _ in columns[1:] if "shopper" in child.c))
        .group_by(*columns)
        .order_by(*columns)
        .limit(MOST)
    )


# --- households -----------------------------------------------------------------------------------


def households(look: Look) -> Iterator[Finding]:
    """Each household's bucket is that of its id."""
    bad = look.households.filter(pl.col("bucket") != pl.col("own")).sort("shopper")
    for shopper, bucket, own in bad.iter_rows():
        yield Finding(
            f"shoppers, {shopper}", "the household's bucket is", f"{bucket}",
            f"{own}, the first byte of the BLAKE2b digest of its id",
            "Its lines lie in the lake under its own bucket, so no night finds them: mend the row.",
        )  # fmt: skip


CHECKS = (
    Check("database", "the database's own pages and indexes are sound", database),
    Check("references", "every row that another one refers to is there", references),
    Check("households", "each household's bucket is that of its id", households),
)
