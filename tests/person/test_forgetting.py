"""Who is forgotten is nowhere any more, every total is what it was, and a kill changes neither."""

import csv
import json
import mailbox
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from checkout.shop import Tills, named, open_shop
from checkout.till import CARD, NAME, running
from click.testing import CliRunner
from drafts import KEYS
from small_house import FIRST, feed, promo, scan
from sqlalchemy import Engine, func, select, update
from traces import pages, traces

from person import people
from promo import config, files, tables
from promo.calendar import BUCKETS, bucket
from promo.cli import main
from promo.house import House
from promo.person import forgetting, jobs, lines, prints, rows, totals
from promo.scans import lake
from promo.shoppers import profile_store


def values(house: House, row: Any) -> list[str]:
    """What may stand nowhere, as a person would write it down."""
    return [f"c{row.shopper}", row.code, row.code[16:], f"O'Brien-{row.shopper}",
            f"{row.shopper} Larkspur", f"zoe.{row.shopper}@"]  # fmt: skip


def forget(house: House, row: Any, code: int = 0, *more: str) -> str:
    return promo(house, "forget", f"c{row.shopper}", "--yes", *more, code=code).output


def test_nothing_is_left_and_totals_stay(home: House) -> None:
    row, other = people.listed(home)[:2]
    people.sell(home, row, "s1")
    people.sell(home, other, "s2")
    people.quote(home, row)
    people.earlier_issue(home.engine, row)
    before, folder = people.sums(home), home.settings.folder
    assert len({trace.rpartition(": ")[2] for trace in traces(folder, values(home, row))}) == 6
    said = forget(home, row)
    assert "1 households are forgotten" in said
    assert "OTHER" not in said
    home.engine.dispose()
    assert traces(folder, values(home, row)) == []
    assert traces(folder, [f"c{other.shopper}"])
    assert people.sums(home) == before
    assert len(people.listed(home)) == 30
    profile = profile_store.read(home.settings.paths.lake, range(BUCKETS))
    assert row.shopper not in profile["shopper"]
    scans = lake.read_parts(lake.parts(home.settings.paths.lake))
    assert row.shopper not in scans["shopper"]
    assert scans.filter(pl.col("shopper").is_null())["bucket"].unique().to_list() == [-1]
    quoted = (home.settings.paths.state / "rejects" / "cards-x.csv").read_text(encoding="utf-8")
    assert quoted == "file,line,field,value,expected\nx.csv,2,card,c-other,else\n"
    assert [people.bring_back(home, name) for name in ("s1", "s2")] == [200, 200]
    promo(home, "lookup", row.code, code=13)
    promo(home, "forget", f"c{row.shopper}", "--yes", code=3)  # nobody any more


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_whoever_is_not_sure_forgets_nobody(home: House, answer: str) -> None:
    config_path = str(home.settings.folder / "config.yaml")
    words = ["--config", config_path, "forget", "c200", "--household", "201"]
    found = CliRunner().invoke(main, words, input=answer, catch_exceptions=False)
    assert "Forget the households of 1 cards and 1 ids for good?" in found.stdout
    assert (found.stderr, found.exit_code) == ("Nothing was forgotten.\n", 3)
    assert jobs.unfinished(home.engine) == []
    assert len(people.listed(home)) == 31


def entries(out: Path, table: str, name: str) -> list[dict[str, str]]:
    """The rows of a manifest or an index about a file."""
    with (out / table).open(encoding="utf-8") as file:
        return [entry for entry in csv.DictReader(file) if entry["file"] == name]


def mails(out: Path) -> list[bytes]:
    with closing(mailbox.mbox(out / "email.mbox", create=False)) as box:
        return [message.as_bytes() for message in box]


def test_others_keep_their_pages(home: House) -> None:
    row = people.listed(home)[5]
    out = home.settings.paths.out / FIRST.isoformat()
    names = ("lists.pdf", "mail.pdf")
    before = {name: (pages(out / name), entries(out, "manifest.csv", name)) for name in names}
    sent = mails(out)
    forget(home, row)
    for name, (text, manifest) in before.items():
        left = pages(out / name)
        kept = [entry for entry in manifest if entry["list_code"] != row.code]
        starts = [int(entry["page"]) - 1 for entry in kept]
        expected = [text[at : at + int(e["pages"])] for at, e in zip(starts, kept, strict=True)]
        found = [
            left[int(e["page"]) - 1 :][: int(e["pages"])]
            for e in entries(out, "manifest.csv", name)
        ]
        assert (found, len(left)) == (expected, sum(map(len, expected)))
    index = entries(out, "index.csv", "email.mbox")
    data = (out / "email.mbox").read_bytes()
    boxed = mails(out)
    assert boxed == [mail for mail in sent if f"{row.shopper}@".encode() not in mail]
    assert len(boxed) == len(index) == len(sent) - 1
    for entry in index:
        piece = data[int(entry["offset"]) :][: int(entry["length"])]
        assert piece.startswith(b"From: ")
        assert piece.endswith(b"--\r\n")
    html = (out / "lists.html").read_text(encoding="utf-8")
    assert html.count("<article") == html.count("</article>") == 30
    for line in (out / "sha256sums").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ", 1)
        assert files.sha256(out / name) == digest
    with home.engine.connect() as connection:
        run = connection.execute(select(tables.Run.report, tables.Run.forgotten)).one()
    assert (json.loads((out / "run.json").read_text(encoding="utf-8")), 1) == tuple(run)


def test_a_draft_may_still_be_published(home: House) -> None:
    with home.engine.begin() as connection:
        report = {**people.report(connection, FIRST), "unmet_bands": ["207", "208"]}
        connection.execute(update(tables.Run).values(state="draft", report=report))
    out = home.settings.paths.out / FIRST.isoformat()
    (out / "run.json").write_text(json.dumps(report), encoding="utf-8")
    forget(home, next(row for row in people.listed(home) if row.shopper == "207"))
    with home.engine.connect() as connection:
        assert people.report(connection, FIRST)["unmet_bands"] == [rows.FORGOTTEN, "208"]
    promo(home, "publish", "--day", f"{FIRST}")


class Killed(BaseException):
    """The process ended here."""


def once(real: Callable[..., Any], after: int) -> Callable[..., Any]:
    """Do what `real` does so many times; be killed instead of the next."""
    left = [after]

    def dies(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return real(*args, **kwargs)

    return dies


KILLS = [
    (lake, "write", 1), (profile_store, "refold", 0), (prints, "cut_pages", 1),
    (prints, "swap_in", 0), (shutil, "rmtree", 1), (totals, "of_database", 1),
    (jobs, "_set", 2), (jobs, "_clean", 0),
]  # fmt: skip


@pytest.mark.parametrize(("where", "name", "after"), KILLS)
def test_killed_and_finished(
    home: House, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, after: int
) -> None:
    row = people.listed(home)[3]
    before, folder = people.sums(home), home.settings.folder
    with monkeypatch.context() as patched:
        patched.setattr(where, name, once(getattr(where, name), after))
        with pytest.raises(Killed):
            forget(home, row)
    said = promo(home, "publish", "--day", f"{FIRST}").stderr
    assert "finished" in said or "cleaned up after" in said
    assert "Left" not in said
    assert promo(home, "publish", "--day", f"{FIRST}").stderr == ""
    home.engine.dispose()
    assert traces(folder, values(home, row)) == []
    assert people.sums(home) == before


def test_a_total_that_would_move_stops_it(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    row = people.listed(home)[0]
    people.sell(home, row, "s1")
    before = people.sums(home)
    wrong = tuple(
        rows.Rows(p.table, p.holds, p.found, p.erased, p.where)  # deleted where it is to be cut
        for p in rows.TABLES
    )
    monkeypatch.setattr(rows, "TABLES", wrong)
    said = forget(home, row, 3)
    assert "Totals would move, and must not: redemptions by offer, store, day and kind" in said
    assert people.sums(home) == before
    assert len(people.listed(home)) == 31


def test_a_rewrite_that_changes_more_is_not_written(home: House) -> None:
    [part, *_] = lake.parts(home.settings.paths.lake)
    data = part.read_bytes()
    with pytest.raises(lines.Differs, match="left as it is"):
        lines.rewrite([part], lambda frame: frame.with_columns(paid=pl.col("paid") + 1))
    assert part.read_bytes() == data


def test_the_search_finds_what_the_map_does_not_know(home: House, tmp_path: Path) -> None:
    row = people.listed(home)[0]
    email = f"zoe.{row.shopper}@example.org"
    with home.engine.begin() as connection:
        connection.execute(update(tables.Store).values(name=f"ask {email}"))
    log = tmp_path / "cron.log"
    log.write_text(f"mailed <{email}>\n", encoding="utf-8")
    (home.settings.paths.models / "notes.txt").write_text(f"({row.code[3:]})", encoding="utf-8")
    said = forget(home, row, 3, "--logs", str(log))
    assert "Left: email in table stores, column name" in said
    assert f"Left: email in {log}" in said
    assert "Left: list code in" in said
    assert email not in said


def test_what_others_have_too_is_not_searched(home: House) -> None:
    row, other = people.listed(home)[:2]
    with home.engine.begin() as connection:
        one = tables.Shopper.id == other.shopper
        connection.execute(
            update(tables.Shopper).where(one).values(line1=people.facts(row.shopper)["line1"])
        )
    assert "Not searched for, being short or others' as well: line1\n" in forget(home, row)


def test_late_lines_come_in_without_the_card(home: House) -> None:
    row = people.listed(home)[0]
    forget(home, row)
    late = scan(row.shopper, people.TODAY - timedelta(1), 7, "150", 321)
    later = scan(row.shopper, people.TODAY + timedelta(1), 8, "150", 123)
    feed(home, [late, later | {"transaction": "x"}], "late.csv")
    found = lake.read_parts(lake.parts(home.settings.paths.lake)).filter(
        pl.col("paid").is_in([321, 123]), pl.col("business_day") >= people.TODAY - timedelta(1)
    ).sort("paid").select("card", "shopper", "bucket").rows()  # fmt: skip
    card = f"c{row.shopper}"
    assert found == [(card, f"card:{card}", bucket(f"card:{card}")), (None, None, -1)]


def test_tills_on_both_databases(settings: config.Settings, engine: Engine, folder: Path) -> None:
    open_shop(engine)
    house = House(settings, engine)
    with running(settings, engine) as live:
        tills = Tills(live, engine)
        tills.do("redeem", "milk 1 500, eggs 1 300")
        tills.do("reserve", "jam 2 300", "2")
        with engine.connect() as connection:
            before = totals.of_database(connection)
        done = forgetting.forget(house, KEYS, [CARD], ())
        with engine.connect() as connection:
            assert totals.of_database(connection) == before
        assert (done.households, done.found) == (1, [])
        assert tills.give_back("3", of="1").status == 200
        assert tills.void(of="1").status == 200
    with engine.connect() as connection:
        use = tables.Redemption
        mine = connection.execute(select(func.count()).where(use.shopper.is_not(None))).scalar()
        gone = connection.execute(select(func.sum(use.uses), func.sum(use.money))).one()
        state = connection.execute(select(tables.HouseholdChange.__table__)).mappings().one()
    assert (mine, tuple(map(int, gone))) == (0, (0, 0))
    assert (state["state"], state["work"], state["households"]) == ("done", None, 1)
    url = engine.url.render_as_string(hide_password=False)
    engine.dispose()
    assert traces(folder, [CARD, NAME, named()["store"] + "-none"], url) == []
