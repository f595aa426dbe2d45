"""Books of lists: volumes over worker processes, manifest and sums; complete, or taken up again.

The bytes do not depend on how many workers print: a volume is one worker's, and what is in it
follows from the order of the lists alone.
"""

import csv
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from promo.files import replacing, sha256, write_text
from promo.lists.press import worker
from promo.lists.press.formats import FORMATS, Heading, PrintError
from promo.lists.press.worker import RECORDS, Record, Shop, Volume, Worker
from promo.lists.stored import Found

LEAST = 200  # lists a worker, below which starting another costs more than it saves
MANIFEST = "manifest.csv", ("file", "page", "pages", "sequence", "list_code")
INDEX = "index.csv", ("file", "offset", "length", "list_code")
ASIDE = {"mail": "no-address.csv", "email": "no-email.csv"}, ("shopper", "store", "list_code")
SUMS = "sha256sums"

Tell = Callable[[int, str], None]  # lists done, file
Row = tuple[str | int, ...]


@dataclass(frozen=True)
class Printed:
    """A file of a print's output; `path` counts from the folder, `pages` are lists in HTML."""

    path: str
    kind: str
    pages: int
    sha256: str


@dataclass(frozen=True)
class Book:
    """Lists that are printed together, in their order, into `folder` of the output."""

    lists: Sequence[Found]
    folder: str = ""

    def path(self, name: str) -> str:
        """A file of the book, as it counts from the output's folder."""
        return str(PurePosixPath(self.folder) / name)


@dataclass(frozen=True)
class Job:
    """What is printed: books, each in every format, under one title and dated `day`."""

    books: Sequence[Book]
    formats: Sequence[str]
    title: str
    day: date


@dataclass(frozen=True)
class Done:
    """Every file that was written, and how many lists were set aside for want of an address."""

    files: list[Printed]
    aside: int


def print_job(job: Job, folder: Path, shop: Shop, tell: Tell, records: Path | None = None) -> Done:
    """Print a job into a folder; what an earlier, dead print left there is used where it fits.

    What else lies in the folder is removed. Raises PrintError, RenderError, stored.Changed;
    volumes that are finished then stay, with the records that let the next print pass them by.
    These records are moved to `records` at the end, where that is said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = shop.settings.lists.pages_per_file
    books = [(book, list(_volumes(job, book, size))) for book in job.books]
    _print_all([volume for _, own in books for volume in own], folder, shop, tell)
    files = [file for book, own in books for file in _bound(job, book, own, folder)]
    if records:
        shutil.rmtree(records, ignore_errors=True)
        (folder / RECORDS).mkdir(exist_ok=True)  # of a night off there are none
        (folder / RECORDS).rename(records)
    _sweep(folder, {file.path for file in files})
    lines = "".join(f"{file.sha256}  {file.path}\n" for file in files)
    write_text(folder / SUMS, lines)
    files.append(Printed(SUMS, "sums", len(files), sha256(folder / SUMS)))
    return Done(files, sum(file.pages for file in files if file.kind == "aside"))


def _volumes(job: Job, book: Book, size: int) -> Iterator[Volume]:
    """The files of a book, each of at most `size` lists."""
    for name in job.formats:
        form = FORMATS[name]
        ids = tuple(found.id for found in book.lists if form.reaches(found))
        for start in range(0, len(ids), size):
            number = f"-{start // size + 1:03d}" if len(ids) > size else ""
            path = book.path(f"{form.name}{number}{form.suffix}")
            heading = Heading(job.title, job.day, start + 1)
            yield Volume(path, name, ids[start : start + size], heading)


def _print_all(volumes: Sequence[Volume], folder: Path, shop: Shop, tell: Tell) -> None:
    workers = _workers(volumes, shop.settings.lists.workers)
    if workers > 1:
        _print_together(volumes, folder, shop, tell, workers)
        return
    alone = Worker(shop)
    try:
        for volume in volumes:
            alone.print(volume, folder)
            tell(len(volume.ids), volume.path)
    finally:
        alone.close()


def _workers(volumes: Sequence[Volume], asked: int) -> int:
    """Processes that are worth their start; 1: none but this one."""
    cores = len(os.sched_getaffinity(0))
    lists = sum(len(volume.ids) for volume in volumes)
    return max(1, min(asked or cores, len(volumes), lists // LEAST))


def _print_together(
    volumes: Sequence[Volume], folder: Path, shop: Shop, tell: Tell, workers: int
) -> None:
    # Spawned, not forked: a database connection and a renderer's caches must not be shared.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, worker.begin, (shop,))
    try:
        running = {pool.submit(worker.work, volume, folder): volume for volume in volumes}
        for future in as_completed(running):
            tell(len(running[future].ids), future.result())
    except BrokenProcessPool:
        raise PrintError(
            "A worker died while it printed (killed, or out of memory?). Finished volumes are "
            "kept: run it again, perhaps with fewer lists.workers."
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _bound(job: Job, book: Book, volumes: Sequence[Volume], folder: Path) -> Iterator[Printed]:
    """A book's volumes and what goes with them: manifest, index, who was set aside."""
    for volume in volumes:
        record = _record(folder, volume)
        pages = sum(entry.pages or 1 for entry in record.entries)
        yield Printed(volume.path, volume.format, pages, record.sha256)
    yield _table(book.path(MANIFEST[0]), MANIFEST[1], _manifest(volumes, folder), folder)
    if any(FORMATS[name].indexed for name in job.formats):
        yield _table(book.path(INDEX[0]), INDEX[1], _index(volumes, folder), folder)
    for name in job.formats:
        left = [each for each in book.lists if not FORMATS[name].reaches(each)]
        if left:
            rows = ((each.shopper, each.store, each.code) for each in left)
            yield _table(book.path(ASIDE[0][name]), ASIDE[1], rows, folder, "aside")


def _manifest(volumes: Iterable[Volume], folder: Path) -> Iterator[Row]:
    for volume in (each for each in volumes if FORMATS[each.format].listed):
        name = PurePosixPath(volume.path).name
        for number, entry in enumerate(_record(folder, volume).entries, volume.heading.first):
            yield name, entry.page, entry.pages, number, entry.list_code


def _index(volumes: Iterable[Volume], folder: Path) -> Iterator[Row]:
    for volume in (each for each in volumes if FORMATS[each.format].indexed):
        name = PurePosixPath(volume.path).name
        for entry in _record(folder, volume).entries:
            yield name, entry.offset, entry.length, entry.list_code


def _record(folder: Path, volume: Volume) -> Record:
    """What was printed; read when it is asked for, so that a large night is never in memory."""
    record = Record.read(folder, volume.path)
    if record is None:
        raise PrintError(f"{folder / RECORDS} was changed while lists were printed: print again.")
    return record


def _table(
    path: str, head: Sequence[str], rows: Iterable[Row], folder: Path, kind: str = ""
) -> Printed:
    """Write a CSV of an output; `pages` counts its rows."""
    count = 0
    with (
        replacing(folder / path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        for row in rows:
            writer.writerow(row)
            count += 1
    kind = kind or PurePosixPath(path).stem
    return Printed(path, kind, count, sha256(folder / path))


def _sweep(folder: Path, keep: set[str]) -> None:
    """Remove records and what an earlier print of other books or formats left."""
    shutil.rmtree(folder / RECORDS, ignore_errors=True)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif str(path.relative_to(folder)) not in keep:
            path.unlink()
