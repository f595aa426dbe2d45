"""What the lake remembers of nights: what was shown, decided and priced, and what came true."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Row

from promo.checking import sheets
from promo.checking.findings import Check, Finding, several
from promo.checking.look import Look
from promo.checking.parquet import BROKEN, cause, fault
from promo.checking.sheets import Sheet
from promo.choosing import WON
from promo.records import DUE, HELD, OFFER, PRICES, SHOWN

PIECE = 20_000  # lists that are held against what was shown at a time
COLUMNS = ("counter", "shopper", "kind", "item", "probability", "worth")


def _path(look: Look, folder: str, run: Row[Any], suffix: str) -> Path:
    return look.settings.paths.lake / folder / f"{run.night}{suffix}"


def _again(run: Row[Any]) -> str:
    if run.state == "draft":
        return f"Run `promo nightly --day {run.night}` again."
    return "Lift is measured by it: restore it from a backup."


# --- shown ----------------------------------------------------------------------------------------


def shown(look: Look) -> Iterator[Finding]:
    """What was recorded as shown is what stood on each list when its night was made."""
    for run in look.made:
        path = _path(look, "shown", run, ".parquet")
        if (broken := fault(path, SHOWN)) is not None:
            yield Finding(look.shown(path), "what was shown that night cannot be used:", broken,
                          "a row for each item on a list", _again(run), moves=True)  # fmt: skip
            continue
        try:
            yield from _night(look, run, path)
        except BROKEN as error:
            yield Finding(look.shown(path), "what was shown that night cannot be read:",
                          cause(error), "sound Parquet", _again(run), moves=True)  # fmt: skip


def _night(look: Look, run: Row[Any], path: Path) -> Iterator[Finding]:
    """The night's lists in pieces against the rows of their counters."""
    # Of households that were forgotten the rows stay, without list and household.
    known = pl.col("kind").is_in([DUE, OFFER]) & pl.col("counter").is_not_null()
    printed = pl.scan_parquet(path).filter(known).select(COLUMNS)
    counters, unread = 0, False
    lists = sheets.stream(look, run.night)
    while some := list(islice(lists, PIECE)):
        sound = [each for each in some if isinstance(each, Sheet)]
        unread |= len(sound) < len(some)
        on_lists = pl.concat([_rows(sound[i : i + 500]) for i in range(0, len(sound), 500)]) \
            if sound else _rows([])  # fmt: skip
        if sound:
            own = pl.Series([each.row.counter for each in sound], dtype=pl.Int64)
            recorded = printed.filter(
                pl.col("counter").is_between(own.min(), own.max()),
                pl.col("counter").is_in(own.implode()),
            ).collect()
            counters += recorded["counter"].n_unique()
            yield from _unlike(look, run, path, on_lists, recorded)
    if not unread:
        yield from _beside(look, run, path, printed, counters)


def _rows(some: Sequence[Sheet]) -> pl.DataFrame:
    rows = []
    for each in some:
        of = each.row.counter, each.row.shopper
        rows += [(*of, DUE, i.category, i.probability, 0) for i in each.first.due]
        rows += [(*of, OFFER, i.offer, i.probability, i.worth) for i in each.first.offers]
    return pl.DataFrame(rows, {name: SHOWN[name] for name in COLUMNS}, orient="row")


def _unlike(
    look: Look, run: Row[Any], path: Path, on_lists: pl.DataFrame, recorded: pl.DataFrame
) -> Iterator[Finding]:
    lacking = on_lists.join(recorded, on=COLUMNS, how="anti", nulls_equal=True)
    more = recorded.join(on_lists, on=COLUMNS, how="anti", nulls_equal=True)
    if lacking.height or more.height or on_lists.height != recorded.height:
        counters = pl.concat([lacking, more])["counter"].unique().sort().to_list()
        yield Finding(
            look.shown(path),
            f"{lacking.height:,} items of lists are not recorded, and as many as "
            f"{more.height:,} are that stand on none, on the lists with the counters",
            several(counters), "what stood on each list when its night was made", _again(run),
            moves=True,
        )  # fmt: skip


def _beside(
    look: Look, run: Row[Any], path: Path, printed: pl.LazyFrame, known: int
) -> Iterator[Finding]:
    """Counters that are recorded and are of no list."""
    every = printed.select(pl.col("counter").n_unique()).collect().item()
    if every != known:
        yield Finding(look.shown(path), "recorded are", f"{every:,} lists", f"{known:,}, as there "
                      "are of these counters", _again(run), moves=True)  # fmt: skip


# --- decisions ------------------------------------------------------------------------------------


def decisions(look: Look) -> Iterator[Finding]:
    """What was decided for is what was shown, or held back by a coin."""
    for run in look.made:
        path, other = (_path(look, name, run, ".parquet") for name in ("decisions", "shown"))
        try:
            of = pl.scan_parquet(path).filter(pl.col("why").is_in(WON)).select("shopper", "offer")
            won = _mark(of.rename({"offer": "item"}))
        except BROKEN as error:
            yield Finding(look.shown(path), "what was decided that night cannot be read:",
                          cause(error), "every candidate and why", _again(run),
                          moves=True)  # fmt: skip
            continue
        try:
            kinds = pl.col("kind").is_in([OFFER, f"{HELD}{OFFER}"])
            kinds &= pl.col("shopper").is_not_null()  # else it was forgotten
            told = _mark(pl.scan_parquet(other).filter(kinds).select("shopper", "item"))
        except BROKEN:
            continue  # the check `shown` names it
        if won != told:
            yield Finding(
                look.shown(path), "of candidates that won a slot there are", f"{won[0]:,}",
                f"the {told[0]:,} pairs of household and offer that are recorded as shown or held "
                "back", _again(run), moves=True,
            )  # fmt: skip


def _mark(pairs: pl.LazyFrame) -> tuple[int, int]:
    """How many pairs there are, and the sum of their hashes, whatever their order."""
    hashed = pl.struct("shopper", "item").hash() % 2**32
    found = pairs.select(pl.len().alias("n"), hashed.cast(pl.Int64).sum().alias("sum")).collect()
    return int(found["n"].item()), int(found["sum"].item() or 0)


# --- prices, watch --------------------------------------------------------------------------------


def prices(look: Look) -> Iterator[Finding]:
    """The budgets' prices of each night can be read: the next night begins with them."""
    for run in look.made:
        path = _path(look, "prices", run, ".csv")
        try:
            found = pl.read_csv(path, schema_overrides=PRICES).select(list(PRICES))
            number = pl.all_horizontal(pl.col("money", "uses").is_finite())
            odd = found.filter(~(pl.col("id").is_not_null() & number.fill_null(value=False)))
            said = f"{odd.height} rows that are no prices" if odd.height else None
        except BROKEN as error:
            said = cause(error)
        if said:
            yield Finding(look.shown(path), "the night's prices of budgets cannot be used:", said,
                          ",".join(PRICES), "The next night begins with dearer or cheaper budgets "
                          "and takes longer. " + _again(run), moves=True)  # fmt: skip


def watch(look: Look) -> Iterator[Finding]:
    """What was watched of past lists can be read, and is of nights that were published."""
    published = {run.night for run in look.runs if run.state == "published"}
    for path in sorted((look.settings.paths.lake / "watch").glob("*.json")):
        said = _watched(path)
        if said is None and not look.quick and date.fromisoformat(path.stem) not in published:
            said = "its night is not published"
        if said:
            yield Finding(look.shown(path), "what came true of a night cannot be used:", said,
                          "night, model and watched of a published night, and sums",
                          "Remove it: it is watched anew as long as the night is near.",
                          moves=True)  # fmt: skip


def _watched(path: Path) -> str | None:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        date.fromisoformat(kept["watched"])
        if kept["night"] != path.stem:
            return f"it is of {kept['night']}"
        return None if kept["model"] else "no model"
    except (OSError, ValueError, TypeError, KeyError) as error:
        return f"{type(error).__name__}: {cause(error)}"


CHECKS = (
    Check("shown", "what was recorded as shown is what stood on the lists", shown),
    Check("decisions", "what was decided for is what was shown or held back", decisions),
    Check("prices", "the budgets' prices of each night can be read", prices),
    Check("watch", "what came true of past lists can be read", watch),
)
