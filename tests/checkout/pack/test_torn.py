"""Every byte that is changed is found; what a power cut leaves never costs a whole decision."""

import io
import random
from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path

import pytest

from checkout.pack.journals import NOW, STORES, content, lines, written
from promo.checkout.pack.chain import Broken
from promo.checkout.pack.journal import Journal
from promo.checkout.pack.journal_reading import records, verify, verify_file
from promo.checkout.pack.torn import SECTOR

NAME = Path("journal")
ODD = {0, 9, 10, 32, 34, 48, 97, 123, 255}  # bytes that mean something here, and some that do not


def checked(raw: bytes) -> tuple[int, int]:
    """How many decisions bytes hold, and how many bytes are torn. Raises Broken."""
    report = verify_file(io.BytesIO(raw), NAME)
    return report.place.seq, report.torn


@pytest.mark.parametrize(("sizes", "bits"), [([0, 0], range(8)), ([300, 191], (0, 7))])
def test_every_byte_that_is_changed_is_found(sizes: list[int], bits: Sequence[int]) -> None:
    whole, ends = lines(sizes)
    raw = bytearray(whole)
    assert checked(bytes(raw)) == (2, 0)
    for at, was in enumerate(list(raw)):
        line = sum(end <= at for end in ends) + 1
        for value in {was ^ 1 << bit for bit in bits} | ODD - {was}:
            raw[at] = value
            with pytest.raises(Broken, match=rf"journal, line {line} \(bytes "):
                checked(bytes(raw))
        raw[at] = was


def test_a_zero_at_an_end_of_the_last_line_wherever_a_sector_begins() -> None:
    for size in range(SECTOR):
        raw, ends = lines([size, 0])
        first = raw[: ends[1]] + b"\0" + raw[ends[1] + 1 :]
        for changed in (first, raw[:-1] + b"\0", raw[:-1] + b" ", raw[:-1] + b"a"):
            with pytest.raises(Broken, match="line 3 "):
                checked(changed)


def test_of_a_cut_journal_every_whole_decision_is_left(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    ends = written(path, [0, 600, 30])
    raw = path.read_bytes()
    for cut in range(ends[0]):
        with pytest.raises(Broken, match="line 1 "):
            checked(raw[:cut])
    for cut in range(ends[0], len(raw) + 1):
        # A decision that lacks its line end only is whole: its chain says so.
        whole = max(seq for seq, end in enumerate(ends) if end - (seq > 0) <= cut)
        torn = 0 if ends[whole] - 1 == cut else cut - ends[whole]
        assert checked(raw[:cut]) == (whole, torn)


def test_a_cut_journal_goes_on(tmp_path: Path) -> None:
    ends = written(tmp_path / "whole", [0, 0, 300])
    raw = (tmp_path / "whole").read_bytes()
    for cut in (ends[1], ends[1] + 1, ends[2] - 1, ends[2], ends[3] - 66, ends[3] - 2, ends[3] - 1):
        path = tmp_path / f"{cut}"
        path.write_bytes(raw[:cut])
        before, torn = checked(raw[:cut])
        with Journal.open(path, STORES, NOW) as journal:
            assert journal.append(content(9)) == before + 1
            assert bool(journal.mended) == (torn > 0 or cut not in ends)
        assert verify(path).torn == 0
        assert [each.content["changes"][0]["row"]["uses"] for each in records(path)] == [
            *range(1, before + 1), 9
        ]  # fmt: skip


def test_sectors_that_a_disk_did_not_write_are_torn(tmp_path: Path) -> None:
    """Of the last line any sectors may be there, and the others read as zeros."""
    path = tmp_path / "journal"
    ends = written(path, [0, 1500])
    raw = path.read_bytes()
    edges = [ends[1], *range(-(-ends[1] // SECTOR) * SECTOR, len(raw), SECTOR), len(raw)]
    parts = list(pairwise(edges))
    assert len(parts) > 3
    for kept in product([True, False], repeat=len(parts)):
        found = raw[: ends[1]] + b"".join(
            raw[first:end] if here else bytes(end - first)
            for (first, end), here in zip(parts, kept, strict=True)
        )
        assert checked(found) == ((2, 0) if all(kept) else (1, len(raw) - ends[1])), kept


def test_zeros_where_no_disk_leaves_them_are_no_torn_tail(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    ends = written(path, [0, 1500, 0])
    raw, chance = path.read_bytes(), random.Random(7)
    for _ in range(300):
        first = chance.randrange(ends[1])  # not of the last line
        some = chance.randint(1, ends[2] - first)
        with pytest.raises(Broken):
            checked(raw[:first] + bytes(some) + raw[first + some :])


def test_zeros_behind_the_last_line_that_no_disk_leaves_there() -> None:
    raw, ends = lines([0, 0, 0])
    to_edge, begun = -ends[3] % SECTOR, b'{"seq":4,"at":"'
    assert checked(raw + bytes(to_edge) + b'milk"') == (3, to_edge + 5)
    assert len(begun) != to_edge
    for more in (begun + bytes(2 * SECTOR), bytes(to_edge) + b"\xff", bytes(to_edge) + b"\ta\t",
                 bytes(to_edge - 1) + b"a"):  # fmt: skip
        with pytest.raises(Broken, match="line 5 "):
            checked(raw + more)


@pytest.mark.parametrize(
    "more",
    [b"\n", b"x", b"{", b'{"seq":5,', b'{"seq":4,"a":"\x80', b'{"seq":4,"a":1}\tffff', b"\t",
     b'{"seq":4,"a":1}\n', b'{"seq":4,\0"at"', b"\0{'"],
)  # fmt: skip
def test_what_is_no_beginning_of_a_decision_is_no_torn_tail(tmp_path: Path, more: bytes) -> None:
    ends = written(tmp_path / "journal", [0, 0, 0])
    raw = (tmp_path / "journal").read_bytes()
    if more == b"{":
        assert checked(raw + more) == (3, 1)
        return
    with pytest.raises(Broken, match=rf"line 5 \(bytes {ends[3]:,} to"):
        checked(raw + more)
