"""Journals over the line: once whatever is cut, repeated, reordered or sent by two at once."""

import errno
import http.client
import json
import random
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select

from checkout.pack.stores import Store, answered, batch, found, sync_key
from checkout.shop import basket, counters, open_shop, rows, sums
from checkout.test_fuzz import VALUES
from checkout.till import NOW, Answer, Running, new_key, running
from promo import cli, tables
from promo.checkout import bodies
from promo.checkout.pack import closing, journal_bodies, syncing
from promo.checkout.pack.chain import JournalError, chained
from promo.checkout.pack.journal import Journal
from promo.checkout.pack.sending import Sending
from promo.checkout.pack.syncing import LineDown, Sender, Stuck, Where
from promo.checkout.refusals import REFUSALS
from promo.checkout.service_address import Address
from promo.config import Settings

LIMITS = {"requests_per_second": 1e6, "burst": 10**6}


class Line:
    """A store with some sales, and head office."""

    def __init__(self, live: Running, engine: Engine, store: Store) -> None:
        self.live, self.engine, self.store = live, engine, store
        self.key = sync_key(engine)
        self.where = Where(Address.of(f"http://127.0.0.1:{live.port}"), self.key)

    def send(self, *numbers: int, **changes: Any) -> Answer:
        """Some decisions, by their numbers."""
        all_ = self.store.records
        body = self.store.body([all_[number - 1] for number in numbers]) | changes
        return self.live.ask("/v1/journal", body, self.key)

    def is_whole(self) -> bool:
        """Whether head office has every sale of the store once."""
        booked = {row.transaction for row in rows(self.engine)}
        return (
            len(rows(self.engine)) == len(booked) == len(self.store.records)
            and counters(self.engine) == sums(self.engine)
            and not found(self.engine)
        )

    def place(self) -> int | None:
        """How far head office says it is."""
        with self.engine.connect() as connection:
            return connection.execute(select(tables.Journal.seq)).scalar()


def put_back(engine: Engine) -> None:
    """Head office as it was before any journal came."""
    with engine.begin() as connection:
        for table in (tables.TillAnswer, tables.Redemption, tables.OfferCounter, tables.Journal):
            connection.execute(delete(table))


def send_all(path: Path, where: Where) -> int:
    """What a sender that knows nothing yet does."""
    with Sender(path, where) as sender:
        return sender.send()


MILK = {"products": ["internal:milk"], "uses": {"per_list": 50}}
SHOP: dict[str, Any] = {"offers": {"milk": MILK}, "uses": 50}


def _line(live: Running, engine: Engine, settings: Settings, folder: Path, sales: int = 6) -> Line:
    open_shop(engine, **SHOP)
    store = Store(folder / "store", settings, **SHOP)
    for number in range(1, sales + 1):
        store.sell("milk 1 300", f"{number}")
    return Line(live, engine, store)


@pytest.fixture
def line(settings: Settings, engine: Engine, tmp_path: Path) -> Iterator[Line]:
    with running(settings, engine, **LIMITS) as live:
        yield _line(live, engine, settings, tmp_path)


@pytest.fixture
def one(settings: Settings, sqlite_engine: Engine, tmp_path: Path) -> Iterator[Line]:
    """The same on SQLite alone."""
    with running(settings, sqlite_engine, **LIMITS) as live:
        yield _line(live, sqlite_engine, settings, tmp_path)


def test_repeated_reordered_and_cut(line: Line) -> None:
    assert line.send().json["seq"] == 0
    assert line.place() is None
    assert line.send(1, 2).json["seq"] == 2
    assert line.send(1, 2).json["seq"] == 2
    assert line.send(4, 5).json["seq"] == 2  # a gap
    assert line.send(2, 3).json["seq"] == 3
    assert line.send(6, 5, 4).json["seq"] == 3
    assert line.send(4).json["seq"] == 4
    assert line.send(*range(1, 7)).json["seq"] == 6
    assert line.is_whole()
    assert [row[-1] for row in answered(line.engine)] == [
        bytes.fromhex(json.loads(each.text)["changes"][-1]["row"]["answer"]["hex"])
        for each in line.store.records
    ]


def test_the_answer_says_which_decision_is_the_last(line: Line) -> None:
    head, records = line.store.journal.head.text, line.store.records
    assert line.send().json == {"seq": 0, "chain": chained("", head)}
    assert line.send(1, 2).json == {"seq": 2, "chain": records[1].chain}
    assert line.send(4).json == line.send().json == {"seq": 2, "chain": records[1].chain}


def test_senders_at_once_book_each_decision_once(line: Line) -> None:
    start = threading.Barrier(8, timeout=60)

    def send(seed: int) -> set[int]:
        chance = random.Random(seed)
        start.wait()
        found = set()
        while True:
            first = chance.randint(1, 6)
            got = line.send(*range(first, chance.randint(first, 6) + 1))
            assert got.status in (200, 503), got.body
            found.add(got.status)
            if got.status == 200 and got.json["seq"] == 6:
                return found

    with ThreadPoolExecutor(8) as threads:
        assert set().union(*threads.map(send, range(8))) >= {200}
    assert line.is_whole()


def test_what_was_decided_once_comes_in_another_journal(one: Line) -> None:
    assert one.send(1, 2, 3).json["seq"] == 3
    records = one.store.records
    head = json.dumps({"journal": "another"})
    chain, sent = chained("", head.encode()), []
    for each in records:
        chain = chained(chain, each.text)
        sent.append({"seq": each.seq, "json": each.text.decode(), "chain": chain})
    got = one.live.ask("/v1/journal", {"head": head, "records": sent}, one.key)
    assert got.json["seq"] == 6
    assert one.is_whole()
    assert one.send(4, 5, 6).json["seq"] == 6
    assert one.is_whole()


def test_a_journal_that_was_changed_or_put_back_is_told(one: Line) -> None:
    assert one.send(1, 2, 3).json["seq"] == 3
    third, fourth = one.store.records[2], one.store.records[3]
    for wrong, seq in ((third, 3), (fourth, 4)):
        body = one.store.body([wrong])
        body["records"][0]["chain"] = "0" * 64
        got = one.live.ask("/v1/journal", body, one.key)
        assert (got.status, got.refused) == (409, "forked")
        assert f"Decision {seq} " in got.json["detail"]
    assert one.place() == 3


def test_only_its_own_store_may_send_a_journal(one: Line) -> None:
    body = one.store.body()
    assert one.live.ask("/v1/journal", body, new_key(one.engine, "1", ("redeem",))).status == 403
    other = sync_key(one.engine, "2")
    assert one.live.ask("/v1/journal", body, other).refused == "other_store"
    assert one.place() is None
    assert one.send(1).json["seq"] == 1
    empty = batch(one.store.journal.head.text.decode(), [])
    assert one.live.ask("/v1/journal", empty, other).refused == "other_store"


# --- what comes is checked ------------------------------------------------------------------------


def _sent(one: Line, text: bytes) -> dict[str, Any]:
    """The first decision, of another text and chained rightly."""
    body = one.store.body(one.store.records[:1])
    chain = chained(chained("", body["head"].encode()), text)
    return body | {"records": [{"seq": 1, "json": text.decode(), "chain": chain}]}


def _changed(one: Line, where: tuple[Any, ...], value: object, record: int = 0) -> bytes:
    said = json.loads(one.store.records[record].text) | {"seq": 1}
    place: Any = said
    for part in where[:-1]:
        place = next(c["row"] for c in place if c["table"] == part) if (
            isinstance(place, list) and isinstance(part, str)) else place[part]  # fmt: skip
    place[where[-1]] = value
    return json.dumps(said, separators=(",", ":")).encode()  # what is no JSON number, too


ANSWER, USE = ("changes", "till_answers"), ("changes", "redemptions")


WRONG: list[tuple[tuple[Any, ...], object, str]] = [
    (("seq",), 2, "ValueError"),
    (("changes",), 3, "`changes`"),
    ((*ANSWER, "till"), "\u00e9", "`till`"),
    ((*ANSWER, "day"), "2017-02-30", "`day`"),
    ((*ANSWER, "day"), None, "`day`"),
    ((*ANSWER, "answer"), {"hex": "zz"}, "`answer.hex`"),
    ((*ANSWER, "answer"), {"hex": "7b7d"}, "`store`: is missing"),
    ((*ANSWER, "content"), "{", "ValueError"),
    ((*ANSWER, "content"), '{"sale": 3}', "TypeError"),
    ((*ANSWER, "content"), "[]", "not as a store machine writes it"),
    ((*ANSWER, "at"), "9999-12-31T23:59:59-23:00", "OverflowError"),
    ((*ANSWER, "digest"), "forgotten", "`digest`"),
    ((*ANSWER, "of_store"), "1", "ValueError"),
    ((*USE, "money"), "1", "`money`"),
    ((*USE, "money"), 2**70, "`money`"),
    ((*USE, "money"), 99, "ValueError"),
    ((*USE, "uses"), 2, "`uses`"),
    ((*USE, "kind"), "void", "`kind`"),
    ((*USE, "lines"), "{}", "KeyError"),
    ((*USE, "offer"), "a\u0000", "`offer`"),
]


def test_a_decision_of_another_form_is_refused_and_nothing_is_booked(one: Line) -> None:
    for where, value, named in WRONG:
        got = one.live.ask("/v1/journal", _sent(one, _changed(one, where, value)), one.key)
        assert (got.status, got.refused) == (400, "malformed"), got.body
        assert got.json["detail"].startswith("Decision 1: ")
        assert named in got.json["detail"]
    assert (one.place(), rows(one.engine)) == (None, [])
    assert one.send(1).json["seq"] == 1


@pytest.mark.parametrize("said", [r'"\ud800"', r'"\u0000"', r'["a", {"\u0000": 1}]', "1e99", "NaN",
                                  f"{2**60}"])  # fmt: skip
def test_what_no_database_takes_is_refused_wherever_it_stands(one: Line, said: str) -> None:
    one.store.void("1", "8")
    answer = json.loads(one.store.records[6].text)["changes"][-1]["row"]["answer"]["hex"]
    more = f'{{"x": {said}, '.encode() + bytes.fromhex(answer)[1:]
    for column, value in (("content", f'{{"x": {said}}}'), ("answer", {"hex": more.hex()})):
        text = _changed(one, (*ANSWER, column), value, 6)
        got = one.live.ask("/v1/journal", _sent(one, text), one.key)
        assert (got.status, got.refused) == (400, "malformed"), got.body
    assert one.place() is None


def test_a_store_voids_no_other_stores_sale(one: Line) -> None:
    one.store.void("1", "8")
    text = _changed(one, (*ANSWER, "of_store"), "2", 6)
    got = one.live.ask("/v1/journal", _sent(one, text), one.key)
    assert (got.status, got.refused) == (403, "other_store")
    assert (one.place(), answered(one.engine)) == (None, [])


def test_decisions_about_nothing_only_move_the_place(one: Line) -> None:
    for text in (
        b'{"seq":1,"changes":[]}',
        b'{"seq":1,"verb":"x","changes":[{"do":"insert","table":"new","row":{}}]}',
    ):
        assert one.live.ask("/v1/journal", _sent(one, text), one.key).json["seq"] == 1
        with one.engine.begin() as connection:
            connection.execute(delete(tables.Journal))
    assert rows(one.engine) == []


TEXT = st.one_of(VALUES.map(json.dumps), st.text(st.characters(min_codepoint=32, max_codepoint=126),
                                                 max_size=60))  # fmt: skip


@hypothesis_settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_is_sent_is_answered_as_documented(one: Line, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["body", "text", "changed"]))
    if kind == "body":
        body: object = data.draw(
            st.one_of(VALUES, st.fixed_dictionaries({"head": TEXT, "records": VALUES}))
        )
    else:
        text = data.draw(TEXT).encode()
        if kind == "changed":
            row = data.draw(st.sampled_from([ANSWER, USE]))
            [columns] = {tuple(change["row"]) for change in json.loads(
                one.store.records[0].text)["changes"] if change["table"] == row[1]}  # fmt: skip
            where = (*row, data.draw(st.sampled_from(columns)))
            text = _changed(one, where, data.draw(VALUES))
        body = _sent(one, text if text.isascii() else b"{}")
    got = one.live.ask("/v1/journal", json.dumps(body).encode(), one.key)
    assert got.status < 500, got.body
    if got.status == 200:
        journal_bodies.JOURNAL_TAKEN.validate_json(got.body, strict=True)
    else:
        bodies.REFUSED.validate_json(got.body, strict=True, extra="forbid")
        assert got.status == REFUSALS[got.refused].status
    with one.engine.begin() as connection:
        for table in (tables.Conflict, tables.Journal, tables.TillAnswer, tables.Redemption,
                      tables.OfferCounter):  # fmt: skip
            connection.execute(delete(table))


# --- the sender -----------------------------------------------------------------------------------


def test_a_sender_sends_what_head_office_lacks(line: Line) -> None:
    sender = Sender(line.store.path, line.where, batch=1)
    assert sender.send() == 6
    assert line.is_whole()
    line.store.sell("milk 1 300", "7")
    assert sender.send() == 7
    assert sender.send() == sender.progress.seq == closing.sent(line.store.path).place.seq == 7
    assert line.is_whole()
    sender.close()
    # Another one, which knows nothing, goes on from there.
    line.store.sell("milk 1 300", "8")
    assert send_all(line.store.path, line.where) == 8
    assert line.is_whole()


def test_head_office_that_was_put_back_is_sent_what_it_lacks(one: Line) -> None:
    sender = Sender(one.store.path, one.where, batch=1)
    sender.send()
    sender.close()
    put_back(one.engine)
    one.store.sell("milk 1 300", "7")
    assert sender.send() == 7
    assert one.is_whole()
    put_back(one.engine)
    assert sender.send() == 7  # also where nothing was decided meanwhile
    sender.close()
    assert one.is_whole()


def test_closed_journals_that_head_office_lost_are_sent_before(one: Line) -> None:
    path = one.store.path
    send_all(path, one.where)
    one.store.journal.close()
    aside = closing.close(path, NOW)
    send_all(path, one.where)
    closing.close(path, NOW)  # an empty one between
    put_back(one.engine)
    assert send_all(path, one.where) == 0
    assert len(rows(one.engine)) == 6
    put_back(one.engine)
    raw = aside.read_bytes()
    aside.write_bytes(raw.replace(b"milk", b"malk"))
    sending = Sending(Sender(path, one.where), 1.0, lambda _: None)
    with pytest.raises(JournalError, match=f"{aside.name}, line 2"):
        sending.sender.send()
    assert sending.sent == -1  # so that nothing is passed on to a head office that lacks it
    aside.write_bytes(raw)
    assert sending.sender.send() == sending.sent == 0
    assert len(rows(one.engine)) == 6
    sending.close()


def test_copies_of_a_journal_that_went_apart_are_told(one: Line, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "journal"
    copy.parent.mkdir()
    copy.write_bytes(one.store.path.read_bytes())
    one.store.sell("milk 1 300", "7")
    with Journal.open(copy, ["1"], NOW) as journal:
        journal.append({"changes": []})
    assert send_all(one.store.path, one.where) == 7
    with pytest.raises(Stuck, match=r"other decisions up to 7 than .*copy.* went apart"):
        send_all(copy, one.where)
    with pytest.raises(JournalError, match="not known to have the last 7 decisions"):
        closing.close(copy, NOW)


def test_a_mark_that_cannot_be_written_stops_nothing(one: Line) -> None:
    one.store.path.with_name("journal.sent").mkdir()
    with Sender(one.store.path, one.where, batch=1) as sender:
        assert sender.send() == 6
        one.store.sell("milk 1 300", "7")
        assert sender.send() == 7
    assert one.is_whole()


def test_a_journal_that_was_put_back_is_told(one: Line) -> None:
    kept = one.store.path.read_bytes()
    one.store.sell("milk 1 300", "7")
    send_all(one.store.path, one.where)
    one.store.path.write_bytes(kept)
    with pytest.raises(JournalError, match=r"ends with decision 6; it has no 7"):
        send_all(one.store.path, one.where)


def test_what_head_office_refuses_is_said(one: Line) -> None:
    with pytest.raises(Stuck, match=r"no_key.*Nothing is lost"):
        send_all(one.store.path, Where(one.where.at, "promo-1-x"))


class Cutting(BaseHTTPRequestHandler):
    """A line that cuts: it passes a request on, or does not, and answers it, or does not."""

    chance = random.Random(8)
    port = 0

    def fate(self) -> str:
        """What becomes of a request."""
        fates = ["lost", "unanswered", "cut", "twice", "fine", "busy", "proxy"]
        return self.chance.choice(fates)

    def do_POST(self) -> None:
        """One request."""
        raw = self.rfile.read(int(self.headers["content-length"]))
        fate = self.fate()
        got: list[tuple[int, bytes]] = []
        for _ in range({"lost": 0, "busy": 0, "proxy": 0, "twice": 2}.get(fate, 1)):
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            line.request("POST", self.path, raw, dict(self.headers))
            answer = line.getresponse()
            got.append((answer.status, answer.read()))
            line.close()
        if fate in ("lost", "unanswered"):
            self.close_connection = True
            return
        status, said = got[-1] if got else (503, b'{"refused": "unavailable"}')
        if fate == "proxy":
            status, said = 502, b"<html>"
        self.send_response(status)
        self.send_header("content-length", f"{len(said)}")
        self.end_headers()
        self.wfile.write(said[: len(said) // 2] if fate == "cut" else said)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_line_that_cuts_loses_and_doubles_nothing(line: Line) -> None:
    handler = type("Handler", (Cutting,), {"port": line.live.port})
    with HTTPServer(("127.0.0.1", 0), handler) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        where = Where(Address.of(f"http://127.0.0.1:{proxy.server_port}"), line.key)
        sender, faults, seq = Sender(line.store.path, where, batch=1), 0, 0
        while seq < 6:
            try:
                seq = sender.send()
            except LineDown:
                faults += 1
        proxy.shutdown()
        thread.join()
    assert faults > 3
    assert line.is_whole()


def test_it_runs_until_it_is_told_to_stop(one: Line) -> None:
    told: list[str] = []
    stop = threading.Event()

    def tell(sentence: str) -> None:
        told.append(sentence)
        stop.set()

    Sender(one.store.path, Where(Address.of("http://127.0.0.1:1"), one.key)).run(stop, 0.01, tell)
    assert "does not answer" in told[0]
    stop.clear()
    sender = Sender(one.store.path, one.where)
    thread = threading.Thread(target=sender.run, args=(stop, 0.01))
    thread.start()
    while not one.is_whole():
        pass
    stop.set()
    thread.join()
    assert sender.progress.fault == ""


class Falling(Cutting):
    """A line that passes two requests on, and none after them."""

    passed = 0

    def fate(self) -> str:
        """What becomes of a request."""
        type(self).passed += 1
        return "fine" if self.passed <= 2 else "proxy"


class Waits(threading.Event):
    """Waits for nothing, notes how long it would have, and is over after so many."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.seconds = most, list[float]()

    def wait(self, timeout: float | None = None) -> bool:
        """Note it."""
        self.seconds.append(timeout or 0.0)
        if len(self.seconds) == self.most:
            self.set()
        return True


@pytest.mark.parametrize("has_more", [False, True])
def test_where_all_is_sent_a_line_that_fell_is_asked_as_often(one: Line, has_more: bool) -> None:
    handler = type("Handler", (Falling,), {"port": one.live.port})
    with HTTPServer(("127.0.0.1", 0), handler) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        where = Where(Address.of(f"http://127.0.0.1:{proxy.server_port}"), one.key)
        waits = Waits(8)
        with Sender(one.store.path, where) as sender:
            assert sender.send() == 6
            if has_more:
                one.store.sell("milk 1 300", "7")
            sender.run(waits, 2.0)
        proxy.shutdown()
        thread.join()
    assert (max(waits.seconds) > 2.0) == has_more


def test_what_nobody_foresaw_is_told_and_gone_on_from(
    one: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "SOON", 0.001)
    stop = threading.Event()
    secret = f"{one.key}\nx"  # no header can have it
    sender = Sender(one.store.path, Where(one.where.at, secret))
    told: list[Mapping[str, object]] = []

    def write(said: Mapping[str, object]) -> None:
        told.append(said)
        sender.where = one.where
        raise OSError(errno.ENOSPC, "a full disk")

    sending = Sending(sender, 0.01, write)
    thread = threading.Thread(target=sender.run, args=(stop, 0.01, sending._tell))
    thread.start()
    while thread.is_alive() and not (one.is_whole() and not sender.progress.fault):
        pass
    assert thread.is_alive()
    stop.set()
    thread.join()
    [said] = told
    assert str(said["unsent"]).startswith("ValueError in client.py, line ")


# --- the commands ---------------------------------------------------------------------------------


def promo(*words: str, **environment: str) -> Any:
    return CliRunner().invoke(cli.main, [*words], env=environment)


@pytest.mark.parametrize("more", [b"\nx", b"\xff", b"\nexport A=1\n", b"0"])
def test_what_is_no_key_is_not_sent_and_not_shown(one: Line, folder: Path, more: bytes) -> None:
    file = folder / "sync.key"
    file.write_bytes(one.key.encode() + more)
    config = ("--config", str(folder / "config.yaml"))
    words = ("journal", "send", str(one.store.path), "--to", one.where.at.url)
    for got in (promo(*config, *words), promo(*words, "--key-file", str(file))):
        assert (got.exit_code, got.stdout) == (2, "")
        assert "sync.key" in got.stderr
        no_text = more == b"\xff"
        said = "is no text" if no_text else "holds no store key: expected one line"
        assert said in got.stderr
        assert one.key.split("-", 2)[2] not in got.stderr


def test_a_journal_is_sent_by_hand_and_conflicts_are_told(one: Line, folder: Path) -> None:
    path, url = str(one.store.path), one.where.at.url
    missing = promo("journal", "send", path, "--to", url)
    assert (missing.exit_code, "--verb sync" in missing.stderr) == (2, True)
    got = promo("journal", "send", path, "--to", url, PROMO_SYNC_KEY=one.key)
    assert got.stdout == f"Head office has {path} up to decision 6.\n"
    config = ("--config", str(folder / "config.yaml"))
    assert promo(*config, "conflicts").stdout == "0 conflicts.\n"
    one.live.ask("/v1/redeem", basket("milk 1 300", "7"), new_key(one.engine, "1", ("redeem",)))
    one.store.sell("milk 2 600", "7")
    send_all(one.store.path, one.where)
    said = promo(*config, "conflicts").stdout
    assert "identity" in said
    assert said.endswith("1 conflict; store $2.00.\n")
    [each] = map(json.loads, promo(*config, "conflicts", "--json").stdout.splitlines())
    assert (each["kind"], each["money"], each["uses"], each["seq"]) == ("identity", 200, 2, 7)
    assert promo(*config, "conflicts", "--offer", "eggs").stdout == "0 conflicts.\n"
    assert promo(*config, "conflicts", "--since", "2017-11-09").stdout == "0 conflicts.\n"
    assert "1 conflict" in promo(*config, "conflicts", "--since", "2017-11-08").stdout
