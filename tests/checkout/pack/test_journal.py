"""A journal has on the disk what it says it has, whatever the disk and other processes do."""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from checkout.pack.journals import NOW, STORES, content, lines
from promo.checkout.pack import journal as journal_module
from promo.checkout.pack.chain import JournalError, Kept, Place
from promo.checkout.pack.journal import Failed, Journal
from promo.checkout.pack.journal_reading import records, verify
from promo.files import Busy

ROOT = Path(__file__).resolve().parents[3]


def numbers(path: Path, after: int = 0) -> list[int]:
    return [each.content["changes"][0]["row"]["uses"] for each in records(path, after)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "journal"


def test_what_is_written_as_another_program_would_check_it(path: Path) -> None:
    with Journal.open(path, STORES, NOW) as journal:
        assert [journal.append(content(n)) for n in (1, 2, 3)] == [1, 2, 3]
    chain = b""
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1]):
        text, said = line.split(b"\t")
        chain = sha256(chain + text).digest()
        assert said.decode() == chain.hex()
        found = json.loads(text)
        assert found.get("seq", 0) == number
        assert json.dumps(found, separators=(",", ":")).encode() == text
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_goes_on_where_it_ended(path: Path) -> None:
    for number in (1, 2, 3):
        with Journal.open(path, STORES, NOW) as journal:
            assert journal.append(content(number)) == number
            assert not journal.mended
    assert numbers(path) == [1, 2, 3]
    assert verify(path).place.seq == 3


def test_a_decision_is_on_the_disk_before_its_number_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, int]] = []  # what was asked of the disk, and how large the file was then
    sync, write = os.fsync, os.write

    def synced(descriptor: int) -> None:
        sync(descriptor)
        done.append(("sync", os.fstat(descriptor).st_size))

    def wrote(descriptor: int, raw: bytes) -> int:
        count = write(descriptor, raw[: len(raw) // 2 + 1])  # the system may take a part
        done.append(("write", os.fstat(descriptor).st_size))
        return count

    Journal.open(path, STORES, NOW).close()
    monkeypatch.setattr(os, "fsync", synced)
    with Journal.open(path, STORES, NOW) as journal:
        assert done[0] == ("sync", journal.place.end)  # what a killed process wrote, too
        monkeypatch.setattr(os, "write", wrote)
        for number in (1, 2):
            done.clear()
            journal.append(content(number))
            assert done[-2:] == [("write", journal.place.end), ("sync", journal.place.end)]
    assert numbers(path) == [1, 2]


def test_many_threads_append(path: Path) -> None:
    with Journal.open(path, STORES, NOW) as journal, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: journal.append(content(n)), range(64)))
        assert sorted(found) == list(range(1, 65))
        assert numbers(path) == [n for _, n in sorted(zip(found, range(64), strict=True))]
    assert verify(path).place.seq == 64


def test_only_one_writes_it(path: Path) -> None:
    with Journal.open(path, STORES, NOW) as journal:
        with pytest.raises(Busy, match=rf"is written by process {os.getpid()}; only one may"):
            Journal.open(path, STORES, NOW)
        journal.append(content(1))
    with Journal.open(path, STORES, NOW) as journal:
        assert journal.place.seq == 1


def test_another_stores_journal(path: Path) -> None:
    Journal.open(path, ["1", "2"], NOW).close()
    Journal.open(path, ["2", "3"], NOW).close()  # a region to which a store was added
    with pytest.raises(JournalError, match=r"of store 1, 2; expected that of store 4"):
        Journal.open(path, ["4"], NOW)


# --- a disk that does not take it -----------------------------------------------------------------


@contextmanager
def most(size: int) -> Iterator[None]:
    """No file of this process may become larger, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_leaves_the_journal_as_it_was(path: Path) -> None:
    with Journal.open(path, STORES, NOW) as journal:
        journal.append(content(1))
        before = path.read_bytes()
        with most(len(before) + 100), pytest.raises(OSError, match="too large") as caught:
            journal.append(content(2))  # a part of it finds room
        assert caught.value.errno == errno.EFBIG
        assert path.read_bytes() == before
        assert journal.append(content(3)) == 2  # once there is room again
    assert numbers(path) == [1, 3]


def test_after_a_failed_sync_nothing_more_is_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with Journal.open(path, STORES, NOW) as journal:
        journal.append(content(1))
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fails)
            with pytest.raises(OSError, match="Input/output"):
                journal.append(content(2))
        for _ in range(2):  # that the disk says yes now proves nothing of what it was given before
            with pytest.raises(Failed, match=r"nothing more is written\. Mend that"):
                journal.append(content(3))
    with Journal.open(path, STORES, NOW) as journal:
        assert journal.append(content(4)) == 3  # it was there, and whoever read it may rely on it
    assert numbers(path) == [1, 2, 4]


def test_a_journal_that_somebody_else_touched_is_not_written(path: Path) -> None:
    with Journal.open(path, STORES, NOW) as journal:
        journal.append(content(1))
        with path.open("ab") as file:
            file.write(b"{")
        with pytest.raises(Failed, match="changed or taken away by somebody else"):
            journal.append(content(2))
    with Journal.open(path, STORES, NOW) as journal:
        path.unlink()
        with pytest.raises(Failed, match="changed or taken away"):
            journal.append(content(2))


def test_an_interrupted_write_is_undone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    with Journal.open(path, STORES, NOW) as journal:
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", interrupted)
            with pytest.raises(KeyboardInterrupt):
                journal.append(content(1))
        with pytest.raises(Failed):  # it never writes behind what it does not know
            journal.append(content(2))


def test_a_decision_that_is_too_large(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MOST", 1000)
    with Journal.open(path, STORES, NOW) as journal:
        with pytest.raises(JournalError, match=r"has 1,\d\d\d bytes; expected 1,000 at most"):
            journal.append(content(1, 900))
        assert journal.append(content(1)) == 1


# --- for something that was made from it ----------------------------------------------------------


def test_what_was_taken_in_before_is_not_read_again(path: Path) -> None:
    raw, ends = lines([40_000] * 5)
    path.parent.mkdir()
    kept = Kept("0" * 32, Place(3, raw[ends[3] - 65 : ends[3] - 1].decode(), ends[3]))
    damaged = raw[: ends[1] + 5] + b"!" + raw[ends[1] + 6 :]
    path.write_bytes(damaged)
    with Journal.open(path, STORES, NOW, since=kept) as journal:
        assert [each.seq for each in journal.records(3)] == [4, 5]
        assert journal.append(content(6)) == 6
    with pytest.raises(JournalError, match="line 3 "):
        Journal.open(path, STORES, NOW)


def test_a_journal_that_lacks_what_was_made_from_it(path: Path) -> None:
    raw, ends = lines([0] * 3)
    path.parent.mkdir()
    kept = Kept("0" * 32, Place(3, raw[ends[3] - 65 : ends[3] - 1].decode(), ends[3]))
    with pytest.raises(JournalError, match=r"up to 3 of .*which is not there: decisions were lost"):
        Journal.open(path, STORES, NOW, since=kept)
    assert not path.exists()
    path.write_bytes(raw[: ends[2]])
    with pytest.raises(JournalError, match=rf"which ends at byte {ends[2]:,}: decisions were lost"):
        Journal.open(path, STORES, NOW, since=kept)
    path.write_bytes(lines([1, 0, 0])[0])
    with pytest.raises(JournalError, match=r"which is another there: decisions were lost"):
        Journal.open(path, STORES, NOW, since=kept)
    path.write_bytes(raw)
    other = Kept("1" * 32, kept.place)
    with pytest.raises(JournalError, match=r"is journal 0+, and store.db was made from 1+"):
        Journal.open(path, STORES, NOW, since=other)
    Journal.open(path, STORES, NOW, since=kept).close()  # and no lock was kept by any of them


# --- killed ---------------------------------------------------------------------------------------

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from promo.checkout.pack.journal import Journal
with Journal.open(Path(sys.argv[1]), ["1"], datetime.now(UTC)) as journal:
    while True:
        seq = journal.append({"at": "now", "changes": [], "much": "x" * 20000})
        print(seq, flush=True)
"""


def test_killed_at_any_instant_nothing_that_was_acknowledged_is_lost(path: Path) -> None:
    acknowledged = 0
    for kill_after in (1, 5, 20):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)],
                                  stdout=subprocess.PIPE, text=True, cwd=ROOT)  # fmt: skip
        assert writer.stdout is not None
        for _ in range(kill_after):
            acknowledged = int(writer.stdout.readline())
        with pytest.raises(Busy, match=rf"process {writer.pid}"):
            Journal.open(path, STORES, NOW)
        # It writes on: the kill meets it anywhere in the next lines.
        killing = threading.Timer(0.0007 * kill_after, writer.kill)
        killing.start()
        said = writer.stdout.read().splitlines()
        killing.join()
        writer.wait()
        writer.stdout.close()
        acknowledged = max([acknowledged, *(int(each) for each in said if each)])
        report = verify(path)
        assert acknowledged <= report.place.seq <= acknowledged + 1
