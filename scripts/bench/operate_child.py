"""A promo command that is watched, and whose clock may be wrong.

    operate_child.py WORDS OF THE COMMAND

PROMO_BENCH_FLAGS names a file in which each process of the command has a byte, by its number: what
it is in the middle of, as bits (PRINTING a volume, WRITING any other file, SETTLING what was
written: flushing, renaming, committing). PROMO_BENCH_DAY is what its clock says, and goes back an
hour each time that it is asked.
"""

import mmap
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from promo import files

PRINTING, WRITING, SETTLING = 1, 2, 4
SLOTS = 1 << 22  # as many processes as Linux numbers
VOLUMES = {".pdf", ".html", ".mbox", ".bin"}


class Flags:
    """The bytes, in memory that is shared through a file."""

    def __init__(self, path: str) -> None:
        with Path(path).open("r+b") as file:
            self.bytes = mmap.mmap(file.fileno(), SLOTS)

    @contextmanager
    def up(self, bit: int) -> Iterator[None]:
        """Raise a flag while the block runs."""
        slot = os.getpid() % SLOTS
        before = self.bytes[slot]
        self.bytes[slot] = before | bit
        try:
            yield
        finally:
            self.bytes[slot] = before

    def around(self, bit: int, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same work, flagged."""

        def flagged(*args: Any, **kwargs: Any) -> Any:
            with self.up(bit):
                return work(*args, **kwargs)

        return flagged


def watch(flags: Flags) -> None:
    """Flag what writes. Before other modules take the names of these functions."""
    plain = files.replacing

    @contextmanager
    def replacing(path: Path) -> Iterator[Path]:
        bit = PRINTING if path.suffix.removesuffix(".tmp") in VOLUMES else WRITING
        with flags.up(bit), plain(path) as temporary:
            yield temporary

    files.replacing = replacing
    files.sync = flags.around(SETTLING, files.sync)
    from promo import database, swapping

    swapping.swap_in = flags.around(SETTLING, swapping.swap_in)
    connect = database.connect

    def connected(url: str) -> Any:
        engine = connect(url)
        commit = engine.dialect.do_commit
        engine.dialect.do_commit = flags.around(SETTLING, commit)  # type: ignore[method-assign]
        return engine

    database.connect = connected


def set_back(day: str) -> None:
    """Let the clock say a day, and an hour less each time."""
    moment = datetime.fromisoformat(day)

    class Backwards(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            nonlocal moment
            moment -= timedelta(hours=1)
            return moment.replace(tzinfo=tz)

    from promo import config, reissuing

    config.datetime = reissuing.datetime = Backwards  # type: ignore[attr-defined]
    time.time = lambda: Backwards.now().timestamp()


# Also in the processes that print, which begin by reading this file anew.
if "PROMO_BENCH_FLAGS" in os.environ:
    watch(Flags(os.environ["PROMO_BENCH_FLAGS"]))
if "PROMO_BENCH_DAY" in os.environ:
    set_back(os.environ["PROMO_BENCH_DAY"])

if __name__ == "__main__":
    from promo.cli import main

    main()
