"""Which pack is to be in force: two files that were named, or the newest ones of a folder.

Files are looked at again and again, so that a new pack is taken up while the service runs. One that
is not good is named once, and the pack in force stays.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
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
AGAIN = timedelta(minutes=5)  # until a pack that is not good yet is looked at again
Check = Callable[[Pack], None]  # raises PackError
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
        # Those that are not good, and when that may be otherwise.
        self._refused: dict[tuple[State | None, ...], datetime | None] = {}

    def first(self, now: datetime, say: Say) -> Pack:
        """The newest pack, found or in force here before; `say` is told of those that are not good.

        One that has expired is better than none: by it sales are taken back. So is the one that was
        in force here where all were made later than the clock says, which then is wrong. Raises
        PackError, the last one, where there is none.
        """
        told: list[PackError] = []

        def tell(error: PackError) -> None:
            told.append(error)
            say(error)

        there, own = self._pairs(tell), self._own(tell)
        # Of equals the own one first: it need not be copied.
        tries: list[tuple[Pair, Check]] = [
            (pair, lambda pack: pack.check_made(now))
            for pair in sorted([*own, *there], key=lambda pair: pair.version, reverse=True)
        ]
        for pair, check in tries:
            try:
                found = self._proven(pair, check)
            except PackError as error:
                self._refuse(pair, error, now, tell)
                if pair in own:
                    _give_up(pair, error, tries)
                continue
            self._clear(found)
            self._compare(found, there, now, say)
            return found
        raise told[-1] if told else PackError("not_there", f"There is no pack in {self.base}.")

    def _own(self, say: Say) -> list[Pair]:
        """What was in force here; copies that are no packs are swept away, to be made anew."""
        said = self._said_in(self.kept, say)
        for path in {*_files(self.kept)} - {path for path, _ in said}:
            path.unlink(missing_ok=True)
        return _pairs_of(said)

    def _compare(self, found: Pack, there: list[Pair], now: datetime, say: Say) -> None:
        """Tell why the pack in force is not the newest one that was found, or is not good."""
        version = found.about.version
        newest = max((pair.version for pair in there), default="")
        goes_on = f"The pack of {version}, which was in force here, goes on."
        if not newest:
            say(PackError("not_there", f"There is no pack in {self.base}. {goes_on}"))
        elif newest < version:
            say(PackError("older", f"The newest pack in {self.base} is that of {newest}. {goes_on} "
                          "Fetch the newest one from head office."))  # fmt: skip
        try:
            found.check_not_expired(now)
        except PackError as error:
            say(error)

    def newer(self, than: Pack, now: datetime, say: Say) -> Pack | None:
        """A good pack that is newer than one, if there is any; `say` is told of a bad one once.

        than: the pack in force; copies of others are swept away.
        """
        self._clear(than)
        for pair in self._pairs(say):
            if pair.version <= than.about.version:
                return None
            if self._is_refused(pair, now):
                continue
            try:
                return self._proven(pair, lambda pack: pack.check_good(now))
            except PackError as error:
                self._refuse(pair, error, now, say)
        return None

    def _is_refused(self, pair: Pair, now: datetime) -> bool:
        states = _states(pair)
        again = self._refused.get(states)
        return states in self._refused and (again is None or now < again)

    def _refuse(self, pair: Pair, error: PackError, now: datetime, say: Say) -> None:
        """Remember that a pack is not good; `say` is told once."""
        states = _states(pair)
        if states not in self._refused:
            say(error)
        self._refused[states] = now + AGAIN if error.reason == "not_yet" else None

    def _proven(self, pair: Pair, check: Check) -> Pack:
        """A pack that is proven and checked, from copies that are proven, too."""
        with closing(Pack.proven(pair.base, pair.delta, self.keys, self.codes)) as found:
            check_stores(found, self.stores)
            check(found)
            base = self._copied(pair.base, found.base)
            delta = self._copied(pair.delta, found.delta) if pair.delta and found.delta else None
        return Pack.proven(base, delta, self.keys, self.codes)

    def _copied(self, path: Path, about: Footer) -> Path:
        target = self.kept / _name(about)
        if not target.is_file():
            for folder in (self.kept.parent, self.kept):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with files.replacing(target) as temporary:
                temporary.touch(mode=0o600)
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
        return _pairs_of(self._said_in(self.base, say))

    def _said_in(self, folder: Path, say: Say) -> list[tuple[Path, Footer]]:
        """What the packs of a folder say of themselves."""
        return [(path, each) for path in _files(folder) if (each := self._said(path, say))]

    def _said(self, path: Path, say: Say) -> Footer | None:
        """What a file says of itself; of one that is no pack `say` is told once."""
        try:
            return footer.read(path)
        except PackError as error:
            state = (_state(path),)
            if state not in self._refused:
                self._refused[state] = None
                say(error)
            return None


def _give_up(own: Pair, error: PackError, tries: list[tuple[Pair, Check]]) -> None:
    """Sweep an own copy away that was damaged; try one of later than now at the very end."""
    if error.reason == "not_yet":
        tries.append((own, lambda _: None))
    elif error.reason == "tampered":
        for path in filter(None, (own.base, own.delta)):
            path.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    """Files that are complete: one that is being written has a dot before its name."""
    for each in sorted(folder.iterdir()) if folder.is_dir() else ():
        if each.is_file() and not each.name.startswith("."):
            yield each


def _pairs_of(said: list[tuple[Path, Footer]]) -> list[Pair]:
    """What could be in force, the newest first."""
    bases = {each.version: path for path, each in said if each.kind == "base"}
    pairs = [Pair(version, path, None) for version, path in bases.items()]
    pairs += [
        Pair(each.version, bases[each.base], path)
        for path, each in said
        if each.kind == "delta" and each.base in bases
    ]
    return sorted(pairs, key=lambda pair: (pair.version, pair.base), reverse=True)


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
