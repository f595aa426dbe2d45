"""Single bytes of packs are changed: each must be refused by name, and the whole ones taken."""

import random
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from kit import ROOT, report
from sqlalchemy import text
from till_kit import KEYS, NIGHT, fill

from promo import config, database
from promo.checkout.pack import building
from promo.checkout.pack.building import Order
from promo.checkout.pack.faults import PackError
from promo.checkout.pack.keys import PackKeys
from promo.checkout.pack.opened import Pack
from promo.checkout.pack.reading import Scope

LISTS, CHANGES, FEW = 2_000, 500, 100
CHANGED = "update lists set issue = 2, worth = worth + 1 where counter % 10 = 3"


def judge() -> None:
    """All changes."""
    _judge(CHANGES, quick=False)


def judge_quickly() -> None:
    """Fewer."""
    _judge(FEW, quick=True)


def _judge(changes: int, *, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        keys, base, delta = _make(Path(name))
        _open(base, delta, keys)  # which must not be refused
        found = Counter[str]()
        chance = random.Random(8)
        for number in range(changes):
            # A third of them in the footer, which is small beside the rest.
            target = (base, delta)[number % 2]
            whole = target.read_bytes()
            raw = bytearray(whole)
            first = len(raw) - 8192 if number % 3 == 0 else 0
            raw[chance.randrange(first, len(raw))] ^= 1 << chance.randrange(8)
            target.write_bytes(raw)
            found[_why_refused(base, delta, keys)] += 1
            target.write_bytes(whole)
    missed = found.pop("", 0)
    value = {"changes": changes, "missed": missed, "refused": dict(found)}
    report("tampered packs", value, 0, ok=missed == 0, quick=quick)


def _make(folder: Path) -> tuple[PackKeys, Path, Path]:
    engine = database.connect(f"sqlite:///{folder / 'promo.db'}")
    fill(engine, LISTS)
    keys, base, delta = PackKeys({}).with_new(), folder / "x.pack", folder / "x.delta"
    settings = config.load(ROOT / "config.yaml")
    order = Order(settings, Scope("banner", None, NIGHT, 14), keys, datetime.now(UTC))
    building.build(engine, order, base)
    with engine.begin() as connection:
        connection.execute(text(CHANGED))
    building.build_delta(engine, order, base, delta)
    engine.dispose()
    return keys, base, delta


def _open(base: Path, delta: Path, keys: PackKeys) -> None:
    Pack.open(base, delta, keys.public(), KEYS, datetime.now(UTC)).close()


def _why_refused(base: Path, delta: Path, keys: PackKeys) -> str:
    """The reason, or nothing where it is taken."""
    try:
        _open(base, delta, keys)
    except PackError as error:
        return error.reason
    return ""
