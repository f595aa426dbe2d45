"""Reading Parquet that may be damaged: a frame, or a sentence that says why there is none."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

BROKEN = (OSError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException)


def cause(error: BaseException) -> str:
    """The first line of what is said of a file that cannot be read."""
    said = str(error).strip().splitlines()
    return said[0].rstrip(".") if said else type(error).__name__


def fault(path: Path, schema: Mapping[str, Any]) -> str | None:
    """Why a file is not what `schema` says (names and types, in order); None where it is."""
    try:
        found = pl.read_parquet_schema(path)
    except BROKEN as error:
        return cause(error)
    wanted = {name: kind if isinstance(kind, pl.DataType) else kind()
              for name, kind in schema.items()}  # fmt: skip
    if dict(found) == wanted:
        return None
    lacks = [name for name in wanted if name not in found]
    more = [name for name in found if name not in wanted]
    other = [name for name in wanted if name in found and found[name] != wanted[name]]
    said = [
        f"{word} {', '.join(names)}"
        for word, names in (("it lacks", lacks), ("it has also", more), ("of another type:", other))
        if names
    ]
    return "; ".join(said) or "its columns stand in another order"


def height(path: Path) -> int | None:
    """The rows of a file, from its footer; None where it cannot be read."""
    try:
        return int(pl.scan_parquet(path).select(pl.len()).collect().item())
    except BROKEN:
        return None
