"""Files that are complete or absent, digests, and the one lock a house has."""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from promo.errors import Sentence


class Busy(Sentence):
    """Another promo command holds the lock; the message says which."""

    exit_code = 75  # EX_TEMPFAIL: try again later


class Misplaced(Sentence):
    """A file stands where a path needs a folder."""

    exit_code = 2


def reached(path: Path) -> Path:
    """Where what is written to `path` goes: a link at its end is followed, also one to nothing.

    A link is somebody's: what it leads to is replaced, never the link. Raises Misplaced.
    """
    if path.is_symlink():
        path = Path(os.path.realpath(path))
    nearest = next((above for above in path.absolute().parents if above.exists()), None)
    if nearest and not nearest.is_dir():
        raise Misplaced(f"{path} cannot be written: {nearest} is a file; expected a folder.")
    return path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path; on success it is flushed to disk and takes the place of `path`.

    A reader sees the old file or the new one, never half of one. On an exception the temporary
    file is removed and the old file stays. Raises Misplaced.
    """
    path = reached(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Flush a file or a folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, complete or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def only_one(path: Path, who: str) -> Iterator[None]:
    """Hold the lock file at `path` while the block runs.

    The operating system drops the lock when the process ends, however it ends, so a killed
    night leaves nothing to clean up. Raises `Busy`, naming the holder, when it is taken.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another promo command"
            raise Busy(
                f"{holder} is at work on this house; this {who} changed nothing. Try again later."
            ) from None
        file.seek(0)
        file.truncate()
        file.write(f"promo {who} (process {os.getpid()})")
        file.flush()
        yield
        file.seek(0)
        file.truncate()


@dataclass(frozen=True)
class Holder:
    """Who holds a lock file: the command's name, such as `nightly`, its process, and since when."""

    who: str
    process: int
    since: float  # seconds since the epoch


HELD = re.compile(r"promo (.+) \(process (\d+)\)")
LOCKS = Path("/proc/locks")  # Linux's own list: see proc_locks(5)


def holder(path: Path) -> Holder | None:
    """Who holds the lock file at `path`; a process that was killed has left its name, but no lock.

    It only looks: a lock taken to find out could turn away who comes in that instant.
    """
    try:
        found = HELD.fullmatch(path.read_text(encoding="utf-8"))
        about = path.stat()
    except FileNotFoundError:
        return None
    if found is None or not _is_locked(about.st_ino, int(found[2])):
        return None
    return Holder(found[1], int(found[2]), about.st_mtime)


def _is_locked(inode: int, process: int) -> bool:
    try:
        text = LOCKS.read_text(encoding="ascii")
    except OSError:
        return lives(process)
    locks = (line.split() for line in text.splitlines())
    return any("FLOCK" in lock and lock[-3].endswith(f":{inode}") for lock in locks)


def lives(process: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's
        pass
    return True


@contextmanager
def only_one_in(folder: Path, who: str) -> Iterator[None]:
    """Hold a lock on a folder itself, made if it is not there, while the block runs.

    The folder may be renamed meanwhile by the one that holds it; who comes then gets a new one.
    Raises `Busy` when another process holds it.
    """
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(
                    f"Another {who} is at work on {folder}; this one changed nothing. "
                    "Try again later."
                ) from None
            if not _is_still(folder, descriptor):
                continue  # renamed between its opening and its lock
            yield
            return
        finally:
            os.close(descriptor)


def _is_still(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
