"""The drill of docs/backup.md: is what comes out of a backup what went in?"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import small_house
from sqlalchemy import select

from promo import backing_up, backups, config, one_list, restoring, tables
from promo.house import House

FIRST = small_house.FIRST
SECRETS = ("PROMO_DATABASE_URL", "PROMO_CODE_KEYS", "PROMO_CONFIG")


def opened(folder: Path) -> House:
    """A house as its settings lead to it."""
    return House.open(config.load(folder / "config.yaml"))


def back_up(house: House, to: Path) -> Path:
    """Make a backup with keys; returns its folder."""
    return backing_up.back_up(house.settings, house.engine, to, secrets=True).folder


def a_house(folder: Path) -> tuple[House, str]:
    """A house with one night's lists, and the code of one of them."""
    house = small_house.build(folder)
    small_house.night(house)
    with house.engine.connect() as connection:
        code = connection.execute(select(tables.ShopperList.code)).scalars().first()
    return house, code or ""


def compare(one: Path, other: Path) -> list[str]:
    """What two backups differ on, by name."""
    here, there = backups.verified(one).files, backups.verified(other).files
    return sorted(name for name in here | there if here.get(name) != there.get(name))


def drill(folder: Path, theirs: Path | None) -> list[str]:
    """Restore a backup and make another one of what came of it; returns what is wrong."""
    code = ""
    if theirs is None:
        house, code = a_house(folder / "house")
        theirs = back_up(house, folder / "backups")
        house.engine.dispose()
    print(f"restoring {theirs.name}")
    done = restoring.into(theirs, folder / "elsewhere")
    again = opened(done.folder)
    other = back_up(again, folder / "backups") if done.has_keys else None
    wrong = compare(theirs, other) if other else []
    if code:
        keys = small_house.keys(again.settings)
        seen = one_list.seen(again.settings, keys, one_list.Asked(FIRST, code))
        print(f"the printed code {seen['list_code']} opens")
    again.engine.dispose()
    return wrong


def main() -> int:
    """Say what came of it; 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backup", nargs="?", type=Path, help="a backup of your own")
    wanted = parser.parse_args().backup
    for name in SECRETS:  # a drill has nothing to do with the house that is at work
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="promo-drill-") as name:
        wrong = drill(Path(name), wanted)
    for each in wrong:
        print(f"differs: {each}", file=sys.stderr)
    print("what was restored is not what was backed up" if wrong else "the drill went well")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
