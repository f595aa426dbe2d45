"""What was printed for a household: found by the manifests, and cut out of their folders.

A folder is cut in a copy that then takes its place, so that manifest and volumes always fit each
other; a kill leaves the folder as it was or as it is to be.
"""

import json
import os
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promo.files import only_one_in, sha256, write_text
from promo.lists.press.books import ASIDE, INDEX, MANIFEST, SUMS
from promo.person import csv_rows, rows, whom
from promo.person.csv_rows import Row
from promo.person.pages import Span, chunks, cut_bytes, cut_pages, without_element
from promo.person.whom import Whom
from promo.swapping import restore, swap_in

RUN = "run.json"
WORKING = (".new", ".old", ".gone", ".made")  # of promo.printing and promo.swapping
TABLES = (MANIFEST[0], INDEX[0], *ASIDE[0].values())


def folders(out: Path) -> list[Path]:
    """Every print's folder, a night's or another's."""
    return sorted(path.parent for path in out.rglob(SUMS) if not path.parent.name.startswith("."))


def give(out: Path, people: Sequence[Whom]) -> list[Row]:
    """Where lists of a household are printed: folder, file, page and what else manifests say."""
    codes = whom.codes(people)
    return [
        {"folder": str(path.parent.relative_to(out)), "table": path.name} | row
        for folder in folders(out)
        for path in _tables(folder)
        for row in csv_rows.read(path)
        if row["list_code"] in codes
    ]


def erase(out: Path, people: Sequence[Whom]) -> list[Path]:
    """Cut the lists of some households out of all folders; returns those that were changed.

    Raises Busy where somebody prints into one of them.
    """
    recover(out)
    codes, ids = whom.codes(people), whom.shoppers(people)
    names = dict.fromkeys(ids, rows.FORGOTTEN)
    changed = [folder for folder in folders(out) if _holds(folder, codes, ids)]
    for folder in changed:
        _replace(folder, codes, names)
    return changed


def rename(out: Path, one: str, other: str) -> None:
    """Let the nights' reports on disk name another household."""
    for folder in folders(out):
        report = _report(folder)
        after = rows.renamed(report, {one: other})
        if after != report:
            write_text(folder / RUN, json.dumps(after, indent=2) + "\n")


def recover(out: Path) -> None:
    """Clear away what a killed print or erasure left, which may be somebody's pages.

    A folder that it had moved comes back. Nothing is kept for a print to take up again.
    """
    for working in sorted(path for path in out.rglob(".*") if path.suffix in WORKING):
        if not working.is_dir():
            continue  # it went with the folder around it
        target = working.with_name(working.stem.removeprefix("."))
        with only_one_in(working, "print"):
            restore(target)
            if working.suffix == ".old" and not target.exists():
                working.rename(target)
            shutil.rmtree(working, ignore_errors=True)


def _holds(folder: Path, codes: Collection[str], ids: Collection[str]) -> bool:
    named = set(_report(folder).get(rows.UNMET, ()))
    return (
        bool(named & set(ids))
        or any(row["list_code"] in codes for path in _tables(folder) for row in csv_rows.read(path))
        or any(_names(path, codes) for path in folder.rglob("*.html"))
    )


def _names(path: Path, codes: Collection[str]) -> bool:
    text = path.read_text(encoding="utf-8")
    return any(code in text for code in codes)


def _replace(folder: Path, codes: Collection[str], names: dict[str, str]) -> None:
    working = folder.with_name(f".{folder.name}.new")
    with only_one_in(working, "print"):
        for path in sorted(folder.rglob("*")):
            copy = working / path.relative_to(folder)
            if path.is_dir():
                copy.mkdir(exist_ok=True)
            else:
                os.link(path, copy)  # what is changed is replaced, and the old file stays
        _Cut(working, codes).all(names)
        swap_in(working, folder)


@dataclass
class _Cut:
    """The lists of some codes, cut out of a folder."""

    folder: Path
    codes: Collection[str]
    fewer: dict[str, int] = field(default_factory=dict)  # pages, by file that was changed

    def all(self, names: dict[str, str]) -> None:
        """Do it, and let sums and report say what is there now."""
        for manifest in sorted(self.folder.rglob(MANIFEST[0])):
            self._book(manifest.parent)
        for path in sorted(self.folder.rglob("*.html")):
            self._html(path)
        self._sums()
        self._run(names)

    def _book(self, book: Path) -> None:
        manifest = list(csv_rows.read(book / MANIFEST[0]))
        index = list(csv_rows.read(book / INDEX[0])) if (book / INDEX[0]).is_file() else []
        for name in dict.fromkeys(row["file"] for row in manifest):
            mine = [row for row in manifest if row["file"] == name]
            if not any(row["list_code"] in self.codes for row in mine):
                continue
            places = [row for row in index if row["file"] == name]
            self._volume(book / name, mine, places)
        for name in TABLES:
            if (book / name).is_file():
                whole = {MANIFEST[0]: manifest, INDEX[0]: index}.get(name)
                self._table(book / name, whole)

    def _volume(self, path: Path, mine: list[Row], places: list[Row]) -> None:
        """Cut a volume, and let the rows that say what stands where be right again."""
        gone = [row for row in mine if row["list_code"] in self.codes]
        self.fewer[self._name(path)] = sum(int(row["pages"]) for row in gone)
        if len(gone) == len(mine):
            path.unlink()
        elif places:
            after = 1 if path.suffix == ".mbox" else 0
            spans = [Span(int(row["offset"]), int(row["length"])) for row in places]
            pieces = chunks(spans, after)
            out = [p for p, row in zip(pieces, places, strict=True) if self._is_gone(row)]
            cut_bytes(path, out)
            for row, span in zip(places, spans, strict=True):
                shift = sum(each.length for each in out if each.start < span.start)
                row["offset"] = str(span.start - shift)
        else:
            kept = [row for row in mine if not self._is_gone(row)]
            cut_pages(path, [Span(int(row["page"]), int(row["pages"])) for row in kept])
        at = 1
        for row in mine:
            row["page"] = str(at)
            at += 0 if self._is_gone(row) else int(row["pages"])

    def _table(self, path: Path, whole: list[Row] | None) -> None:
        before = list(csv_rows.read(path)) if whole is None else whole
        after = [row for row in before if not self._is_gone(row)]
        if len(after) == len(before):
            return
        self.fewer[self._name(path)] = len(before) - len(after)
        if not after and path.name in ASIDE[0].values():
            path.unlink()
            return
        csv_rows.write(path, list(before[0]), after)

    def _html(self, path: Path) -> None:
        """A chain's own template may have no element of the list's: then the document goes."""
        text: str | None = path.read_text(encoding="utf-8")
        wanted = [code for code in self.codes if code in (text or "")]
        if not wanted:
            return
        for code in wanted:
            text = text and without_element(text, code)
        self.fewer[self._name(path)] = len(wanted)
        if text is None:
            path.unlink()
        else:
            write_text(path, text)

    def _sums(self) -> None:
        path = self.folder / SUMS
        kept = []
        for line in path.read_text(encoding="utf-8").splitlines():
            before, name = line.split("  ", 1)
            if (self.folder / name).is_file():
                kept.append(f"{self._sum(name, before)}  {name}\n")
        write_text(path, "".join(kept))
        self.fewer[SUMS] = 0

    def _sum(self, name: str, before: str) -> str:
        return sha256(self.folder / name) if name in self.fewer else before

    def _run(self, names: dict[str, str]) -> None:
        report = _report(self.folder)
        if not report:
            return
        files = []
        for file in report["files"]:
            path, fewer = file["path"], self.fewer.get(file["path"])
            if not (self.folder / path).is_file():
                continue
            now = {} if fewer is None else {"sha256": self._sum(path, ""),
                                            "pages": file["pages"] - fewer}  # fmt: skip
            files.append(file | now)
        after = rows.renamed(report, names) | {"files": files}
        write_text(self.folder / RUN, json.dumps(after, indent=2) + "\n")

    def _is_gone(self, row: Row) -> bool:
        return row["list_code"] in self.codes

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.folder))


def files_of(folder: Path) -> dict[str, Any]:
    """The files of a night's folder, as its report names them; nothing where there is none."""
    report = _report(folder)
    return {"files": report["files"]} if report else {}


def _report(folder: Path) -> dict[str, Any]:
    """A night's report as its folder has it; what cannot be read is for `publish` to say."""
    try:
        return dict(json.loads((folder / RUN).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _tables(folder: Path) -> list[Path]:
    return sorted(path for name in TABLES for path in folder.rglob(name))
