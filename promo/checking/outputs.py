"""What leaves the building: folders of nights and prints, their files' digests, their manifests."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Row, select

from promo import tables
from promo.checking.findings import LOOK, Check, Finding, several
from promo.checking.look import Look
from promo.checking.parquet import BROKEN, cause
from promo.checking.sheets import EARLIER, SHEET
from promo.files import sha256
from promo.lists import stored
from promo.lists.press.books import ASIDE, MANIFEST, SUMS
from promo.lists.press.formats import FORMATS

REPORT = "run.json"
LINE = re.compile(r"([0-9a-f]{64})  (.+)")
VOLUME = re.compile(r"(-\d{3,})?\.[^.]+$")
CODES = {"code": pl.String()}


def _folder(look: Look, run: Row[Any]) -> Path:
    return look.settings.paths.out / f"{run.night}"


def _again(run: Row[Any]) -> str:
    if run.state == "draft":
        return f"Run `promo nightly --day {run.night}` again: do not hand it over."
    return ("Do not hand it over: restore it from a backup, or print it as it is stored with "
            f"`promo lists print --night {run.night}`.")  # fmt: skip


# --- folders --------------------------------------------------------------------------------------


def folders(look: Look) -> Iterator[Finding]:
    """Each night's folder holds the files that the night wrote, byte for byte, and no others."""
    for run in look.made:
        folder = _folder(look, run)
        if not folder.is_dir():
            yield Finding(
                look.shown(folder), f"the folder of the {run.state} night is", "not there",
                "the files that the night wrote",
                "Was it handed over and moved away, or left out of a backup? Else: "
                + _again(run), LOOK, moves=True,
            )  # fmt: skip
        else:
            yield from _files(look, run, folder)


def _files(look: Look, run: Row[Any], folder: Path) -> Iterator[Finding]:
    path = folder / REPORT
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        yield Finding(look.shown(path), "the night's report cannot be read:", cause(error),
                      "the report that is stored", _again(run), moves=True)  # fmt: skip
    else:
        if written != run.report:
            other = sorted(name for name in written.keys() | run.report.keys()
                           if written.get(name) != run.report.get(name)) \
                if isinstance(written, dict) else ["all of it"]  # fmt: skip
            yield Finding(look.shown(path), "it differs from the report that is stored in",
                          several(other), "the same report", _again(run), moves=True)  # fmt: skip
    sums = {file["path"]: file["sha256"] for file in run.report["files"]}
    yield from _held(look, folder, sums, {REPORT}, _again(run))


def _held(
    look: Look, folder: Path, sums: Mapping[str, str], beside: set[str], todo: str
) -> Iterator[Finding]:
    """Files against digests; `beside`: what else may lie there."""
    for name, digest in sums.items():
        path = folder / name
        if not path.is_file():
            yield Finding(look.shown(path), "the file is", "not there", "the file as it was "
                          "printed", todo, moves=True)  # fmt: skip
        elif (found := sha256(path)) != digest:
            yield Finding(look.shown(path), "its SHA-256 is", found, f"{digest}, as it was printed",
                          todo, moves=True)  # fmt: skip
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if str(path.relative_to(folder)) not in sums.keys() | beside:
            yield Finding(look.shown(path), "among what is handed over lies", path.name,
                          "no file that was not printed", "Take it away.", moves=True)  # fmt: skip


# --- prints ---------------------------------------------------------------------------------------


def prints(look: Look) -> Iterator[Finding]:
    """What was printed beside the nights' own folders is whole; what was issued anew is printed."""
    out = look.settings.paths.out
    for folder in sorted(path for path in out.glob("[!.]*") if path.is_dir()):
        path = folder / SUMS
        if path.is_file() and not (folder / REPORT).exists():
            todo = "Print it again before it is handed over."
            yield from _held(look, folder, _sums(path), {SUMS}, todo)
    yield from _unprinted(look)


def _sums(path: Path) -> dict[str, str]:
    lines = map(LINE.fullmatch, path.read_text(encoding="utf-8").splitlines())
    return {line[2]: line[1] for line in lines if line}


def _unprinted(look: Look) -> Iterator[Finding]:
    """Batches of lists issued anew that are still good and have no folder: see reissuing."""
    mine = (SHEET.key_id == EARLIER.key_id) & (SHEET.counter == EARLIER.counter)
    batch = (EARLIER.day, EARLIER.replaced)
    every = look.rows(select(*batch).distinct().order_by(*batch))
    wanted = stored.select_found(look.today).join(tables.EarlierIssue, mine)
    query = wanted.where(SHEET.last_day >= look.today).with_only_columns(
        *batch, maintain_column_froms=True
    )
    still = {tuple(row) for row in look.rows(query.distinct())}
    numbers: dict[Any, int] = {}
    for day, replaced in list(every):
        numbers[day] = numbers.get(day, 0) + 1
        folder = look.settings.paths.out / f"{day}-reissued-{numbers[day]}"
        if not folder.is_dir() and (day, replaced) in still:
            yield Finding(
                look.shown(folder), "lists that were issued anew are", "not printed",
                "a folder of sheets",
                "Run `promo lists reissue`, which prints them; or were they handed over?", LOOK,
                moves=True,
            )  # fmt: skip


# --- manifests ------------------------------------------------------------------------------------


def manifests(look: Look) -> Iterator[Finding]:
    """A night's manifest names the night's lists, each once in each format."""
    for run in look.made:
        path = _folder(look, run) / MANIFEST[0]
        if not path.is_file():
            continue  # the check `folders` names it
        try:
            rows = pl.read_csv(path, schema=dict.fromkeys(MANIFEST[1], pl.String()))
        except BROKEN as error:
            yield Finding(look.shown(path), "the manifest cannot be read:", cause(error),
                          ",".join(MANIFEST[1]), _again(run), moves=True)  # fmt: skip
        else:
            yield from _manifest(look, run, path, rows)


def _manifest(look: Look, run: Row[Any], path: Path, rows: pl.DataFrame) -> Iterator[Finding]:
    lists = look.frame(select(SHEET.code).where(SHEET.night == run.night), CODES)["code"]
    due = _printable(look, run)
    stems = {each.name: name for name, each in FORMATS.items() if each.listed}
    kinds = {file["kind"] for file in run.report["files"]}
    for stem, name in stems.items():
        if name not in kinds:
            continue
        mine = rows.filter(pl.col("file").str.replace(VOLUME.pattern, "") == stem)["list_code"]
        aside = _aside(path.with_name(ASIDE[0][name])) if name in ASIDE[0] else mine.clear()
        where = f"{look.shown(path)}, {name}"
        named = pl.concat([mine, aside.rename("list_code")])
        strange = named.filter(~named.is_in(lists.implode())).sort().to_list()
        if strange:
            yield Finding(where, f"{len(strange):,} codes are of no list of the night:",
                          several(strange), "the night's lists", _again(run),
                          moves=True)  # fmt: skip
        lacks = due.filter(~due.is_in(named.implode())).sort().to_list()
        if lacks:
            yield Finding(where, f"{len(lacks):,} lists of the night are not in it:",
                          several(lacks), "every list once", _again(run), moves=True)  # fmt: skip
        if mine.n_unique() < mine.len():
            twice = mine.filter(mine.is_duplicated()).unique().sort().to_list()
            yield Finding(where, f"{len(twice):,} lists are in it twice:", several(twice),
                          "every list once", _again(run), moves=True)  # fmt: skip


def _printable(look: Look, run: Row[Any]) -> pl.Series:
    """The codes of lists whose households may be written to: others were perhaps left out."""
    query = stored.select_found(look.today).where(SHEET.night == run.night)
    return look.frame(query.with_only_columns(SHEET.code, maintain_column_froms=True), CODES)[
        "code"
    ]


def _aside(path: Path) -> pl.Series:
    """The codes of lists that were set aside for want of an address."""
    if not path.is_file():
        return pl.Series("list_code", [], dtype=pl.String)
    schema = dict.fromkeys(ASIDE[1], pl.String())
    return pl.read_csv(path, schema=schema)["list_code"]


# --- wishes ---------------------------------------------------------------------------------------


def wishes(look: Look) -> Iterator[Finding]:
    """No draft that is printed holds a list of a household that may not be written to any more."""
    for run in look.made:
        if run.state != "draft":
            continue
        free = stored.select_found(look.today).with_only_columns(
            SHEET.code, maintain_column_froms=True
        )
        query = select(SHEET.code, SHEET.shopper).where(
            SHEET.night == run.night, SHEET.code.not_in(free.where(SHEET.night == run.night))
        )
        found = [row.shopper for row in look.rows(query.order_by(SHEET.shopper))]
        if found:
            yield Finding(
                f"the night of {run.night}", f"{len(found):,} households have a list and may not "
                "be written to any more:", several(found), "nobody who said no or is suppressed",
                f"Run `promo nightly --day {run.night}` again before it is published.", LOOK,
            )  # fmt: skip


CHECKS = (
    Check("folders", "nights' folders hold what the nights wrote, byte for byte", folders),
    Check("prints", "what was printed later is whole, and what was issued anew is printed", prints),
    Check("manifests", "manifests name the nights' lists, each once in each format", manifests),
    Check("wishes", "no draft holds a list of somebody who said no since", wishes),
)
