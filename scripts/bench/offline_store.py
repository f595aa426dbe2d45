"""What the benches of a store machine share: its pack, its folder, its service as a process."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import psutil
from checkout_shop import DAY, MAIN, make_house
from kit import ROOT
from sqlalchemy import Engine
from till_kit import free_port, server

from promo import config
from promo.checkout.pack import building
from promo.checkout.pack.building import Order
from promo.checkout.pack.keys import PackKeys
from promo.checkout.pack.reading import Scope

# `promo serve --pack` for a machine that stands in several stores at once, of which the command
# knows none: so that what one store sold may come back at another.
IN_SEVERAL = """
import sys
from pathlib import Path
from promo import command, config
from promo.checkout import serving
from promo.checkout.pack import machine

house, packs, port, *stores = sys.argv[1:]
settings = config.load(Path(house) / "config.yaml")
asked = machine.Asked(Path(packs), journal=Path(house) / "line-down", stores=tuple(stores))
with machine.opened(settings, command.keys_of(settings), asked) as service:
    serving.serve(service, serving.Where("127.0.0.1", int(port)))
"""
SIGNING = PackKeys({1: (bytes(range(32)), bytes(range(32, 64)))})


def order(house: Path) -> Order:
    """A pack of all stores, made now, with the settings of a house."""
    settings = config.load(house / "config.yaml")
    scope = Scope("banner", None, date.fromisoformat(DAY), settings.packs.past_days)
    return Order(settings, scope, SIGNING, datetime.now(UTC))


def build(engine: Engine, house: Path, folder: Path) -> Path:
    """A base pack of head office's database, in a folder."""
    target = folder / "base.pack"
    building.build(engine, order(house), target)
    return target


def build_delta(engine: Engine, house: Path, base: Path) -> Path:
    """What has changed since."""
    target = base.with_name("newest.delta")
    building.build_delta(engine, order(house), base, target)
    return target


def make_store(folder: Path) -> Path:
    """The folder of a store machine: settings, keys, and no database."""
    house = make_house(folder)
    (house / "packs.pub").write_text(SIGNING.public().text(), encoding="utf-8")
    return house


@contextmanager
def store_served(
    house: Path, packs: Path, stores: tuple[str, ...] = ("1",)
) -> Iterator[tuple[psutil.Process, int]]:
    """The service of a store machine on a core of its own, and its port."""
    port = free_port()
    words = [sys.executable, "-c", MAIN, "--config", str(house / "config.yaml"), "serve"]
    words += ["--pack", str(packs), "--journal", str(house / "line-down"), "--port", f"{port}"]
    words += ["--store", *stores]
    if len(stores) > 1:
        words = [sys.executable, "-c", IN_SEVERAL, str(house), str(packs), f"{port}", *stores]
    with server(words, port, PYTHONPATH=str(ROOT)) as process:
        yield process, port
