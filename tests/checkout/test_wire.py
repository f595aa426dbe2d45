"""What comes over the wire that is not as it should be: heads without end, bodies that lie."""

import json
import socket
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from checkout.till import CARD, Running, fill, new_key, running
from promo.checkout import wire
from promo.config import Settings

BODY = json.dumps({"card": CARD}).encode()


@pytest.fixture
def live(
    settings: Settings, sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Running]:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.3)
    fill(sqlite_engine)
    with running(settings, sqlite_engine, body_seconds=0.3) as found:
        yield found


@pytest.fixture
def head(sqlite_engine: Engine, live: Running) -> bytes:
    key = new_key(sqlite_engine)
    return (f"POST /v1/lookup HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
            "content-type: application/json\r\n").encode()  # fmt: skip


def sent(live: Running, *parts: bytes) -> bytes:
    """All that comes back until the service hangs up."""
    with socket.create_connection(("127.0.0.1", live.port), 20) as till:
        for part in parts:
            till.sendall(part)
        found = b""
        while more := _received(till):
            found += more
        return found


def _received(till: socket.socket) -> bytes:
    try:
        return till.recv(65536)
    except ConnectionResetError:
        return b""


def statuses(answer: bytes) -> list[int]:
    return [int(each[:3]) for each in answer.split(b"HTTP/1.1 ")[1:]]


def whole(head: bytes, *, close: bool = True) -> bytes:
    closing = b"connection: close\r\n" if close else b""
    return head + closing + f"content-length: {len(BODY)}\r\n\r\n".encode() + BODY


def test_two_requests_at_once_on_one_connection(live: Running, head: bytes) -> None:
    assert statuses(sent(live, whole(head, close=False) + whole(head))) == [200, 200]


def test_a_body_in_chunks(live: Running, head: bytes) -> None:
    chunks = b"".join(b"1\r\n" + bytes([byte]) + b"\r\n" for byte in BODY) + b"0\r\n\r\n"
    start = head + b"connection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    assert statuses(sent(live, start, chunks)) == [200]
    assert statuses(sent(live, start, b"zz\r\n")) == [400]
    trailers = chunks[:-2] + b"".join(b"x: " + b"y" * 1000 + b"\r\n" for _ in range(20))
    assert statuses(sent(live, start, trailers))[-1] == 400


def test_a_body_shorter_than_it_says(live: Running, head: bytes) -> None:
    answer = sent(live, head + b"content-length: 500\r\n\r\n" + BODY)
    assert statuses(answer) == [408]
    assert b'"too_slow"' in answer


def test_a_body_longer_than_is_taken_is_not_awaited(live: Running, head: bytes) -> None:
    answer = sent(live, head + b"content-length: 9999999999\r\n\r\n", b" " * 70_000)
    assert statuses(answer) == [413]


def test_a_body_longer_than_it_says_is_the_next_request(live: Running, head: bytes) -> None:
    assert statuses(sent(live, whole(head, close=False) + b"\x00\xff"))[-1] == 400


@pytest.mark.parametrize(
    "lengths", [b"content-length: 5\r\ncontent-length: 6\r\n", b"content-length: -1\r\n",
                b"content-length: 5\r\ntransfer-encoding: chunked\r\n",
                b"content-length: 99999999999999999999999\r\n"],
)  # fmt: skip
def test_lengths_that_lie(live: Running, head: bytes, lengths: bytes) -> None:
    assert statuses(sent(live, head + lengths + b"\r\n" + BODY)) == [400]


def test_a_head_without_end(live: Running, head: bytes) -> None:
    long = b"a" * (wire.MOST_HEAD + 1)
    for request in (
        b"POST /" + long,
        b"POST /" + long + b" HTTP/1.1\r\n\r\n",
        head + b"x: " + long,
        head + b"x: " + long + b"\r\n\r\n",
        head + b"".join(b"x%d: y\r\n" % n for n in range(4000)),
    ):
        assert statuses(sent(live, request)) == [400]


def test_a_head_that_does_not_come(live: Running, head: bytes) -> None:
    assert statuses(sent(live)) == [400]
    assert statuses(sent(live, b"POST /v1/look")) == [400]
    assert statuses(sent(live, whole(head, close=False), head)) == [200, 400]


def test_other_than_http(live: Running) -> None:
    for bytes_ in (
        b"\x16\x03\x01\x02\x00\x01",
        b"\x00" * 100,
        b"GET\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
    ):
        assert statuses(sent(live, bytes_)) == [400]
    assert {line.get("status") for line in live.lines} <= {None}
