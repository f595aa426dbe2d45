"""What the lake holds of a household, rewritten: whose a line is changes, and nothing else.

Each file is replaced as a whole, and only after its rows were held against those before: they are
the same but for whose they are. So what a kill leaves is old files and new ones, and doing it
again does the rest.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from promo import calendar
from promo.errors import Sentence
from promo.scans import lake
from promo.scans.canonical import IDENTITY

WHOSE = ("card", "shopper", "bucket", "counter")  # columns that a rewrite may change
ORDER = ("bucket", "shopper", *IDENTITY)  # of a part, as ingest writes it


class Differs(Sentence):
    """A rewrite would change more than whose the rows are; nothing was replaced."""


@dataclass(frozen=True)
class Wanted:
    """Lines of some households, or of some cards whosever they are."""

    shoppers: Collection[str] = ()
    cards: Collection[str] = ()

    @property
    def rows(self) -> pl.Expr:
        """Which lines these are."""
        return (_among("shopper", self.shoppers) | _among("card", self.cards)).fill_null(
            value=False
        )

    def parts(self, root: Path) -> list[Path]:
        """The parts of the lake that have such lines; a scan of two columns."""
        return [part for part in lake.parts(root) if self._is_in(part)]

    def _is_in(self, part: Path) -> bool:
        lazy = pl.scan_parquet(part)
        if not self.cards:  # then the parts' order lets most of each be left unread
            lazy = lazy.filter(pl.col("bucket").is_in([calendar.bucket(s) for s in self.shoppers]))
        return not lazy.filter(self.rows).select("line").head(1).collect().is_empty()

    def read(self, root: Path) -> pl.DataFrame:
        """All such lines that stand, in the order of days."""
        days = sorted({part.parent for part in self.parts(root)})
        parts = [part for day in days for part in day.glob("*.parquet")]
        found = [day.filter(self.rows).collect() for day in lake.by_day(parts)]
        return pl.concat([pl.DataFrame(schema=lake.STORED), *found]).sort("at", *IDENTITY)


def _among(column: str, values: Collection[str]) -> pl.Expr:
    return pl.col(column).is_in(pl.Series(sorted(values), dtype=pl.String).implode())


def without_household(frame: pl.DataFrame, wanted: Wanted) -> pl.DataFrame:
    """Scans as if nobody had shown a card; of other households' lines only the card goes."""
    own, hers = _among("shopper", wanted.shoppers), _among("card", wanted.cards)
    own, hers = (each.fill_null(value=False) for each in (own, hers))
    nobody = pl.lit(None, pl.String)
    return frame.with_columns(
        card=pl.when(own | hers).then(nobody).otherwise("card"),
        shopper=pl.when(own).then(nobody).otherwise("shopper"),
        bucket=pl.when(own).then(pl.lit(lake.NO_BUCKET)).otherwise("bucket").cast(pl.Int16),
    ).sort(ORDER)


def of_household(frame: pl.DataFrame, wanted: Wanted, shopper: str) -> pl.DataFrame:
    """Scans that are another household's from now on."""
    bucket = calendar.bucket(shopper)
    return frame.with_columns(
        shopper=pl.when(wanted.rows).then(pl.lit(shopper)).otherwise("shopper"),
        bucket=pl.when(wanted.rows).then(pl.lit(bucket)).otherwise("bucket").cast(pl.Int16),
    ).sort(ORDER)


Rewrite = Callable[[pl.DataFrame], pl.DataFrame]


def rewrite(paths: Iterable[Path], change: Rewrite) -> int:
    """Replace files by what `change` makes of them; returns how many became others.

    Raises Differs where a file's rows would be others but for WHOSE.
    """
    return sum(_rewrite(path, change) for path in paths)


def _rewrite(path: Path, change: Rewrite) -> bool:
    before = pl.read_parquet(path)
    after = change(before)
    if after.equals(before):
        return False
    if not _rest(after).equals(_rest(before)):
        raise Differs(
            f"{path} would hold other rows than before, apart from whose they are; it was left as "
            "it is. Look at it, then run the command again."
        )
    lake.write(path, after)
    return True


def _rest(frame: pl.DataFrame) -> pl.DataFrame:
    rest = frame.drop(WHOSE, strict=False)
    return rest.sort(rest.columns)


# --- what nights left in the lake -----------------------------------------------------------------


def nightly(root: Path, kind: str) -> list[Path]:
    """The files of all nights of a kind: `shown` or `decisions`."""
    return sorted((root / kind).glob("????-??-??.parquet"))


def named(paths: Iterable[Path], shoppers: Collection[str]) -> Iterator[pl.DataFrame]:
    """The rows of some households in nights' files, each with its night."""
    for path in paths:
        lazy = pl.scan_parquet(path).filter(_among("shopper", shoppers))
        found = lazy.collect()
        if found.height:
            yield found.with_columns(night=pl.lit(path.stem))


def shown_to_nobody(frame: pl.DataFrame, shoppers: Collection[str]) -> pl.DataFrame:
    """What was shown, without to whom: at the end, in an order that tells of no list."""
    own = _among("shopper", shoppers).fill_null(value=False)
    ours = frame.filter(own).with_columns(
        counter=pl.lit(None, pl.Int64), shopper=pl.lit(None, pl.String)
    )
    nobody = frame.filter(~own & pl.col("shopper").is_null())
    rest = frame.filter(~own & pl.col("shopper").is_not_null())
    if ours.is_empty():
        return frame
    last = pl.concat([nobody, ours])
    return pl.concat([rest, last.sort("kind", "item", "tier", "cell", "probability", "chance")])


def drop_decisions(paths: Iterable[Path], shoppers: Collection[str]) -> int:
    """Leave out what nights weighed for some households; returns how many files became others."""
    changed = 0
    for path in paths:
        before = pl.read_parquet(path)
        after = before.filter(~_among("shopper", shoppers).fill_null(value=False))
        if after.height < before.height:
            lake.write(path, after)
            changed += 1
    return changed


def renamed(frame: pl.DataFrame, one: str, other: str) -> pl.DataFrame:
    """Rows of one household as another's, in their order."""
    is_one = pl.col("shopper") == one
    return frame.with_columns(shopper=pl.when(is_one).then(pl.lit(other)).otherwise("shopper"))
