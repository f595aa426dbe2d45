"""Files are whole or absent, and one command at a time holds the house."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from promo import files
from promo.files import Busy, Misplaced, only_one, reached, replacing, sha256, write_text

HOLD = """
import sys
from pathlib import Path
from promo.files import only_one
with only_one(Path(sys.argv[1]), "nightly"):
    print("held", flush=True)
    sys.stdin.read()
"""


def die_after(_: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def holder(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its standard input ends."""
    command = [sys.executable, "-c", HOLD, str(lock)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_new_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    write_text(path, "old\n")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old\n"
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("there", [True, False])
def test_what_was_there_stays_when_writing_fails(tmp_path: Path, *, there: bool) -> None:
    path = tmp_path / "file.txt"
    if there:
        path.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        die_after(temporary.write_text("half"))
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"] * there


def test_text_is_written_as_it_is(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "ä\r\nb\n")
    assert (tmp_path / "file").read_bytes() == b"\xc3\xa4\r\nb\n"


@pytest.mark.parametrize("content", [b"", b"abc", bytes(range(256)) * 5000])
def test_sha256(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()


def test_the_second_process_is_refused_and_told_who_is_at_work(tmp_path: Path) -> None:
    lock = tmp_path / "state" / "promo.lock"
    with holder(lock) as process:
        with pytest.raises(Busy) as caught, only_one(lock, "ingest"):
            pytest.fail("both hold the lock")
        assert str(caught.value) == (
            f"promo nightly (process {process.pid}) is at work on this house; "
            "this ingest changed nothing. Try again later."
        )


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_holder_leaves_the_lock_free(tmp_path: Path, end: signal.Signals) -> None:
    lock = tmp_path / "promo.lock"
    with holder(lock) as process:
        process.send_signal(end)
        process.wait()
        with only_one(lock, "ingest"):
            assert lock.read_text() == f"promo ingest (process {os.getpid()})"
    assert lock.read_text() == ""


def test_a_failed_holder_leaves_the_lock_free(tmp_path: Path) -> None:
    lock = tmp_path / "promo.lock"
    with pytest.raises(ZeroDivisionError), only_one(lock, "a much longer name than the next"):
        raise ZeroDivisionError
    with only_one(lock, "fit"):
        assert lock.read_text() == f"promo fit (process {os.getpid()})"


def test_where_a_path_leads(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for name, to in (("one", "two"), ("two", "file"), ("round", "round"), ("out", "no/where")):
        (tmp_path / name).symlink_to(to)
    for name, leads in (
        ("file", "file"),
        ("one", "file"),
        ("out", "no/where"),
        ("new/er", "new/er"),
        ("round", "round"),  # what is tried there says what is wrong with it
    ):
        assert reached(tmp_path / name) == tmp_path / leads
    for name in ("file/x", "one/x", "file/x/y"):
        with pytest.raises(Misplaced, match=r"is a file; expected a folder\.$"):
            reached(tmp_path / name)
    write_text(tmp_path / "one", "new")
    assert (tmp_path / "file").read_text() == "new"
    assert (tmp_path / "one").is_symlink()


def test_who_holds_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "promo.lock"
    assert files.holder(lock) is None
    with only_one(lock, "lists reissue"):
        assert files.holder(lock) == files.Holder(
            "lists reissue", os.getpid(), lock.stat().st_mtime
        )
        held = lock.read_text()
    assert files.holder(lock) is None
    for left in (held, "promo nightly (process 4194305)"):  # killed; its number may live again
        lock.write_text(left)
        assert files.holder(lock) is None


def test_who_holds_the_lock_where_the_system_does_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "promo.lock"
    monkeypatch.setattr(files, "LOCKS", tmp_path / "none")
    with only_one(lock, "fit"):
        assert files.holder(lock) is not None
    lock.write_text("promo nightly (process 4194305)")
    assert files.holder(lock) is None


def test_processes() -> None:
    assert files.lives(os.getpid())
    assert files.lives(1)
    assert not files.lives(4194305)
    assert not files.lives(2**70)
