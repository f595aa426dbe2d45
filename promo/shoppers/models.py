"""Fitted parameters on disk: `models/<day>/`, small, readable, diffable, each with its card.

    cycles.csv      level, category, pairs, r, alpha (days), a, b, units (pieces a purchase day)
    weights.csv     of each level, kind of pair and span, a row a feature: mean, sd, weight, and
                    the weights of its products with the core features (see `quadratic`)
    categories.csv  category, buyers, store_brand_share, medium_from, heavy_from (minor units)
    response.json   how households answer offers (see promo.offers.response)
    prices.parquet  what is typically paid for a piece (see promo.shoppers.prices)
    clubs.csv       club, name, the categories it is named by, spread; not in the prior
    club_weights.csv  category, words, mean, sd, and a column a club (see promo.shoppers.clubs)
    taste/          what households begin to buy that never did (see promo.shoppers.taste)
    card.json       data range, rows, seed, tiers, metrics
    set_aside.json  only where the model is not to be used: see promo.shoppers.shelf

The row with category `*` is the pool of all, for categories that the model has not met.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from promo.errors import Sentence
from promo.files import write_text
from promo.shoppers import features
from promo.shoppers.bgnbd import Parameters
from promo.shoppers.clubs import CLUBS, Clubs
from promo.shoppers.features import Span
from promo.shoppers.quadratic import Quadratic
from promo.shoppers.taste import Taste
from promo.swapping import swap_in

POOL = "*"
PRIOR = "prior"
TASTE = "taste"
SET_ASIDE = "set_aside.json"
CYCLES = {
    "level": pl.String,
    "category": pl.String,
    "pairs": pl.Int64,
    **dict.fromkeys(("r", "alpha", "a", "b", "units"), pl.Float64),
}
CATEGORIES = {
    "category": pl.String,
    "buyers": pl.Int64,
    "store_brand_share": pl.Float64,
    "medium_from": pl.Int64,
    "heavy_from": pl.Int64,
}
CROSSES = tuple(f"times_{name}" for name in features.CORE)
WEIGHTS = {
    "level": pl.String,
    "pairs": pl.String,
    "lead": pl.Int64,
    "days": pl.Int64,
    "feature": pl.String,
    **dict.fromkeys(("mean", "sd", "weight", *CROSSES), pl.Float64),
}
BIAS = "bias"
Fitted = dict[tuple[str, str, Span], Quadratic]  # by level, kind of pair, span


class ModelError(Sentence):
    """No usable model; the message says what to do."""


@dataclass(frozen=True)
class Model:
    """What `promo fit` learned. `name` is the folder's name: a day, or `prior`."""

    name: str
    cycles: pl.DataFrame
    categories: pl.DataFrame
    card: dict[str, Any]
    fitted: Fitted = field(default_factory=dict)

    def parameters(self, level: str, categories: pl.Series) -> tuple[Parameters, np.ndarray]:
        """BG/NBD parameters and mean units, each of shape (n,), for n categories at a level."""
        rows = self.cycles.filter(pl.col("level") == level)
        pool = rows.filter(pl.col("category") == POOL)
        if pool.height != 1:
            raise ModelError(f"models/{self.name}/cycles.csv has no row `{level},*`: fit again.")
        found = categories.to_frame("category").join(
            rows, on="category", how="left", maintain_order="left"
        )
        columns = [
            found[name].fill_null(pool[name].item()).to_numpy()
            for name in ("r", "alpha", "a", "b", "units")
        ]
        return Parameters(*columns[:4]), columns[4]

    def with_weights(self, fitted: Fitted) -> "Model":
        """The same model with weights."""
        return replace(self, fitted=fitted)


def as_rows(fitted: Fitted) -> pl.DataFrame:
    """Weights as a table, WEIGHTS; what is not crossed stays empty."""
    rows: list[list[object]] = []
    for (level, kind, span), found in sorted(fitted.items(), key=lambda item: str(item[0])):
        of = [level, kind, span.lead, span.days]
        rows.append([*of, BIAS, 0.0, 1.0, found.bias, *[None] * len(CROSSES)])
        for i, name in enumerate(features.NAMES):
            crossed = [float(w) for w in found.crosses[i, i:]] if i < len(CROSSES) else []
            empty = [None] * (len(CROSSES) - len(crossed))
            numbers = (found.mean[i], found.sd[i], found.weights[i])
            rows.append([*of, name, *map(float, numbers), *empty, *crossed])
    return pl.DataFrame(rows, schema=WEIGHTS, orient="row")


def from_rows(table: pl.DataFrame) -> Fitted:
    """The weights in a table. Raises ValueError when its features are not this version's."""
    found: Fitted = {}
    for key, rows in table.partition_by("level", "pairs", "lead", "days", as_dict=True).items():
        level, kind, lead, days = key
        if rows["feature"].to_list() != [BIAS, *features.NAMES]:
            raise ValueError(f"weights.csv names other features than this version has, for {key}")
        of = rows[1:]
        columns = [of[name].to_numpy().astype(np.float64) for name in ("mean", "sd", "weight")]
        crosses = of.select(CROSSES).head(len(CROSSES)).fill_null(0.0).to_numpy()
        found[str(level), str(kind), Span(int(lead), int(days))] = Quadratic(
            columns[0], columns[1], float(rows["weight"][0]), columns[2], crosses
        )
    return found


def save(
    root: Path,
    model: Model,
    aside: dict[str, str] | None = None,
    taste: Taste | None = None,
    clubs: Clubs | None = None,
    beside: Mapping[str, bytes] = MappingProxyType({}),
) -> Path:
    """Write a model's folder, complete or not at all, in the place of one of the same name.

    With `aside` (see promo.shoppers.shelf) it is set aside from its first moment on. `beside`
    are files of other rooms that belong to the fit, by name.
    """
    target, temporary = root / model.name, root / f".{model.name}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    digits = {"float_precision": 6}
    write_text(temporary / "cycles.csv", model.cycles.write_csv(**digits))  # type: ignore[call-overload]
    write_text(temporary / "weights.csv", as_rows(model.fitted).write_csv(**digits))  # type: ignore[call-overload]
    write_text(temporary / "categories.csv", model.categories.write_csv(**digits))  # type: ignore[call-overload]
    write_text(temporary / "card.json", json.dumps(model.card, indent=2) + "\n")
    if taste:
        taste.save(temporary / TASTE)
    for name, content in beside.items():
        (temporary / name).write_bytes(content)
    if clubs:
        clubs.save(temporary)
    if aside:
        write_text(temporary / SET_ASIDE, json.dumps(aside, indent=2) + "\n")
    swap_in(temporary, target)
    return target


def load(folder: Path) -> Model:
    """Read one model. Raises ModelError when a file is missing or is not what it should be."""
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        if not isinstance(card, dict) or "tiers_from" not in card:
            raise ValueError("card.json has no tiers_from")
        return Model(
            folder.name,
            _read(folder / "cycles.csv", CYCLES),
            _read(folder / "categories.csv", CATEGORIES),
            card,
            from_rows(_read(folder / "weights.csv", WEIGHTS, empty=CROSSES)),
        )
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        cause = str(error).strip().splitlines()[0]
        raise ModelError(f"The model {folder} cannot be read: {cause}. Fit again.") from None


def _read(
    path: Path, schema: dict[str, type[pl.DataType]], empty: Sequence[str] = ()
) -> pl.DataFrame:
    found = pl.read_csv(path, schema_overrides=schema).select(list(schema))
    if any(found.drop(empty).null_count().row(0)):
        raise ValueError(f"{path.name} has empty fields")
    return found


def prior(root: Path) -> Model | None:
    """The shipped prior, if the house has it."""
    return load(root / PRIOR) if (root / PRIOR).is_dir() else None


def taste(root: Path, model: Model) -> Taste:
    """What a model knows of taste. Raises ModelError where it knows none, as the prior."""
    folder = root / model.name / TASTE
    if not folder.is_dir():
        raise ModelError(
            f"The model {model.name} says nothing of what households have never bought: taste is "
            "a chain's own. Run `promo fit` once scans are in."
        )
    try:
        return Taste.load(folder)
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        cause = str(error).strip().splitlines()[0]
        raise ModelError(f"The model {folder} cannot be read: {cause}. Fit again.") from None


def clubs(root: Path, name: str) -> Clubs | None:
    """A model's clubs; None where it has none, as the prior. Raises ModelError."""
    folder = root / name
    if not (folder / CLUBS).is_file():
        return None
    try:
        return Clubs.load(folder)
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        cause = str(error).strip().splitlines()[0]
        raise ModelError(f"The model {folder} cannot be read: {cause}. Fit again.") from None


def usable(root: Path, day: date) -> list[str]:
    """The models fitted for `day` or before that are not set aside, oldest first."""
    found = (p for p in root.glob("????-??-??") if not (p / SET_ASIDE).exists())
    return sorted(p.name for p in found if p.name <= day.isoformat())


def in_use(root: Path, day: date) -> Model:
    """The newest model fitted for `day` or before and not set aside; else the shipped prior."""
    if found := usable(root, day):
        return load(root / found[-1])
    if (root / PRIOR).is_dir():
        return load(root / PRIOR)
    raise ModelError(
        f"There is no model in {root} for {day}. Run `promo fit --day {day}` once scans are in."
    )
