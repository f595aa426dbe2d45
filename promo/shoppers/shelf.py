"""The shelf of models: which are there, which one is in use, and which were set aside and why.

A model that is set aside stays where it is, with a file `set_aside.json` in its folder: day, why,
by (`fit`, which found it worse than the one in use, or `operator`). `models.in_use` passes it over.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from promo.files import sync, write_text
from promo.shoppers import models
from promo.shoppers.models import PRIOR, SET_ASIDE, ModelError


@dataclass(frozen=True)
class Entry:
    """A model's folder as it stands on the shelf."""

    name: str
    state: str  # in use, older, later, set aside, prior, unreadable
    card: dict[str, Any]
    why: str = ""  # it was set aside


def note(day: date, why: str, by: str) -> dict[str, str]:
    """What `set_aside.json` holds."""
    return {"day": day.isoformat(), "why": why, "by": by}


def entries(root: Path, day: date) -> list[Entry]:
    """Every model, the prior first, then by day; states as of `day`."""
    names = sorted(p.name for p in root.glob("????-??-??") if p.is_dir())
    if (root / PRIOR).is_dir():
        names.insert(0, PRIOR)
    in_use = newest(root, day) or PRIOR
    return [_entry(root / name, day, in_use) for name in names]


def _entry(folder: Path, day: date, in_use: str) -> Entry:
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        if not isinstance(card, dict):
            raise ValueError("no card")
    except (OSError, ValueError):
        return Entry(folder.name, "unreadable", {})
    aside = set_aside(folder)
    if aside is not None:
        return Entry(folder.name, "set aside", card, aside["why"])
    if folder.name == in_use:
        return Entry(folder.name, "in use", card)
    if folder.name == PRIOR:
        return Entry(folder.name, PRIOR, card)
    return Entry(folder.name, "older" if folder.name < day.isoformat() else "later", card)


def set_aside(folder: Path) -> dict[str, str] | None:
    """Why a model was set aside; None when it was not."""
    path = folder / SET_ASIDE
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: str(found[name]) for name in ("day", "why", "by")}
    except (OSError, ValueError, KeyError, TypeError):
        return {"day": "", "why": f"{SET_ASIDE} cannot be read", "by": "operator"}


def roll_back(root: Path, day: date, today: date, why: str) -> str:
    """Set the model in use on `day` aside; returns its name. Raises ModelError."""
    name = newest(root, day)
    if name is None:
        raise ModelError(
            f"No fitted model is in use on {day}: there is nothing to set aside, the prior stays."
        )
    others = newest(root, day, besides=name)
    if others is None and not (root / PRIOR).is_dir():
        raise ModelError(f"{name} is the only model for {day}; without it no list can be made.")
    write_text(root / name / SET_ASIDE, json.dumps(note(today, why, "operator"), indent=2) + "\n")
    return name


def newest(root: Path, day: date, besides: str = "") -> str | None:
    """The newest fitted model for `day` or before that is not set aside, `besides` left out."""
    return max((name for name in models.usable(root, day) if name != besides), default=None)


def restore(root: Path, name: str) -> None:
    """Undo the setting aside of a model. Raises ModelError."""
    folder = folder_of(root, name)
    if set_aside(folder) is None:
        raise ModelError(f"{name} is not set aside; nothing was changed.")
    (folder / SET_ASIDE).unlink()
    sync(folder)


def folder_of(root: Path, name: str) -> Path:
    """The folder of a model. Raises ModelError where there is none."""
    if name not in {PRIOR, *(p.name for p in root.glob("????-??-??"))}:
        raise ModelError(f"There is no model {name!r}; `promo models list` names those there are.")
    return root / name


def parameters(root: Path, name: str) -> dict[str, pl.DataFrame]:
    """The tables of parameters in a model's folder, by file name. Raises ModelError."""
    folder = folder_of(root, name)
    models.load(folder)  # for its sentence, where something is broken
    return {path.name: pl.read_csv(path) for path in sorted(folder.glob("*.csv"))}


def rival(root: Path, day: date) -> models.Model | None:
    """The model that a fit for `day` is held against: the one in use if that fit did not exist.

    None where there is none, or none that can be read: a broken model must not stop a new one.
    """
    name = newest(root, day, besides=day.isoformat()) or PRIOR
    try:
        return models.load(root / name)
    except ModelError:
        return None
