"""Profiles and the copy of the products: what the lake holds a second time, against the first."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from sqlalchemy import select

from promo import calendar, database, tables
from promo.checking.findings import LOOK, Check, Finding, several
from promo.checking.look import Look
from promo.checking.parquet import BROKEN, cause, fault
from promo.house import PRODUCT_COLUMNS, TYPES
from promo.scans import lake
from promo.shoppers import examples, profiles

NAME = re.compile(r"\d{8}\.parquet")
MOST_BYTES = 8 * 2**20  # of scans on disk, folded at a time
TOGETHER = 16  # profiles whose households are in memory at a time
EVERY = 16  # a quick look folds one bucket of so many
ANEW = "Remove the file: the next night folds it anew from the lake."


def _buckets(look: Look) -> Iterator[tuple[int, list[Path]]]:
    """The buckets that have profiles, and their files in the order of their names."""
    for bucket in range(calendar.BUCKETS):
        folder = look.settings.paths.lake / "profiles" / f"{bucket:03d}"
        if found := sorted(path for path in folder.glob("*") if not path.name.startswith(".")):
            yield bucket, found


# --- profiles -------------------------------------------------------------------------------------


def of_households(look: Look) -> Iterator[Finding]:
    """Each bucket's profiles can be read, are its households', and not ahead of the deliveries."""
    sound = list[Path]()
    for _, files in _buckets(look):
        odd = [path for path in files if not NAME.fullmatch(path.name)]
        for path in odd:
            yield Finding(look.shown(path), "this is no profile:", path.name, "<delivery>.parquet",
                          "Move it out of the lake.")  # fmt: skip
        own = [path for path in files if path not in odd]
        for path in own[:-1]:
            yield Finding(look.shown(path), "a newer profile stands beside it:", own[-1].name,
                          "one file a bucket", "A fold that died left it; the next one removes it.",
                          LOOK)  # fmt: skip
        for path in own[-1:]:
            broken = list(_unusable(look, path))
            yield from broken
            sound += [path] * (not any(finding.what == UNUSABLE for finding in broken))
    for start in range(0, len(sound), TOGETHER):
        yield from _strangers(look, sound[start : start + TOGETHER])


UNUSABLE = "the profile cannot be used:"


def _unusable(look: Look, path: Path) -> Iterator[Finding]:
    """What a file's name and its footer say."""
    where, through = look.shown(path), int(path.stem)
    if through > look.last_delivery:
        yield Finding(
            where, "it says that it is folded through delivery", f"{through}",
            f"at most {look.last_delivery}, the last one in the database",
            f"It knows what the database does not. {ANEW}", moves=True,
        )  # fmt: skip
    if (broken := fault(path, profiles.SCHEMA)) is not None:
        yield Finding(where, UNUSABLE, broken, "the columns of a profile", ANEW)


def _strangers(look: Look, paths: list[Path]) -> Iterator[Finding]:
    """Households in profiles that are not theirs, or that no table has."""
    found, broken = _readable(paths)
    for path, why in broken.items():
        yield Finding(look.shown(path), "the profile cannot be read:", why, "sound Parquet", ANEW)
    held = found.select("path", "shopper").unique().collect() if found is not None else None
    if held is None:
        return
    known = held.join(look.households.select("shopper", "own"), on="shopper", how="left")
    known = known.sort("path", "shopper")
    bucket = pl.col("path").str.extract(r"(\d{3})/[^/]+$").cast(pl.Int16)
    for (name,), rows in known.filter(pl.col("own") != bucket).group_by(
        "path", maintain_order=True
    ):
        path = Path(str(name))
        yield Finding(
            look.shown(path), f"{rows.height:,} households are not of this bucket:",
            several(rows["shopper"]), f"households of bucket {int(path.parent.name)}", ANEW,
        )  # fmt: skip
    for (name,), rows in known.filter(pl.col("own").is_null()).group_by(
        "path", maintain_order=True
    ):
        yield Finding(
            look.shown(Path(str(name))),
            f"{rows.height:,} households are not in the table of shoppers:",
            several(rows["shopper"]), "households of the table",
            "Restore lake and database from one backup.", moves=True,
        )  # fmt: skip


def _readable(paths: list[Path]) -> tuple[pl.LazyFrame | None, dict[Path, str]]:
    """Files together, with the column `path`, but for those that cannot be read, with why."""
    try:
        pl.scan_parquet(paths).select(pl.all().hash().sum()).collect()
    except BROKEN as error:
        if len(paths) == 1:
            return None, {paths[0]: cause(error)}
    else:
        return pl.scan_parquet(paths, include_file_paths="path"), {}
    halves = (paths[: len(paths) // 2], paths[len(paths) // 2 :])
    found = [_readable(half) for half in halves]
    frames = [frame for frame, _ in found if frame is not None]
    return pl.concat(frames) if frames else None, found[0][1] | found[1][1]


# --- folded ---------------------------------------------------------------------------------------


def folded(look: Look) -> Iterator[Finding]:
    """Profiles are what folding the lake from its beginning gives; in a quick look some buckets."""
    files = [
        own[-1]
        for bucket, own in _buckets(look)
        if (not look.quick or bucket % EVERY == look.today.toordinal() % EVERY)
        and NAME.fullmatch(own[-1].name)
        and fault(own[-1], profiles.SCHEMA) is None
    ]
    oldest, last = _oldest(look), max((int(path.stem) for path in files), default=0)
    parts = [
        path
        for path in lake.parts(look.settings.paths.lake, until=last)
        if path.parent.name >= oldest
    ]
    on_disk = sum(path.stat().st_size for path in parts) * len(files) // calendar.BUCKETS
    size = max(1, len(files) * MOST_BYTES // (1 + on_disk))
    for start in range(0, len(files), size):
        yield from _group(look, files[start : start + size], parts, oldest)


def _oldest(look: Look) -> str:
    """The first day that no fold has dropped yet: see House.fold."""
    newest = lake.newest_day(look.settings.paths.lake) or look.today
    keep = look.settings.profiles.keep_days + look.settings.ingest.late_days
    return (newest - timedelta(keep + examples.FARTHEST)).isoformat()


def _group(look: Look, group: list[Path], parts: list[Path], oldest: str) -> Iterator[Finding]:
    """The profiles of some buckets against their scans."""
    recent = pl.col("day") >= date.fromisoformat(oldest)
    try:
        came, gone = _scans(parts, group)
        files = pl.scan_parquet(group, include_file_paths="path").filter(recent).collect()
    except BROKEN:
        return  # the checks `parts` and `profiles` name what cannot be read
    anew = profiles.fold(profiles.empty(), came, gone).filter(recent)
    keys = list(profiles.KEYS)
    if files.drop("path").select(anew.columns).sort(keys).equals(anew):
        return
    buckets = came.select("shopper", "bucket").drop_nulls().unique("shopper")
    anew = anew.join(buckets, on="shopper", how="left")
    for path in group:
        held = files.filter(pl.col("path") == str(path)).select(list(profiles.SCHEMA))
        mine = anew.filter(pl.col("bucket") == int(path.parent.name)).drop("bucket")
        yield from _differ(look.shown(path), held, mine)


def _scans(parts: list[Path], group: list[Path]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The scans of some buckets, of each as far as its profile is folded, and those taken back.

    Each night folds a wave of buckets, so waves stand at different deliveries.
    """
    through = {int(path.parent.name): int(path.stem) for path in group}
    pieces, before = [lake.changes([])], 0
    for until in sorted(set(through.values())):
        own = [bucket for bucket, last in through.items() if last >= until]
        some = [path for path in parts if before < lake.delivery_of(path) <= until]
        pieces.append(lake.changes(some, own))
        before = until
    came, gone = zip(*pieces, strict=True)
    return pl.concat(came), pl.concat(gone)


def _differ(where: str, held: pl.DataFrame, anew: pl.DataFrame) -> Iterator[Finding]:
    keys = list(profiles.KEYS)
    lacking = anew.join(held, on=keys, how="anti")
    more = held.join(anew, on=keys, how="anti")
    both = held.join(anew, on=keys, suffix="_anew")
    changed = [pl.col(name) != pl.col(f"{name}_anew") for name in profiles.SUMS]
    other = both.filter(pl.any_horizontal(changed))
    rows = pl.concat([each.select(keys) for each in (lacking, more, other)]).sort(keys)
    said = f"{lacking.height:,} rows fewer, {more.height:,} more, {other.height:,} with other sums"
    if not rows.height and held.height == anew.height:
        return
    if rows.height:
        said += f", {'/'.join(map(str, rows.row(0)))} among them"
    else:
        said += f", {held.height - anew.height:,} of them twice"
    if rows.height == lacking.height and _is_older(lacking, held):
        yield Finding(
            where, "it reaches back less far than the lake:", said, "all days that are kept",
            f"Was profiles.keep_days raised? {ANEW}", LOOK, moves=True,
        )  # fmt: skip
        return
    yield Finding(where, "it is not what the lake folds to:", said,
                  "the same sums, row for row", ANEW, moves=True)  # fmt: skip


def _is_older(lacking: pl.DataFrame, held: pl.DataFrame) -> bool:
    first = held["day"].min()
    return first is not None and not (lacking["day"] >= first).any()


# --- product-copy ---------------------------------------------------------------------------------


def product_copy(look: Look) -> Iterator[Finding]:
    """The lake's copy of the product table is the table."""
    number = database.version(look.connection, "products")
    path = look.settings.paths.lake / "products" / f"{number:08d}.parquet"
    newer = [
        each
        for each in path.parent.glob("????????.parquet")
        if each.stem.isdecimal() and int(each.stem) > number
    ]
    for each in newer:
        yield Finding(
            look.shown(each), "the copy is of version", each.stem,
            f"at most {number}, the version of the table",
            "Remove it: it is made anew when it is needed.", moves=True,
        )  # fmt: skip
    if not path.is_file():
        return  # made when a night first needs it
    columns = [tables.Product.__table__.c[name] for name in PRODUCT_COLUMNS]
    schema = {name: TYPES.get(name, pl.String()) for name in PRODUCT_COLUMNS}
    try:
        copy = pl.read_parquet(path)
    except BROKEN as error:
        said: str | None = cause(error)
    else:
        table = look.frame(select(*columns).order_by(tables.Product.id), schema)
        said = _unlike(copy, table)
    if said:
        yield Finding(look.shown(path), "the copy is not the product table:", said,
                      "the same rows", "Remove it: it is made anew when it is needed.",
                      moves=True)  # fmt: skip


def _unlike(copy: pl.DataFrame, table: pl.DataFrame) -> str | None:
    if copy.schema != table.schema:
        return f"it has the columns {', '.join(copy.columns)}"
    copy, table = copy.sort("id"), table.sort("id")
    if copy.equals(table):
        return None
    other = pl.concat([
        copy.join(table, on=table.columns, how="anti", nulls_equal=True),
        table.join(copy, on=table.columns, how="anti", nulls_equal=True),
    ])["id"].unique().sort()  # fmt: skip
    return f"it differs in {several(other)}"


CHECKS = (
    Check("profiles", "profiles can be read, are their bucket's, and not ahead of the deliveries",
          of_households),
    Check("folded", "profiles are what folding the lake from its beginning gives", folded),
    Check("product-copy", "the lake's copy of the products is the table", product_copy),
)  # fmt: skip
