"""Column rules: what a field of an incoming file must be, and the rejects where it is not.

A rule never mends a value. A line with any fault is set aside whole, with one reject a fault;
the other lines go on.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import polars as pl

LINE = "_line"  # physical line (CSV) or row (Parquet) in the source, counted from 1
REJECT_SCHEMA = {
    "file": pl.String,
    "line": pl.Int64,
    "field": pl.String,
    "value": pl.String,
    "expected": pl.String,
}
# Values that must not be copied into a file of rejects.
PERSONAL = frozenset({"name", "line1", "line2", "city", "region", "postal_code", "email"})


@dataclass(frozen=True)
class Column:
    """One column of a canonical table."""

    name: str
    kind: str
    expected: str
    required: bool = True
    default: object = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A condition over a parsed line; where it is not true the line is rejected at `field`."""

    ok: pl.Expr
    field: str
    expected: str


@dataclass(frozen=True)
class Checked:
    """The lines that went through, typed, with `_line`; and a reject for each fault."""

    good: pl.DataFrame
    rejects: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REJECT_SCHEMA))


DTYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "key": pl.String(),
    "choice": pl.String(),
    "integer": pl.Int64(),
    "thousandths": pl.Int64(),
    "day": pl.Date(),
    "moment": pl.Datetime("us"),
    "flag": pl.Boolean(),
    "share": pl.Float64(),
}
FLAGS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


def _like(pattern: str, text: pl.Expr) -> pl.Expr:
    # (?-u): \d is 0 to 9, not every digit of Unicode.
    return pl.when(text.str.contains(f"(?-u){pattern}")).then(text).otherwise(None)


def _thousandths(text: pl.Expr) -> pl.Expr:
    number = _like(r"^-?\d{1,9}(\.\d{1,3})?$", text).cast(pl.Float64)
    return (number * 1000).round().cast(pl.Int64)


def _moment(text: pl.Expr) -> pl.Expr:
    plain = _like(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d$", text).str.replace(" ", "T")
    return plain.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)


def _share(text: pl.Expr) -> pl.Expr:
    number = text.cast(pl.Float64, strict=False)
    return pl.when(number.is_between(0, 1)).then(number).otherwise(None)


# The typed value of a stripped, non-empty string; null where it is not what it must be.
PARSERS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "text": lambda text: pl.when(~text.str.contains("\x00", literal=True)).then(text),
    "key": lambda text: _like(r"^[!-~]{1,64}$", text),
    "integer": lambda text: _like(r"^-?\d{1,18}$", text).cast(pl.Int64),
    "thousandths": _thousandths,
    "day": lambda text: _like(r"^\d{4}-\d\d-\d\d$", text).str.to_date("%Y-%m-%d", strict=False),
    "moment": _moment,
    "flag": lambda text: text.str.to_lowercase().replace_strict(
        FLAGS, default=None, return_dtype=pl.Boolean
    ),
    "share": _share,
}


def _parse(column: Column, text: pl.Expr) -> pl.Expr:
    if column.kind == "choice":
        return pl.when(text.is_in(column.choices)).then(text).otherwise(None)
    return PARSERS[column.kind](text)


def _text(column: Column, dtype: pl.DataType) -> pl.Expr:
    expr = pl.col(column.name)
    if dtype != pl.String:
        shape = "%Y-%m-%dT%H:%M:%S%.f%z" if getattr(dtype, "time_zone", None) else None
        expr = expr.dt.to_string(shape) if shape else expr.cast(pl.String)
    stripped = expr.str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def check(
    raw: pl.DataFrame, columns: Iterable[Column], rules: Iterable[Rule] = (), file: str = ""
) -> Checked:
    """Type every column of `raw` (strings or already typed, with `_line`), then apply the rules."""
    columns = tuple(columns)
    present = [c for c in columns if c.name in raw.columns]
    typed = raw.select(
        pl.col(LINE), *(_value(c, raw.schema[c.name]).alias(c.name) for c in present)
    )
    faults = [_column_faults(raw, typed, c, file) for c in present]
    broken = pl.concat([f.select("line") for f in faults])
    typed = _with_defaults(_without(typed, broken), columns)
    checked = apply(typed, rules, file, raw)
    return Checked(checked.good, pl.concat([*faults, checked.rejects]))


def apply(
    typed: pl.DataFrame, rules: Iterable[Rule], file: str, raw: pl.DataFrame | None = None
) -> Checked:
    """Set aside the lines for which a rule is not true, with a reject a rule broken.

    The rejects show the value as it stands in `raw`, where the field is there.
    """
    faults = [pl.DataFrame(schema=REJECT_SCHEMA)]
    for rule in rules:
        bad = typed.filter(~rule.ok.fill_null(value=False))
        if raw is not None and rule.field in raw.columns and bad.height:
            bad = raw.join(bad.select(LINE), on=LINE, how="semi", maintain_order="left")
        lines = bad.select(LINE, value=pl.col(rule.field).cast(pl.String))
        faults.append(rejects(lines, rule.field, pl.lit(rule.expected), file))
    found = pl.concat(faults)
    return Checked(_without(typed, found.select("line")), found)


def _without(frame: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    if not lines.height:
        return frame
    return frame.join(
        lines.unique(), left_on=LINE, right_on="line", how="anti", maintain_order="left"
    )


def _value(column: Column, dtype: pl.DataType) -> pl.Expr:
    wanted = DTYPES[column.kind]
    if column.kind == "key" and dtype.is_float():
        return pl.lit(None, wanted)  # 123.0 is no card: a whole column came in the wrong type
    if column.kind == "moment" and isinstance(dtype, pl.Datetime) and dtype.time_zone is None:
        exact = pl.col(column.name).cast(wanted)
        return pl.when(exact.cast(dtype) == pl.col(column.name)).then(exact)
    if dtype == wanted and column.kind in ("integer", "day", "moment", "flag"):
        return pl.col(column.name)
    if column.kind == "thousandths" and dtype.is_numeric():
        exact = pl.col(column.name).cast(pl.Float64) * 1000
        near = (exact.abs() < 1e12) & ((exact - exact.round()).abs() < 1e-6)
        return pl.when(near).then(exact.round()).otherwise(None).cast(wanted)
    return _parse(column, _text(column, dtype)).cast(wanted)


def _column_faults(
    raw: pl.DataFrame, typed: pl.DataFrame, column: Column, file: str
) -> pl.DataFrame:
    missing = typed[column.name].is_null()
    if not missing.any():
        return pl.DataFrame(schema=REJECT_SCHEMA)
    text = raw.select(_text(column, raw.schema[column.name]))[column.name]
    bad = missing if column.required else missing & text.is_not_null()
    lines = pl.DataFrame({LINE: raw[LINE], "value": text}).filter(bad)
    return rejects(lines, column.name, pl.lit(column.expected), file)


def rejects(lines: pl.DataFrame, name: str, expected: pl.Expr, file: str) -> pl.DataFrame:
    """Rejects at the field `name` for rows of (`_line`, value); a personal value is not shown."""
    hidden = name in PERSONAL
    return lines.select(
        file=pl.lit(file),
        line=pl.col(LINE).cast(pl.Int64),
        field=pl.lit(name),
        value=pl.lit("(personal)") if hidden else pl.col("value").fill_null("").str.slice(0, 200),
        expected=expected,
    )


def reject(file: str, line: int, name: str, value: str, expected: str) -> dict[str, object]:
    """One row of a file of rejects, for faults found before there were columns."""
    return {"file": file, "line": line, "field": name, "value": value, "expected": expected}


def _with_defaults(typed: pl.DataFrame, columns: tuple[Column, ...]) -> pl.DataFrame:
    exprs = []
    for c in columns:
        dtype = DTYPES[c.kind]
        value = pl.col(c.name) if c.name in typed.columns else pl.lit(None, dtype)
        value = value.cast(dtype)
        exprs.append((value if c.default is None else value.fill_null(c.default)).alias(c.name))
    return typed.select(pl.col(LINE), *exprs)
