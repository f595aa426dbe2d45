"""What happens to machines is said in a sentence; faults of the program keep their traceback."""

import errno
import sqlite3
from pathlib import Path

import click
import polars as pl
import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError, ProgrammingError

from promo.command import sentences
from promo.mishaps import sentence

SECRET = {"name": "hunter2"}


def sqlite(code: int, words: str) -> OperationalError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return OperationalError("update x", SECRET, error)


def postgresql(state: str, words: str) -> OperationalError:
    return OperationalError("update x", SECRET, psycopg.errors.lookup(state)(words))


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 3, "No space left on device. Make room"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "/a/b"), 3, "exceeded: /a/b. Make room"),
        (OSError("No space left on device (os error 28)"), 3, "(os error 28). Make room"),
        (OSError(errno.EROFS, "Read-only file system", "/a"), 3, "system: /a. Mend that and run"),
        (
            pl.exceptions.ComputeError("parquet: underlying IO error: No space (os error 28)"),
            3,
            "Make room",
        ),
        (pl.exceptions.ComputeError("parquet: File out of specification"), 3, "cannot be read"),
        (MemoryError(), 3, "not enough memory. Let lists.workers"),
        (sqlite(13, "database or disk is full"), 3, "disk is full. Make room"),
        (sqlite(10, "disk I/O error"), 3, "See whether its disk is sound"),
        (sqlite(11, "database disk image is malformed"), 3, "bring the newest backup back"),
        (sqlite(5, "database is locked"), 75, "is locked. When it is back, run it again"),
        (postgresql("53100", "could not extend file"), 3, "Its server has no room left"),
        (postgresql("57P01", "terminating connection"), 75, "terminating connection. When"),
        (
            postgresql("58030", "could not fsync"),
            3,
            "could not fsync. Mend that, then run it again",
        ),
        (InternalError("x", SECRET, psycopg.errors.lookup("25006")("read-only")), 3, "a standby"),
        (ProgrammingError("x", SECRET, psycopg.errors.lookup("42501")("denied")), 3, "its rights"),
    ],
)
def test_what_is_said(error: Exception, code: int, words: str) -> None:
    found = sentence(error)
    assert found is not None
    assert found.exit_code == code
    assert words in str(found)
    assert "\n" not in str(found)
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        KeyError("x"),
        pl.exceptions.ComputeError("cannot compare string with numeric type"),
        pl.exceptions.ColumnNotFoundError("x"),
        IntegrityError("x", {}, psycopg.errors.lookup("23505")("duplicate")),
        ProgrammingError("x", {}, psycopg.errors.lookup("42601")("syntax")),
    ],
)
def test_faults_of_the_program_are_not_hidden(error: Exception) -> None:
    assert sentence(error) is None


def test_a_command_leaves_with_it(sqlite_engine: Engine) -> None:
    """A real one: a database whose file was written over."""
    sqlite_engine.dispose()  # what it keeps beside the file would mend it
    Path(str(sqlite_engine.url.database)).write_bytes(b"no database" * 1000)

    @click.command()
    @sentences
    def ask() -> None:
        with sqlite_engine.connect() as connection:
            connection.execute(text("select count(*) from shoppers"))

    found = CliRunner().invoke(ask)
    assert (found.exit_code, found.exception.__class__) == (3, SystemExit)
    assert "bring the newest backup back" in found.stderr


def test_a_lake_file_that_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1" + b"\0" * 100)

    @click.command()
    @sentences
    def read() -> None:
        pl.read_parquet(tmp_path / "x.parquet")

    found = CliRunner().invoke(read)
    assert (found.exit_code, found.exception.__class__) == (3, SystemExit)
    assert "A file of the lake cannot be read" in found.stderr
