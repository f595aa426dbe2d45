"""Model care: is a new fit as good as the model in use, and what changed between two models.

The two are held against the same fortnight, the one before the new fit's day. The new fit has
seen it, so its twin stands in: the same recipe, fitted on what was known when that fortnight
began, which is what `backtest` on its card measures. The model in use is taken as it is. Fitted
before that fortnight, it has not seen it either, only older days; fitted within it, it knows part
of the answers, and the verdict says how many days of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from promo.calendar import FORTNIGHT
from promo.shoppers.models import PRIOR

Scores = Mapping[str, Mapping[str, Any]]  # level: what backtest.score found
METRICS = ("log_loss", "auc", "calibration_error")


@dataclass(frozen=True)
class Verdict:
    """A new fit beside the model in use, its `rival`, on the days [cut, cut + FORTNIGHT)."""

    rival: str
    cut: date
    seen_days: int  # of the fortnight's, how many the rival was fitted on
    new: Scores
    old: Scores
    tolerance: float

    @property
    def worse(self) -> dict[str, float]:
        """By how much the new fit's log-loss is higher, at the levels where that is too much."""
        gaps = {level: _gap(self.new[level], self.old[level]) for level in self.new}
        return {level: gap for level, gap in gaps.items() if gap > self.tolerance}

    def as_card(self) -> dict[str, Any]:
        """The comparison as it stands on the new fit's card."""
        return {
            "with": self.rival,
            "seen_days": self.seen_days,
            "tolerance": self.tolerance,
            "worse": list(self.worse),
            **{
                level: {name: old[name] for name in METRICS}
                | {"log_loss_higher_by": _gap(self.new[level], old)}
                for level, old in self.old.items()
            },
        }

    def in_words(self) -> str:
        """The comparison as a sentence."""
        last = self.cut + timedelta(FORTNIGHT - 1)
        parts = [
            f"{level} {self.new[level]['log_loss']} to {old['log_loss']}"
            for level, old in self.old.items()
        ]
        text = f"log-loss from {self.cut} to {last} against {self.rival}: {', '.join(parts)}"
        return text + advantage(self.rival, self.seen_days)


def advantage(rival: str, seen_days: int) -> str:
    """What must be said beside a comparison with a model that has seen the days; else nothing."""
    if not seen_days:
        return ""
    # The prior's data are another chain's, but nobody can know.
    perhaps = ", if they are this chain's" if rival == PRIOR else ""
    return (
        f" ({rival}'s data cover {seen_days} of these {FORTNIGHT} days: "
        f"an unfair advantage{perhaps})"
    )


def _gap(new: Mapping[str, Any], old: Mapping[str, Any]) -> float:
    return round(float(new["log_loss"]) - float(old["log_loss"]), 4)


def seen_days(card: Mapping[str, Any], cut: date) -> int:
    """How many days of [cut, cut + FORTNIGHT) a model was fitted on, by its card's last day.

    0 for a model of somebody's own making, whose card does not tell.
    """
    if "last_day" not in card:
        return 0
    last = date.fromisoformat(card["last_day"])
    return min(max((last - cut).days + 1, 0), FORTNIGHT)


def changes(old: pl.DataFrame, new: pl.DataFrame) -> dict[str, Any]:
    """What changed between two tables of parameters whose text columns name the rows.

    Returns rows, added, gone (counts) and, of each number column that both have, the median and
    the largest relative change over the common rows, and the row with the largest.
    """
    keys = [name for name, kind in new.schema.items() if kind == pl.String]
    numbers = [name for name in new.columns if name not in keys and name in old.columns]
    both = old.join(new, on=keys, how="inner", suffix="_new").sort(keys)
    found: dict[str, Any] = {
        "rows": new.height, "added": new.height - both.height, "gone": old.height - both.height,
    }  # fmt: skip
    for name in numbers if both.height else ():
        before, after = both[name].cast(pl.Float64), both[f"{name}_new"].cast(pl.Float64)
        # Where it was 0, any change is without measure: counted as whole.
        change = ((after - before).abs() / before.abs()).fill_nan(0.0).clip(upper_bound=10.0)
        most = change.arg_max() or 0
        found[name] = {
            "median": round(float(change.median() or 0.0), 4),  # type: ignore[arg-type]
            "most": round(float(change[most]), 4),
            "at": ",".join(str(both[key][most]) for key in keys),
        }
    return found


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """The entries, `a.b` for nested ones, in which two cards differ: name, old, new."""
    flat_old, flat_new = dict(_flat(old)), dict(_flat(new))
    names: Sequence[str] = list(dict.fromkeys([*flat_old, *flat_new]))
    pairs = [(name, flat_old.get(name), flat_new.get(name)) for name in names]
    return [(name, a, b) for name, a, b in pairs if a != b]


def _flat(card: Mapping[str, Any], under: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in card.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{under}{name}.")
        else:
            found.append((f"{under}{name}", value))
    return found
