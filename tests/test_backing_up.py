"""Backups: of one moment, whole or absent, the same from both databases; restored as they were."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import small_house
from small_house import FIRST, SECRET, STORES
from sqlalchemy import create_engine, insert, make_url, select, text, update

from promo import backing_up, capturing, config, database, restoring, schema, table_files, tables
from promo.backups import BackupError, Entangled
from promo.files import Busy, only_one, sha256
from promo.house import House
from promo.publishing import publish
from promo.schema import DatabaseError

NEXT, TODAY = FIRST + timedelta(1), FIRST + timedelta(2)
AT = datetime(2026, 7, 1, 12, 30, 59, 123456, tzinfo=UTC)
KEY = {"store": "B", "verbs": "lookup", "salt": "s", "hash": "h", "created": AT}


def back_up(house: House, to: Path | None = None, *, secrets: bool = False) -> backing_up.Made:
    where = to or house.settings.paths.backups
    return backing_up.back_up(house.settings, house.engine, where, secrets=secrets)


def opened(folder: Path) -> House:
    """A house as its own settings lead to it."""
    return House.open(config.load(folder / "config.yaml"))


def contents(folder: Path) -> dict[str, str]:
    found = (p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): sha256(p) for p in found}


@pytest.fixture(scope="module")
def in_use(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small house with a published night, a draft, and an odd lot of rows."""
    folder = Path(shutil.copytree(built, tmp_path_factory.mktemp("in_use") / "house"))
    small_house.change(folder, "today: null ", f"today: {TODAY} ")
    house = small_house.reopen(folder)
    small_house.night(house)
    publish(house, FIRST)
    small_house.feed(house, small_house.log_of(FIRST), "first.csv")
    small_house.night(house, NEXT)
    with house.engine.begin() as connection:
        odd = [{"id": name, "name": name, "gln": None, "time_zone": "UTC", "language": "en"}
               for name in ("B", "a", "é", "tab\t", "\\N")]  # fmt: skip
        connection.execute(insert(tables.Store), odd)
        connection.execute(insert(tables.StoreKey), [KEY, KEY])
        name = {"store": "B", "till": "1", "day": FIRST, "transaction": "1", "verb": "redeem"}
        answer = {"digest": "d", "answer": bytes(range(256)), "content": {"ü": [1.5]}, "at": AT}
        connection.execute(insert(tables.TillAnswer), name | answer)
    house.engine.dispose()
    return folder


@pytest.fixture
def used(in_use: Path, tmp_path: Path) -> Iterator[House]:
    """A copy of it to work in."""
    house = small_house.reopen(Path(shutil.copytree(in_use, tmp_path / "used")))
    yield house
    house.engine.dispose()


@pytest.fixture
def other_database(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, postgresql_server: str
) -> str:
    """An empty database on PostgreSQL, to which PROMO_DATABASE_URL leads."""
    name = f"b{os.urandom(6).hex()}"
    admin = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name}"))
    admin.dispose()
    url = make_url(postgresql_server).set(database=name).render_as_string(hide_password=False)
    monkeypatch.setitem(os.environ, "PROMO_DATABASE_URL", url)
    return url


def test_what_is_restored_is_what_was_backed_up(used: House, tmp_path: Path) -> None:
    made = back_up(used, tmp_path / "backups", secrets=True)
    assert made.folder.parent == tmp_path / "backups"
    assert made.folder.name.endswith(f"Z-{schema.REVISION}")
    assert made.folder.stat().st_mode & 0o777 == 0o700
    assert sorted(p.name for p in (tmp_path / "backups").iterdir()) == [made.folder.name]
    done = restoring.into(made.folder, tmp_path / "elsewhere" / "house")
    assert done.has_keys
    assert (done.folder / "code.key").read_text() == SECRET
    assert (done.folder / "code.key").stat().st_mode & 0o777 == 0o600
    again = opened(done.folder)
    for part in ("lake/scans", "lake/profiles", "lake/shown", "lake/decisions", "lake/prices",
                 "models", "out", "templates"):  # fmt: skip
        here, there = (contents(h.settings.folder / part) for h in (used, again))
        assert here == there, part
        assert here, part
    assert not (done.folder / "lake/products").exists()  # made when it is asked for
    other = back_up(again, tmp_path / "backups")
    assert contents(other.folder / "tables") == contents(made.folder / "tables")
    again.engine.dispose()


def test_to_postgresql_and_back_and_the_next_night(
    used: House, tmp_path: Path, other_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On both, the tables' files are the same bytes, and so is the night that comes next."""
    one = back_up(used, tmp_path / "backups", secrets=True)
    there = opened(restoring.into(one.folder, tmp_path / "there").folder)
    assert there.engine.dialect.name == "postgresql"
    two = back_up(there, tmp_path / "backups", secrets=True)
    assert contents(two.folder / "tables") == contents(one.folder / "tables")
    with there.engine.begin() as connection:  # what counts up goes on behind what is there
        statement = insert(tables.StoreKey).returning(tables.StoreKey.id)
        assert connection.execute(statement, KEY).scalar() == 3
    monkeypatch.delitem(os.environ, "PROMO_DATABASE_URL")
    back = opened(restoring.into(two.folder, tmp_path / "back").folder)
    assert back.engine.dialect.name == "sqlite"
    night = NEXT + timedelta(1)
    made = []
    for house in (used, there, back):
        small_house.feed(house, small_house.log_of(NEXT), "second.csv")
        small_house.night(house, night)
        folder = house.settings.folder
        made.append({p: contents(folder / p) for p in ("out", "lake", "models")})
        house.engine.dispose()
    assert made[0]["out"][f"{night}/lists.pdf"]
    assert made[0] == made[1] == made[2]
    database.connect(other_database).dispose()


def test_the_keys_stay_behind(used: House, tmp_path: Path) -> None:
    made = back_up(used)
    assert not [name for name in contents(made.folder) if "key" in Path(name).name]
    assert SECRET.encode() not in b"".join(
        p.read_bytes() for p in made.folder.rglob("*") if p.is_file()
    )
    assert not restoring.into(made.folder, tmp_path / "house").has_keys
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "code.key").write_text("1:mine")
    assert restoring.into(made.folder, tmp_path / "other").has_keys
    assert (tmp_path / "other" / "code.key").read_text() == "1:mine"


def test_what_is_of_another_moment_stays_out(used: House, tmp_path: Path) -> None:
    """A delivery and a night at work: their files are there, their rows are not yet."""
    lake = used.settings.paths.lake
    part = lake / "scans" / f"{NEXT}" / "00000099-0000.parquet"
    part.parent.mkdir(exist_ok=True)
    shutil.copy(next((lake / "scans").rglob("*.parquet")), part)
    (lake / "shown" / "2017-11-30.parquet").write_bytes(b"of a night at work")
    (used.settings.paths.out / "2017-11-30").mkdir()
    (used.settings.paths.out / "2017-11-30" / "lists.pdf").write_bytes(b"half")
    (used.settings.paths.out / f".{NEXT}.new").mkdir()
    names = contents(back_up(used).folder)
    assert not [name for name in names if "00000099" in name or "2017-11-30" in name]
    assert f"house/out/{NEXT}/run.json" in names


@pytest.mark.parametrize("name", ["lake", "models/copies", "out", "templates", "rejects/x", "link"])
def test_a_backup_never_lies_in_what_it_copies(used: House, name: str) -> None:
    folder = used.settings.folder
    (folder / "link").symlink_to(folder / "lake")
    before = contents(folder)
    said = small_house.promo(used, "backup", "--to", str(folder / name), code=2).output
    assert "which is backed up itself: name a folder outside of it. No backup was made." in said
    after = contents(folder)
    assert {n for n in after if "promo.db" not in n} == {n for n in before if "promo.db" not in n}


def test_pages_of_closed_lists_are_left_out(used: House) -> None:
    small_house.change(used.settings.folder, f"today: {TODAY} ", "today: 2019-01-01 ")
    later = small_house.reopen(used.settings.folder)
    names = contents(back_up(later).folder)
    assert f"house/out/{NEXT}/run.json" in names  # a draft may still be published
    assert not [name for name in names if f"out/{FIRST}" in name]
    assert f"house/lake/shown/{FIRST}.parquet" in names
    later.engine.dispose()


def interrupted(monkeypatch: pytest.MonkeyPatch, deed: Callable[[int], None]) -> list[int]:
    """Let something happen each time after the snapshot was taken; returns how often it did."""
    times: list[int] = []
    bring = capturing.everything_else

    def after(*given: Any) -> None:
        times.append(1)
        deed(len(times))
        bring(*given)

    monkeypatch.setattr(capturing, "everything_else", after)
    return times


def test_tills_nights_and_deliveries_go_on_meanwhile(
    used: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snapshot is of before; the house that comes of it folds and makes what came after."""
    before = back_up(used, tmp_path / "backups", secrets=True)
    rows = small_house.log_of(NEXT)
    lists = select(tables.ShopperList.key_id, tables.ShopperList.counter)

    def others(_: int) -> None:
        with used.engine.begin() as connection:
            connection.execute(insert(tables.StoreKey), KEY)
            connection.execute(text("update stores set gln = 'other'"))
        small_house.feed(used, rows, "second.csv")
        small_house.night(used, NEXT + timedelta(1))

    times = interrupted(monkeypatch, others)
    made = back_up(used, tmp_path / "backups", secrets=True)
    assert len(times) == 1
    assert contents(made.folder / "tables") == contents(before.folder / "tables")
    assert contents(made.folder / "house") == contents(before.folder / "house")
    there = opened(restoring.into(made.folder, tmp_path / "there").folder)
    small_house.feed(there, rows, "second.csv")
    small_house.night(there, NEXT + timedelta(1))
    for part in ("lake", "out"):
        here, elsewhere = (contents(h.settings.folder / part) for h in (used, there))
        assert here == elsewhere
    with used.engine.connect() as one, there.engine.connect() as two:
        assert set(one.execute(lists)) == set(two.execute(lists))
    there.engine.dispose()


def test_a_night_that_is_made_again_meanwhile(
    used: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are of the new draft and its rows of the old one: the backup begins anew."""

    def again(time: int) -> None:
        if time == 1:
            with used.engine.begin() as connection:
                held = "(select min(offer) from promises where night = '2017-11-07')"
                connection.execute(text(f"update offers set state = 'paused' where id = {held}"))
            small_house.night(used, NEXT)

    times = interrupted(monkeypatch, again)
    made = back_up(used, tmp_path / "backups")
    assert len(times) == 2
    there = opened(restoring.into(made.folder, tmp_path / "there").folder)
    publish(there, NEXT)
    there.engine.dispose()

    interrupted(monkeypatch, lambda _: _forget_report(used))
    with pytest.raises(Busy, match="changed 5 times"):
        back_up(used, tmp_path / "more")
    assert list((tmp_path / "more").iterdir()) == []


def _forget_report(house: House) -> None:
    with house.engine.begin() as connection:
        report = connection.execute(
            select(tables.Run.report).where(tables.Run.night == NEXT)
        ).scalar_one()
        more = report | {"again": report.get("again", 0) + 1}
        connection.execute(update(tables.Run).where(tables.Run.night == NEXT).values(report=more))


def test_who_rewrites_the_past_is_waited_for(used: House, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = used.settings.paths.state / "promo.lock"
    monkeypatch.setattr(backing_up, "PATIENCE", 0.0)
    with only_one(lock, "forget"), pytest.raises(Busy, match="promo forget is at work"):
        back_up(used)
    with only_one(lock, "nightly"):
        back_up(used)
    back_up(used)


def test_the_past_rewritten_meanwhile(used: House, monkeypatch: pytest.MonkeyPatch) -> None:
    part = sorted((used.settings.paths.lake / "scans").rglob("*.parquet"))[0]

    def rewrite(time: int) -> None:
        if time == 1:
            whole = part.read_bytes()
            part.unlink()
            part.with_suffix(".new").write_bytes(whole)
            part.with_suffix(".new").rename(part)

    assert len(interrupted(monkeypatch, rewrite)) == 0
    back_up(used)


@pytest.mark.parametrize("fault", ["missing", "changed", "more", "rows", "manifest", "outside"])
def test_a_backup_that_is_not_whole_is_refused(used: House, tmp_path: Path, fault: str) -> None:
    made = back_up(used, tmp_path / "backups").folder
    manifest = made / "backup.json"
    raw = json.loads(manifest.read_text())
    name = raw["tables"][0]["files"][0]
    if fault == "missing":
        (made / name).unlink()
        match = f"{name} is missing"
    elif fault == "changed":
        data = bytearray((made / name).read_bytes())
        data[len(data) // 2] ^= 1
        (made / name).write_bytes(bytes(data))
        match = f"{name} is not what was written"
    elif fault == "more":
        (made / "house" / "more").write_text("x")
        match = "more does not belong to it"
    elif fault == "manifest":
        manifest.unlink()
        match = r"no backup\.json"
    elif fault == "rows":
        raw["tables"][0]["rows"] += 1
        manifest.write_text(json.dumps(raw))
        match = "rows, expected"
    else:
        raw["files"]["../code.key"] = raw["files"].pop(name)
        manifest.write_text(json.dumps(raw))
        match = "not what `promo backup` wrote"
    with pytest.raises(BackupError, match=match):
        restoring.into(made, tmp_path / "house")
    assert not (tmp_path / "house").exists()


def test_a_newer_backup_is_refused(used: House, tmp_path: Path) -> None:
    made = back_up(used, tmp_path / "backups").folder
    manifest = made / "backup.json"
    raw = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(raw | {"revision": "9999"}))
    with pytest.raises(DatabaseError, match="newer promo"):
        restoring.into(made, tmp_path / "house")
    manifest.write_text(json.dumps(raw | {"format": 2}))
    with pytest.raises(BackupError, match="format 2"):
        restoring.into(made, tmp_path / "house")


def test_a_house_that_is_there_is_never_touched(used: House, tmp_path: Path) -> None:
    made = back_up(used, tmp_path / "backups").folder
    own = used.settings.folder
    before = {name: digest for name, digest in contents(own).items() if "promo." not in name}
    with pytest.raises(BackupError, match="is not empty"):
        restoring.into(made, used.settings.folder)
    with pytest.raises(BackupError, match="lake is not empty"):
        restoring.by_settings(made, used.settings)
    shutil.rmtree(used.settings.paths.lake)
    shutil.rmtree(used.settings.paths.models)
    shutil.rmtree(used.settings.paths.out)
    with pytest.raises(BackupError, match=r"database .*promo\.db is not empty"):
        restoring.by_settings(made, used.settings)
    after = {name: digest for name, digest in contents(own).items() if "promo." not in name}
    gone = ("lake/", "models/", "out/")
    assert after == {n: d for n, d in before.items() if not n.startswith(gone)}


def test_into_the_places_that_settings_name(used: House, tmp_path: Path) -> None:
    made = back_up(used, tmp_path / "backups").folder
    house = tmp_path / "new"
    house.mkdir()
    shutil.copy(used.settings.folder / "config.yaml", house)
    small_house.change(house, "lake: lake", f"lake: {tmp_path / 'far' / 'lake'}")
    small_house.promo(house, "restore", str(made))
    assert (tmp_path / "far" / "lake" / "scans").is_dir()
    there = opened(house)
    assert there.last_delivery == used.last_delivery
    there.engine.dispose()
    other = back_up(opened(house), tmp_path / "backups").folder
    with pytest.raises(BackupError, match=r"paths\.lake .* outside of the house"):
        restoring.into(other, tmp_path / "third")
    assert not list(tmp_path.glob("*third*"))


def test_a_house_is_never_made_in_its_backup(used: House, tmp_path: Path) -> None:
    made = back_up(used, tmp_path / "backups").folder
    before = contents(made)
    new = str(made / "house" / "new")
    said = small_house.promo(used, "restore", str(made), "--into", new, code=2).output
    assert f"{new} lies in the backup {made}" in said
    house = tmp_path / "new"
    house.mkdir()
    shutil.copy(used.settings.folder / "config.yaml", house)
    for name in ("state", "out"):
        settings = config.load(house / "config.yaml")
        paths = settings.paths.model_copy(update={name: made / "new"})
        with pytest.raises(Entangled, match="new lies in the backup"):
            restoring.by_settings(made, settings.model_copy(update={"paths": paths}))
    assert contents(made) == before
    assert not (made / "new").exists()


def test_what_breaks_leaves_no_house(
    used: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = back_up(used, tmp_path / "backups").folder
    house = tmp_path / "new"
    house.mkdir()
    shutil.copy(used.settings.folder / "config.yaml", house)

    def breaks(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(table_files, "load", breaks)
    with pytest.raises(OSError, match="No space"):
        restoring.by_settings(made, config.load(house / "config.yaml"))
    assert {p.name for p in house.iterdir()} <= {"config.yaml", "promo.db", "promo.lock"}
    with pytest.raises(OSError, match="No space"):
        restoring.into(made, tmp_path / "third")
    assert not list(tmp_path.glob("*third*"))
    monkeypatch.undo()
    restoring.by_settings(made, config.load(house / "config.yaml"))
    restoring.into(made, tmp_path / "third")


def test_a_backup_of_the_database_alone(used: House, tmp_path: Path) -> None:
    made = backing_up.back_up_database(used.engine, schema.REVISION, tmp_path / "backups").folder
    with pytest.raises(BackupError, match="a database alone"):
        restoring.into(made, tmp_path / "house")
    used.engine.dispose()
    for path in used.settings.folder.glob("promo.db*"):
        path.unlink()
    restoring.by_settings(made, used.settings)
    again = opened(used.settings.folder)
    other = back_up(again, tmp_path / "backups")
    assert contents(other.folder / "tables") == contents(made / "tables")
    again.engine.dispose()


def test_the_commands(used: House, tmp_path: Path) -> None:
    said = small_house.promo(used, "backup").output
    folder = next(iter(used.settings.paths.backups.iterdir()))
    assert str(folder) in said
    assert "keep code.key elsewhere" in said
    assert "is whole" in small_house.promo(used, "restore", str(folder), "--check").output
    small_house.promo(used, "backup", "--to", str(tmp_path / "far"), "--with-secrets")
    made = next(iter((tmp_path / "far").iterdir()))
    new = tmp_path / "new"
    assert "restored as it was" in small_house.promo(
        used, "restore", str(made), "--into", str(new)
    ).output  # fmt: skip
    small_house.promo(new, "publish", "--day", f"{NEXT}")
    small_house.promo(used, "restore", str(tmp_path), "--into", str(tmp_path / "x"), code=3)
    assert len(STORES) < 8
