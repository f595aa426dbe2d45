"""A journal that head office has all of is put aside, and the next one goes on from it."""

import os
import shutil
from pathlib import Path

import pytest

from checkout.pack.journals import NOW, STORES, content, journaled, lines, store_db, tables
from promo.checkout.pack import closing
from promo.checkout.pack.chain import JournalError
from promo.checkout.pack.changes import MUTABLE
from promo.checkout.pack.closing import close, closed_before, mark_sent, place_of, sent
from promo.checkout.pack.journal import Journal
from promo.checkout.pack.journal_reading import begun, verify
from promo.checkout.pack.journaled import start
from promo.files import Busy


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of three decisions."""
    found = tmp_path / "journal"
    with Journal.open(found, STORES, NOW) as journal:
        for number in (1, 2, 3):
            journal.append(content(number))
    return found


def test_nothing_is_put_aside_that_head_office_may_not_have(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(JournalError, match="the last 3 decisions of"):
        close(path, NOW)
    mark_sent(path, place_of(path, 2))
    assert sent(path) == place_of(path, 2)
    with pytest.raises(JournalError, match="the last decision of"):
        close(path, NOW)
    with pytest.raises(JournalError, match="ends with decision 3; it has no 4"):
        mark_sent(path, place_of(path, 4))
    path.with_name("journal.sent").write_text("{")
    assert sent(path).place.seq == 0
    assert path.read_bytes() == before


def test_a_journal_that_is_written_or_broken_is_not_closed(path: Path) -> None:
    mark_sent(path, place_of(path, 3))
    with Journal.open(path, STORES, NOW), pytest.raises(Busy):
        close(path, NOW)
    raw = path.read_bytes()
    for damaged in (raw.replace(b"milk", b"malk", 1), raw + b"{"):
        path.write_bytes(damaged)
        with pytest.raises(JournalError):
            close(path, NOW)
        assert path.read_bytes() == damaged


def test_the_next_one_goes_on_from_it(path: Path) -> None:
    mark_sent(path, place_of(path, 3))
    raw, before = path.read_bytes(), verify(path)
    aside = close(path, NOW)
    assert aside.name == f"journal.{before.head.journal}"
    assert aside.read_bytes() == raw
    head, first = begun(path)
    assert head.after == {"journal": before.head.journal, "seq": 3, "chain": before.place.chain}
    assert head.journal != before.head.journal
    assert (first.seq, sent(path).place) == (0, first)
    assert closed_before(path) == [aside]
    with Journal.open(path, STORES, NOW) as journal:
        assert journal.append(content(4)) == 1


def test_a_closing_that_was_killed_in_the_middle(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark_sent(path, place_of(path, 3))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(closing, "begin", killed)
        with pytest.raises(KeyboardInterrupt):
            close(path, NOW)
    assert verify(path).place.seq == 3  # it is as it was, and closing begins anew
    aside = close(path, NOW)
    assert verify(aside).place.seq == 3
    assert verify(path).place.seq == 0


def test_a_store_db_is_made_again_from_all_that_lie_there(tmp_path: Path) -> None:
    names = {name: tmp_path / f"{name}.db" for name in ("whole", "behind", "first")}
    path = tmp_path / "journal"
    for each in names.values():
        store_db(each).close()
    for number in (1, 2, 3):
        driver = store_db(names["whole"])
        with start(driver, path, STORES, NOW) as journal:
            statements = journaled(names["whole"], journal)
            statements.driver.execute("pragma foreign_keys = off")
            for uses in (10 * number, 10 * number + 1):
                sql = f"insert into offer_counters values ('o{uses}', {uses}, 0)"
                statements.change(sql, ())
                if uses == 20:
                    statements.rows("pragma wal_checkpoint(truncate)", ())
                    shutil.copy(names["whole"], names["behind"])
            statements.close()
        driver.close()
        if number < 3:
            mark_sent(path, place_of(path, 2))
            close(path, NOW)
    assert len(closed_before(path)) == 2
    whole = store_db(names["whole"])
    for name in ("behind", "first"):
        driver = store_db(names[name])
        start(driver, path, STORES, NOW).close()
        assert tables(driver, MUTABLE) == tables(whole, MUTABLE)
        assert len(tables(driver, MUTABLE)["offer_counters"]) == 6
        driver.close()
    whole.close()
    oldest, older = closed_before(path)
    oldest.unlink()
    assert closed_before(path) == [older]  # as far back as they lie there
    os.truncate(older, begun(older)[1].end)
    with pytest.raises(JournalError, match="ends with decision 0; it has no 2"):
        closed_before(path)


def test_a_closed_journal_that_is_another_one(path: Path) -> None:
    mark_sent(path, place_of(path, 3))
    aside = close(path, NOW)
    aside.write_bytes(lines([1, 2, 3])[0])
    with pytest.raises(JournalError, match="does not end with the decision that the next journal"):
        closed_before(path)
