"""A folder takes the place of another as a whole, in one stroke where the file system can.

By exchanging names (renameat2 of Linux), not by a link that is turned: what leaves the building is
copied by tools that treat links each in its own way, and a link would need a folder beside it for
every version of a night.
"""

import ctypes
import errno
import os
import shutil
from pathlib import Path

from promo.files import sync

AT_CWD, EXCHANGE = -100, 2  # of linux/fcntl.h and linux/fs.h
UNABLE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}  # network and foreign file systems


def aside(target: Path) -> Path:
    """Where what is to stand at `target` waits, and then what stood there until it is removed."""
    return target.with_name(f".{target.name}.old")


def gone(target: Path) -> Path:
    """Where what stood at `target` waits, on file systems that cannot exchange."""
    return target.with_name(f".{target.name}.gone")


def swap_in(finished: Path, target: Path) -> None:
    """Put a finished folder in the place of `target`, all of it on disk before.

    Whenever it is killed, `target` is whole: the old one or the new one. Where the file system
    cannot exchange two names there is an instant without it, which `restore` mends.
    """
    for path in [*finished.rglob("*"), finished]:
        sync(path)
    waiting = aside(target)
    shutil.rmtree(waiting, ignore_errors=True)
    finished.rename(waiting)  # from here on nobody takes it for a folder to work in
    if not target.exists():
        waiting.rename(target)
    elif not _exchange(waiting, target):
        _in_two_strokes(waiting, target)
    sync(target.parent)
    shutil.rmtree(waiting, ignore_errors=True)


def restore(target: Path) -> None:
    """Put back what a swap in two strokes had moved away when it was killed."""
    old = gone(target)
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
    elif old.is_dir():
        old.rename(target)


def _in_two_strokes(waiting: Path, target: Path) -> None:
    old = gone(target)
    shutil.rmtree(old, ignore_errors=True)
    target.rename(old)
    waiting.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Let two names change places in one stroke; returns whether the file system can."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:  # another system's C library
        return False
    names = os.fsencode(one), os.fsencode(other)
    if rename(AT_CWD, names[0], AT_CWD, names[1], EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in UNABLE:
        return False
    raise OSError(code, os.strerror(code), str(other))
