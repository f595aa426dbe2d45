"""`promo till`: a sale typed into a pipe, what it says, and what it leaves behind."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from drafts import KEYS
from sqlalchemy import Engine, select

from checkout.corner import BREAD, FLAKES, MILK, SHORT, open_corner_shop
from checkout.shop import counters
from checkout.till import CARD, Running, listening, new_key, running
from promo import cli, tables
from promo.checkout import store_keys
from promo.checkout.till.talk import Place, Refusal, Talk, Unanswered
from promo.config import Settings

SECRETS = "\n".join(f"{number}:{KEYS.secrets[number].hex()}" for number in (2, 1))

MILK_LINE = {"code": MILK, "quantity": 1, "amount": 389}


@pytest.fixture
def shop(folder: Path, sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The corner shop as a house on the list's third day."""
    file = folder / "config.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("today: null ", "today: 2017-11-08 ", 1), encoding="utf-8")
    monkeypatch.setenv("PROMO_CODE_KEYS", SECRETS)
    open_corner_shop(sqlite_engine)
    return sqlite_engine


@pytest.fixture
def live(settings: Settings, shop: Engine) -> Iterator[Running]:
    with listening(settings, shop, till=True) as found:
        yield found


def till(folder: Path, typed: str, *arguments: str, code: int = 0) -> Result:
    """`promo till` with lines on standard input."""
    given = ["--config", str(folder / "config.yaml"), "till", *arguments]
    found = CliRunner().invoke(cli.main, given, input=typed, catch_exceptions=False)
    assert found.exit_code == code, found.output
    return found


def said(result: Result, command: str) -> list[str]:
    """The lines below a command, up to the next one."""
    after = result.stdout.split(f"> {command}\n", 1)[1]
    return [line.strip() for line in after.split("\n> ", 1)[0].splitlines()]


def test_one_command_opens_the_house_and_sells(folder: Path, shop: Engine) -> None:
    typed = f"{SHORT}\n{MILK}\n{FLAKES}\n2*{BREAD}\n#1\npay\nreturn 3 1\nreturn\nvoid\n"
    got = till(folder, typed, "--store", "1")
    assert got.stdout.startswith(f"A list of this store's to try: {SHORT}\nMain Street Market")
    assert said(got, MILK) == [
        "1  Whole milk 1 gal                                   $3.89 → $2.89",
        "−$1.00 Milk, a gallon",
        "Total $3.89  Saved $1.00  To pay $2.89",
    ]
    assert said(got, "#1") == [  # corn flakes again: now the first are cheaper, too
        "2  Corn flakes 18 oz                                  $4.29 → $3.29",
        "−$1.00 Any cold cereal",
        "4  Corn flakes 18 oz                                  $4.29 → $3.29",
        "−$1.00 Any cold cereal",
        "Total $18.45  Saved $3.00  To pay $15.45",
    ]
    assert said(got, "pay") == ["Paid $15.45. You save $3.00."]
    assert said(got, "return 3 1") == ["Pay out $2.99. You get $2.99 back."]
    assert said(got, "return") == ["Pay out $12.46. You get $12.46 back."]
    assert said(got, "void") == ["The sale is taken back. Your offers are good again."]
    assert counters(shop) == {"milk": (0, 0), "cereal": (0, 0)}


def test_a_coupon_is_handed_over_with_the_basket(folder: Path, shop: Engine) -> None:
    coupon = "8110106141416543213250110003140131"
    shown = said(till(folder, f"{MILK}\n{coupon}\n", "--store", "1"), coupon)
    assert shown[0].startswith("Coupon: ")
    assert shown[-1] == "Total $3.89  To pay $3.89"


def test_nothing_is_left_of_its_key(folder: Path, shop: Engine) -> None:
    for _ in range(2):
        till(folder, MILK, "--store", "1")
    with shop.connect() as connection:
        assert connection.execute(select(tables.StoreKey.__table__)).all() == []


def test_an_empty_basket_is_not_paid(folder: Path, shop: Engine) -> None:
    got = till(folder, f"pay\n{MILK}\npay\npay\n", "--store", "1", code=1)
    nothing = "! There is nothing to pay: scan a list, a card or an item first."
    paid = got.stdout.split("> pay\n")[1:]
    assert paid[0].splitlines()[0].strip() == nothing
    assert paid[1].strip().startswith("Paid $3.89.")
    assert paid[2].strip() == nothing


def test_used_offers_are_said_to_be_used(folder: Path, shop: Engine) -> None:
    got = till(folder, f"card {CARD}\n{MILK}\npay\n{CARD}\n{MILK}\nlist\n", "--store", "1")
    again = got.stdout.rsplit(f"> {MILK}\n", 1)[1].splitlines()
    assert again[1].strip() == "Total $3.89  To pay $3.89"
    assert "Milk, a gallon (The offer has been used as often as it may be.)" in got.stdout


def test_what_is_held_is_let_go_at_the_end(folder: Path, shop: Engine) -> None:
    assert said(till(folder, f"{SHORT}\n{MILK}\nhold\n", "--store", "1"), "hold") == [
        "The offers are held for this basket."
    ]
    with shop.connect() as connection:
        assert connection.execute(select(tables.Reservation.__table__)).all() == []


def test_what_cannot_be_done_is_said(live: Running, shop: Engine, folder: Path) -> None:
    key = folder / "key"
    key.write_text(new_key(shop, "1", store_keys.TILL), encoding="utf-8")
    where = ("--url", f"http://127.0.0.1:{live.port}", "--key-file", str(key))
    for typed, sentence in {
        "nonsense": "This is no list, card or item that we know.",
        "0000-0000-0000": "We did not print this code. Please do not accept it.",
        "card 1": "There is no list for this code or card.",
        "internal:flowers": "such as internal:flowers @2.49",
        f"{MILK} @1.234": "Type ? for what can be typed.",
        f"0*{MILK}": "Type ? for what can be typed.",
        "#1": "Type ? for what can be typed.",
        "off 1": "Type ? for what can be typed.",
        "pay": "There is nothing to pay: scan a list",
        "hold": "Type ? for what can be typed.",
        "return 1 2 3": "There is no sale to take back.",
        "void": "There is no sale to take back.",
        "list": "Scan a list or a card",
    }.items():
        got = till(folder, typed, *where, code=1)
        assert sentence in got.stdout
        assert "  ! " in got.stdout


def test_no_till_without_a_service_that_has_one(
    settings: Settings, shop: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stderr(*arguments: str, code: int) -> str:
        return till(folder, "", *arguments, code=code).stderr

    assert "Give --store, or --url and a key." in stderr(code=2)
    assert stderr("--store", "9", code=3).startswith("There is no store '9'.")
    assert "set PROMO_STORE_KEY or give --key-file" in stderr("--url", "http://x", code=2)
    monkeypatch.setenv("PROMO_STORE_KEY", new_key(shop, "1", store_keys.TILL))
    assert "is no address such as" in stderr("--url", "ftp://x", code=2)
    assert "is no address such as" in stderr("--url", "http://x:y", code=2)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    assert "No service answers at" in stderr("--url", f"http://127.0.0.1:{free}", code=3)
    with running(settings, shop) as plain:
        address = f"http://127.0.0.1:{plain.port}"
        assert "has no till to try" in stderr("--url", address, code=3)
    with listening(settings, shop, till=True) as live:
        address = f"http://127.0.0.1:{live.port}"
        assert "another store's" in stderr("--url", address, "--store", "2", code=3)
        monkeypatch.setenv("PROMO_STORE_KEY", "promo-1-" + "x" * 43)
        assert "no valid key" in stderr("--url", address, code=3)


def test_a_stranger_that_answers_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMO_STORE_KEY", "promo-1-" + "x" * 43)
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 404 No\r\ncontent-length: 7\r\n\r\n<html/>")

        thread = threading.Thread(target=answer)
        thread.start()
        got = till(folder, "", "--url", f"http://127.0.0.1:{other.getsockname()[1]}", code=3)
        thread.join()
    assert "is no service of promo's" in got.stderr


def test_no_answer_to_a_payment_is_asked_again_in_the_same_words(
    live: Running, shop: Engine
) -> None:
    from promo.checkout.till.talk import Talk, Unanswered
    from promo.checkout.till.terminal import Terminal

    talk = Talk(f"http://127.0.0.1:{live.port}", new_key(shop, "1", store_keys.TILL))
    lines: list[str] = []
    terminal, ask, sent = Terminal(talk, lines.append), talk.ask, []

    def lost(path: str, body: dict[str, object]) -> dict[str, object]:
        answer = ask(path, body)
        if path == "/v1/redeem":
            sent.append(body)
            if len(sent) < 2:
                raise Unanswered("")
        return answer

    talk.ask = lost  # type: ignore[method-assign]
    terminal.run([SHORT, MILK, "pay"])
    assert lines[-1].startswith("  ! There is no answer. Pay again")
    terminal.run([BREAD])  # which must not go into a basket that may be paid
    assert len(terminal.sale.lines) == 1
    terminal.run(["pay"])
    assert lines[-1] == "  Paid $2.89. You save $1.00."
    assert sent[0] == sent[1]
    assert counters(shop) == {"milk": (1, 100)}


def test_what_is_typed_need_not_be_text(folder: Path, shop: Engine) -> None:
    given = ["--config", str(folder / "config.yaml"), "till", "--store", "1"]
    typed = b"\xff\xfe\n\n  \n?\nquit\nvoid\n"
    found = CliRunner().invoke(cli.main, given, input=typed, catch_exceptions=False)
    assert found.exit_code == 1
    assert "close the till" in found.stdout
    assert "> void" not in found.stdout


def test_a_till_falls_back_to_head_office_and_back_again(live: Running, shop: Engine) -> None:
    """The same sale is sent to whoever answers; what was used is used."""
    key = new_key(shop, "1", store_keys.TILL)
    with Shaky() as near:
        far = f"http://127.0.0.1:{live.port}"
        talk = Talk(f"http://127.0.0.1:{near.port}", key, otherwise=far)
        assert near.asked == 1
        sale = talk.named() | {"at": talk.at(), "code": SHORT, "lines": [MILK_LINE]}
        first = talk.ask("/v1/redeem", sale)
        assert near.asked == 1  # it rests
        assert talk.ask("/v1/redeem", sale) == first
    assert counters(shop)["milk"] == (1, 100)
    back = Talk(far, key, otherwise=f"http://127.0.0.1:{near.port}")
    assert back.ask("/v1/redeem", sale) == first


def test_a_till_says_what_waits_for_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"refused": "line_down", "cashier": "Later.", "shopper": "Later."}
    answers: dict[str, tuple[int, dict[str, str]] | None]
    answers = {"http://store": (503, said), "http://office": None}
    asked = list[str]()

    def ask(place: Place, *_: object) -> tuple[int, dict[str, str]]:
        asked.append(place.at.url)
        if (found := answers[place.at.url]) is None:
            raise Unanswered("There is no answer.")
        return found

    monkeypatch.setattr(Place, "ask", ask)
    talk = Talk.__new__(Talk)
    talk._places, talk._key = [Place("http://store"), Place("http://office")], "k"
    with pytest.raises(Refusal, match="Later"):
        talk.ask("/v1/return", {})
    assert asked == ["http://store", "http://office"]
    answers["http://office"] = (200, {"refund": "1"})
    assert talk.ask("/v1/return", {}) == {"refund": "1"}


class Shaky:
    """A service that hangs up on whoever asks."""

    def __init__(self) -> None:
        self.ear = socket.create_server(("127.0.0.1", 0))
        self.port = self.ear.getsockname()[1]
        self.asked = 0
        self.thread = threading.Thread(target=self.hang_up)

    def hang_up(self) -> None:
        with suppress(OSError):
            while True:
                self.ear.accept()[0].close()
                self.asked += 1

    def __enter__(self) -> "Shaky":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ear.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.ear.close()
