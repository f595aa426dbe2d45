"""Which pack is to be in force: two files that were named, or the newest ones of a folder.

Files are looked at again and again, so that a new pack is taken up while the service runs. One that
is not good is named once, and the pack in force stays.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from promo import files
from promo.checkout.pack import footer
from promo.checkout.pack.faults import PackError
from promo.checkout.pack.footer import Footer
from promo.checkout.pack.keys import PublicKeys
from promo.checkout.pack.opened import Pack
from promo.checkout.pack.store_house import check_stores
from promo.lists.codes.keys import CodeKeys

Say = Callable[[PackError], None]
State = tuple[Path, int, int]  # a file as it was when it was looked at


class Pair(NamedTuple):
    """A base and perhaps a delta over it, by what they say of themselves, which proves nothing."""

    version: str  # of the newer of the two
    base: Path
    delta: Path | None


class FoundPacks:
    """Packs where an operator, or a copy from head office, puts them."""

    def __init__(
        self, base: Path, delta: Path | None, keys: PublicKeys, codes: CodeKeys,
        kept: Path, stores: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """base: a file, or a folder of packs and deltas; stores: for which a pack must be.

        kept: a folder for copies, from which packs are used: whatever becomes of the files that
        were found, the pack in force stays.
        """
        self.base, self.delta = base, delta
        self.kept = kept
        self.keys, self.codes = keys, codes
        self.stores = stores
        self._refused: set[tuple[State | None, ...]] = set()

    def first(self, now: datetime, say: Say) -> Pack:
        """The newest pack that is good; `say` is told of those that are not. Raises PackError."""
        last = PackError("not_there", f"There is no pack in {self.base}.")
        for pair in self._pairs(say):
            try:
                found = self._opened(pair, now)
                self._clear(found)
                return found
            except PackError as error:
                last = error
                self._refused.add(_states(pair))
                if self.base.is_dir():
                    say(error)
        raise last

    def newer(self, than: Pack, now: datetime, say: Say) -> Pack | None:
        """A good pack that is newer than one, if there is any; `say` is told of a bad one once.

        than: the pack in force; copies of others are swept away.
        """
        self._clear(than)
        for pair in self._pairs(say):
            if pair.version <= than.about.version:
                return None
            states = _states(pair)
            if states in self._refused:
                continue
            try:
                return self._opened(pair, now)
            except PackError as error:
                self._refused.add(states)
                say(error)
        return None

    def _opened(self, pair: Pair, now: datetime) -> Pack:
        """A pack that is proven, from copies that are proven, too."""
        with closing(Pack.open(pair.base, pair.delta, self.keys, self.codes, now)) as found:
            check_stores(found, self.stores)
            base = self._copied(pair.base, found.base)
            delta = self._copied(pair.delta, found.delta) if pair.delta and found.delta else None
        return Pack.open(base, delta, self.keys, self.codes, now)

    def _copied(self, path: Path, about: Footer) -> Path:
        target = self.kept / _name(about)
        if not target.is_file():
            self.kept.mkdir(parents=True, exist_ok=True)
            with files.replacing(target) as temporary:
                shutil.copyfile(path, temporary)
        return target

    def _clear(self, but: Pack) -> None:
        """Sweep away copies that are not of a pack."""
        names = {_name(each) for each in (but.base, but.delta) if each}
        for path in self.kept.iterdir() if self.kept.is_dir() else ():
            if path.name not in names:
                path.unlink(missing_ok=True)

    def _pairs(self, say: Say) -> list[Pair]:
        """What could be in force, the newest first."""
        if not self.base.is_dir():
            newest = self._said(self.delta or self.base, say)
            return [Pair(newest.version if newest else "", self.base, self.delta)]
        said = [(path, each) for path in self._files() if (each := self._said(path, say))]
        bases = {each.version: path for path, each in said if each.kind == "base"}
        pairs = [Pair(version, path, None) for version, path in bases.items()]
        pairs += [
            Pair(each.version, bases[each.base], path)
            for path, each in said
            if each.kind == "delta" and each.base in bases
        ]
        return sorted(pairs, key=lambda pair: (pair.version, pair.base), reverse=True)

    def _files(self) -> Iterator[Path]:
        """Files that are complete: one that is being written has a dot before its name."""
        return (each for each in sorted(self.base.iterdir())
                if each.is_file() and not each.name.startswith("."))  # fmt: skip

    def _said(self, path: Path, say: Say) -> Footer | None:
        """What a file says of itself; of one that is no pack `say` is told once."""
        try:
            return footer.read(path)
        except PackError as error:
            state = (_state(path),)
            if state not in self._refused:
                self._refused.add(state)
                say(error)
            return None


def _name(about: Footer) -> str:
    return f"{about.kind}-{about.version}-{about.sha256[:16]}"


def _states(pair: Pair) -> tuple[State | None, ...]:
    return tuple(None if path is None else _state(path) for path in (pair.base, pair.delta))


def _state(path: Path) -> State:
    try:
        about = path.stat()
    except OSError:
        return path, 0, 0
    return path, about.st_mtime_ns, about.st_size
