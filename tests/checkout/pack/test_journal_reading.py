"""A decision is found without reading what stands before it; who reads on sees what is whole."""

import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout.pack.journals import NOW, STORES, content, lines, written
from promo.checkout.pack.chain import (
    FORMAT,
    Broken,
    JournalError,
    Record,
    as_text,
    chained,
    line_of,
    read_head,
)
from promo.checkout.pack.journal import Journal
from promo.checkout.pack.journal_reading import NEAR, begun, find, follow, records, verify

PATH = Path("journal")


@settings(max_examples=20)
@given(st.lists(st.sampled_from([0, 100, 5000, NEAR, 3 * NEAR]), max_size=20), st.data())
def test_a_decision_is_found_by_halving(sizes: list[int], data: st.DataObject) -> None:
    raw, ends = lines(sizes)
    torn = data.draw(st.sampled_from([b"", b"{", b'{"seq":' + b"%d," % (len(sizes) + 1)]))
    file = io.BytesIO(raw + torn)
    _, first = read_head(file, PATH)
    found = [each for each in follow(file, first, PATH) if isinstance(each, Record)]
    places = [first, *(each.place for each in found)]
    assert [place.end for place in places] == ends
    for seq in {0, len(sizes) // 2, len(sizes), len(sizes) + 5}:
        assert find(file, first, seq, PATH) == places[min(seq, len(sizes))]


def test_little_is_read_to_find_one() -> None:
    class Counting(io.BytesIO):
        got = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            Counting.got += len(line)
            return line

    raw, ends = lines([2000] * 3000)
    file = Counting(raw)
    _, first = read_head(file, PATH)
    assert find(file, first, 1777, PATH).end == ends[1777]
    assert Counting.got < len(raw) / 30


def test_who_reads_while_another_writes_sees_whole_decisions(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal.open(path, STORES, NOW) as journal:
        journal.append(content(1))
        assert [each.seq for each in records(path)] == [1]
        with path.open("ab") as file:  # as if in the middle of a write
            file.write(journal.next_line(content(2)).raw[:50])
        assert [each.seq for each in records(path)] == [1]
        assert [each.seq for each in journal.records()] == [1]
        assert verify(path).torn == 50


def test_who_reads_is_told_only_what_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    raw, ends = lines([0, 0, 0])
    path.write_bytes(raw[: ends[2]])
    sync, synced = os.fsync, []

    def syncs(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)
        sync(descriptor)
        path.write_bytes(raw)  # one more comes while the disk is asked

    monkeypatch.setattr(os, "fsync", syncs)
    assert [each.seq for each in records(path)] == [1, 2]
    assert synced == [ends[2]]


def test_what_a_record_says(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path, [0, 0])
    head, first = begun(path)
    one, two = records(path)
    assert (head.journal, list(head.stores), head.made) == ("0" * 32, STORES, NOW)
    assert one.chain == chained(first.chain, one.text)
    assert two.chain == chained(one.chain, two.text)
    assert two.content["name"] == ["1", "3", "2017-11-08", "2"]
    [change] = two.changes
    assert (change.do, change.table, change.row) == (
        "insert", "offer_counters", {"offer": "milk", "uses": 2, "money": 200}
    )  # fmt: skip


def test_what_is_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with pytest.raises(JournalError, match="There is no journal"):
        verify(path)
    for raw in (b"", b"\n", b"SQLite format 3\0", line_of(b"[1]", "")[0],
                line_of(as_text({"journal": 1}), "")[0]):  # fmt: skip
        path.write_bytes(raw)
        with pytest.raises(Broken, match=r"line 1 .* it is not the head of a journal"):
            verify(path)
    said = {"journal": "0", "format": FORMAT + 1, "stores": [], "made": NOW.isoformat()}
    path.write_bytes(line_of(as_text(said), "")[0])
    with pytest.raises(JournalError, match="is of format 2; this promo reads format 1"):
        verify(path)


def test_a_decision_that_is_chained_and_says_nothing_known(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    raw = lines([])[0]
    chain = raw[-65:-1].decode()
    for said in ({"seq": 1, "at": 0}, {"seq": 1, "changes": [{"do": "insert", "table": "cards"}]}):
        path.write_bytes(raw + line_of(as_text(said), chain)[0])
        [record] = records(path)
        with pytest.raises(JournalError, match="Decision 1 is none that this promo can read"):
            _ = record.changes
    path.write_bytes(raw + line_of(as_text({"seq": 2, "at": 0}), chain)[0])
    with pytest.raises(Broken, match="expected decision 1"):
        verify(path)
