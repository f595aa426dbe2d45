"""The service over HTTP, on both databases: answers, refusals, limits, logs."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from drafts import KEYS, NIGHT
from sqlalchemy import Engine, insert, text, update

from checkout.till import (
    CARD,
    LAST,
    NAME,
    NOW,
    OTHERS,
    Running,
    fill,
    listed,
    new_key,
    running,
)
from promo import tables
from promo.checkout import bodies, openapi, opening, store_keys
from promo.checkout.kiosk import FORMATS
from promo.checkout.refusals import REFUSALS
from promo.checkout.statements import Statements
from promo.config import Settings
from promo.lists import lookup
from promo.lists.codes import human_readable, list_code, open_code, short_code
from promo.lists.codes.ean import ean_code
from promo.lists.codes.keys import CodeKeys

TODAY = date(2017, 11, 8)
STRANGER = CodeKeys(KEYS.document_type, {1: b"a forger's own secret"}, 1)
CODE = list_code(KEYS, 1)


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Both databases, for what depends on the database."""
    fill(engine)
    return engine


@pytest.fixture
def both(settings: Settings, filled: Engine) -> Iterator[Running]:
    with running(settings, filled) as found:
        yield found


@pytest.fixture
def one(sqlite_engine: Engine) -> Engine:
    """SQLite, for what does not."""
    fill(sqlite_engine)
    return sqlite_engine


@pytest.fixture
def key(one: Engine) -> str:
    return new_key(one)


@pytest.fixture
def live(settings: Settings, one: Engine) -> Iterator[Running]:
    with running(settings, one) as found:
        yield found


# --- lists -----------------------------------------------------------------------------------


def test_a_list_by_code_and_card_as_the_command_has_it(both: Running, filled: Engine) -> None:
    live, engine, key = both, filled, new_key(filled)
    expected = by_the_command(engine, code=CODE)
    forms = (CODE, f"]C1{CODE}", human_readable(CODE), short_code(KEYS, 1).lower(),
             f"\x1d{CODE}", f"https://lists.example.com/253/{CODE[3:]}")  # fmt: skip
    asked = [{"code": form} for form in forms] + [{"card": CARD}, {"card": f" {CARD}\r\n"}]
    for body in asked:
        answer = live.ask("/v1/lookup", body, key)
        assert (answer.status, answer.json) == (200, expected)
        bodies.LIST_SEEN.validate_json(answer.body, strict=True, extra="forbid")


def test_used_and_stopped_offers_as_the_command_has_them(both: Running, filled: Engine) -> None:
    live, engine, key = both, filled, new_key(filled)
    use = {
        "kind": "redeem", "offer": "o1", "key_id": 1, "counter": 1, "store": "1", "till": "1",
        "day": TODAY, "transaction": "1", "number": 1, "uses": 1, "units": 1, "money": 100,
        "funder_money": 0, "lines": {}, "at": NOW,
    }  # fmt: skip
    event = {"offer": "o2", "at": NOW, "kind": "stopped", "reason": "r", "sentence": "Recalled."}
    with engine.begin() as connection:
        connection.execute(insert(tables.Redemption), [use])
        connection.execute(insert(tables.OfferEvent), [event])
        stopped = update(tables.Offer).where(tables.Offer.id.in_(("o2", "o3")))
        connection.execute(stopped.values(state="stopped"))
    expected = by_the_command(engine, code=CODE)
    answer = live.ask("/v1/lookup", {"code": CODE}, key)
    assert answer.json == expected
    states = [(each["state"], each.get("sentence")) for each in answer.json["offers"]]
    assert states == [("used", None), ("stopped", "Recalled."), ("stopped", "")]


def test_another_store_s_household_is_served_in_the_store_s_language(
    live: Running, one: Engine, key: str
) -> None:
    spanish = new_key(one, "2")
    assert live.ask("/v1/lookup", {"card": CARD, "store": "2"}, spanish).json["store"] == "1"
    refused = live.ask("/v1/lookup", {"card": OTHERS}, spanish).json
    assert refused["cashier"] != live.ask("/v1/lookup", {"card": OTHERS}, key).json["cashier"]


def test_an_ean_opens_at_its_own_store_while_the_list_is_good(
    settings: Settings, filled: Engine
) -> None:
    lists = settings.lists.model_copy(update={"ean_prefix": "04"})
    chain = settings.model_copy(update={"lists": lists})
    past = NIGHT - timedelta(60)
    gone = listed(filled, past, past, past + timedelta(13))
    here, other = new_key(filled), new_key(filled, "2")
    good = ean_code(KEYS, 1, "1", "04")
    expired = ean_code(KEYS, open_code(KEYS, gone.code).counter, "1", "04")
    with running(chain, filled) as live:
        assert live.ask("/v1/lookup", {"code": good}, here).json["list_code"] == CODE
        assert live.ask("/v1/lookup", {"code": f"]E0{good}"}, here).json["list_code"] == CODE
        sheet = {"code": good, "format": "html"}
        assert CODE.encode() in live.ask("/v1/sheet", sheet, here).body
        for key, code in ((other, good), (here, expired)):
            answer = live.ask("/v1/lookup", {"code": code}, key)
            assert (answer.status, answer.refused) == (REFUSALS["forged"].status, "forged")
    with running(settings, filled) as live:  # a chain that prints none
        answer = live.ask("/v1/lookup", {"code": good}, here)
        assert (answer.status, answer.refused) == (REFUSALS["mistyped"].status, "mistyped")


def by_the_command(engine: Engine, *, code: str = "", card: str = "") -> dict[str, Any]:
    statements = Statements.of(engine)
    try:
        row = (opening.by_code(statements, KEYS, code, TODAY) if code
               else opening.by_card(statements, card, TODAY))  # fmt: skip
        return opening.answer(statements, row)
    finally:
        statements.close()


def cases(engine: Engine) -> list[tuple[dict[str, str], str]]:
    """What is asked, and the refusal that it meets."""
    late = listed(engine, NIGHT + timedelta(60), NIGHT + timedelta(60), NIGHT + timedelta(70))
    early = listed(engine, NIGHT - timedelta(60), NIGHT - timedelta(60), NIGHT - timedelta(50))
    return [
        ({"code": CODE[:-1]}, "mistyped"),
        ({"code": "0000-0000-0001"}, "mistyped"),
        ({"code": list_code(STRANGER, 1)}, "forged"),
        ({"code": short_code(STRANGER, 1)}, "forged"),
        ({"code": list_code(KEYS, 99)}, "unknown"),
        ({"card": OTHERS}, "unknown"),
        ({"card": "4711"}, "unknown"),
        ({"code": late.code}, "not_yet_valid"),
        ({"code": early.code}, "expired"),
    ]


def test_refusals_are_the_command_s_with_two_sentences(both: Running, filled: Engine) -> None:
    live, engine, key = both, filled, new_key(filled)
    for body, reason in cases(engine):
        answer = live.ask("/v1/lookup", body, key)
        assert (answer.status, answer.refused) == (REFUSALS[reason].status, reason)
        bodies.REFUSED.validate_json(answer.body, strict=True, extra="forbid")
        assert answer.json["cashier"].endswith(".")
        for sent in body.values():
            assert sent not in answer.body.decode()
        with pytest.raises(lookup.Refused) as caught:
            by_the_command(engine, **body)
        assert caught.value.reason == reason
        assert live.ask("/v1/sheet", body | {"format": "html"}, key).refused == reason


def test_a_card_whose_list_is_over_or_to_come(settings: Settings, one: Engine, key: str) -> None:
    for day, reason, said in (
        (LAST + timedelta(1), "expired", "Nov 19"),
        (NIGHT - timedelta(1), "not_yet_valid", "Nov 6"),
    ):
        with running(settings.model_copy(update={"today": day}), one) as live:
            answer = live.ask("/v1/lookup", {"card": CARD}, key)
            assert answer.refused == reason
            assert said in answer.json["shopper"]


def test_the_day_is_the_store_s(settings: Settings, one: Engine, key: str) -> None:
    """At midnight in UTC it is still the day before in New York."""
    with running(settings, one) as live:
        for hour, status in ((4, 200), (5, 409)):
            live.service.now = lambda hour=hour: NOW.replace(day=20, hour=hour)  # type: ignore
            assert live.ask("/v1/lookup", {"code": CODE}, key).status == status


# --- sheets ----------------------------------------------------------------------------------

BEGINS = {"html": b"<!DOCTYPE html>", "pdf": b"%PDF-", "large": b"%PDF-",
          "receipt-80": b"\x1b@", "receipt-58": b"\x1b@"}  # fmt: skip


def test_a_sheet_in_every_format(live: Running, key: str) -> None:
    assert set(BEGINS) == set(FORMATS) == set(openapi.MEDIA)
    for form, begin in BEGINS.items():
        answer = live.ask("/v1/sheet", {"code": CODE, "format": form}, key)
        assert (answer.status, answer.headers["content-type"]) == (200, openapi.MEDIA[form])
        assert answer.body.lower().startswith(begin.lower())
        assert answer.headers["cache-control"] == "no-store"
        again = live.ask("/v1/sheet", {"card": CARD, "format": form}, key)
        assert again.body == answer.body
    assert NAME in live.ask("/v1/sheet", {"card": CARD, "format": "html"}, key).body.decode()


def test_warming_up_renders_every_format(live: Running) -> None:
    live.service.kiosk.warm(TODAY)


# --- keys ------------------------------------------------------------------------------------


def test_no_key_opens_nothing(live: Running, key: str) -> None:
    number = key.split("-")[1]
    wrong = ("", "x", f"promo-{number}-{'a' * 43}", f"promo-99-{key.split('-', 2)[2]}", key[:-1])
    for token in wrong:
        answer = live.ask("/v1/lookup", {"card": CARD}, token)
        assert (answer.status, answer.refused) == (401, "no_key")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert live.ask("/v1/lookup", {"card": CARD}, authorization=f"Basic {key}").status == 401
    assert live.ask("/v1/lookup", {"card": CARD}, authorization=f"bearer {key}").status == 200


def test_a_key_does_what_its_verbs_say(live: Running, one: Engine) -> None:
    body = {"card": CARD, "format": "html"}
    only = {verb: new_key(one, verbs=(verb,)) for verb in ("lookup", "sheet")}
    assert live.ask("/v1/sheet", body, only["sheet"]).status == 200
    assert live.ask("/v1/lookup", {"card": CARD}, only["lookup"]).status == 200
    for path, verb in (("/v1/sheet", "lookup"), ("/v1/lookup", "sheet")):
        answer = live.ask(path, body, only[verb])
        assert (answer.status, answer.refused) == (403, "not_allowed")
    other = live.ask("/v1/lookup", {"card": CARD, "store": "2"}, only["lookup"])
    assert (other.status, other.refused) == (403, "other_store")


def test_a_revoked_key_is_shut_out_when_the_cache_is_stale(
    settings: Settings, one: Engine, key: str
) -> None:
    with running(settings, one, key_seconds=0) as live:
        assert live.ask("/v1/lookup", {"card": CARD}, key).status == 200
        with one.begin() as connection:
            store_keys.revoke(connection, 1, NOW)
        assert live.ask("/v1/lookup", {"card": CARD}, key).status == 401


def test_a_key_that_asks_too_much_waits(settings: Settings, one: Engine, key: str) -> None:
    with running(settings, one, requests_per_second=0.01, burst=3) as live:
        found = [live.ask("/v1/lookup", {"card": CARD}, key) for _ in range(4)]
        assert [each.status for each in found] == [200, 200, 200, 429]
        assert found[-1].refused == "too_many"
        assert 90 <= int(found[-1].headers["retry-after"]) <= 101
        assert live.ask("/v1/lookup", {"card": CARD}, new_key(one)).status == 200


def test_guessing_is_stopped_and_noticed(settings: Settings, one: Engine, key: str) -> None:
    with running(settings, one, failed_codes_per_minute=3) as live:
        forged = {"code": list_code(STRANGER, 1)}
        mistyped = [live.ask("/v1/lookup", {"code": "1"}, key).refused for _ in range(5)]
        assert mistyped == ["mistyped"] * 5  # a check digit tells slips from guesses
        listless = [live.ask("/v1/lookup", {"card": OTHERS}, key).refused for _ in range(5)]
        assert listless == ["unknown"] * 5  # most baskets are like this
        guesses = [forged, {"card": "4711"}, forged, forged]
        found = [live.ask("/v1/lookup", guess, key) for guess in guesses]
        assert [each.refused for each in found] == ["forged", "unknown", "forged", "guessing"]
        assert 1 <= int(found[-1].headers["retry-after"]) <= 21
        assert found[-1].json["cashier"].endswith("Please try again in a moment.")
        assert live.ask("/v1/lookup", {"card": CARD}, key).refused == "guessing"
        metrics = live.ask("/metrics", method="GET").body.decode()
        assert "promo_failed_codes_total 3\n" in metrics
        assert 'route="/v1/lookup",status="429",refused="guessing"} 2\n' in metrics
    assert sum(line.get("refused") == "guessing" for line in live.lines) == 2


# --- requests that are not what they should be -----------------------------------------------

DEEP = b'{"code": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"
BAD = [
    (b"", 400, "malformed"),
    (b"{", 400, "malformed"),
    (b"\xff\xfe", 400, "malformed"),
    (DEEP, 400, "malformed"),
    (b"[]", 400, "malformed"),
    (b"null", 400, "malformed"),
    (b"{}", 400, "malformed"),
    (b'{"code": null}', 400, "malformed"),
    (b'{"code": 7}', 400, "malformed"),
    (b'{"code": ""}', 400, "malformed"),
    (b'{"code": "a\\u0000"}', 400, "malformed"),
    (b'{"card": "\\ud800"}', 400, "malformed"),
    (b'{"card": "\xc3\xa9"}', 400, "malformed"),
    (b'{"card": "' + b"9" * 65 + b'"}', 400, "malformed"),
    (b'{"code": "1", "card": "2"}', 400, "malformed"),
    (b'{"code": "1", "extra": 1}', 400, "malformed"),
    (b" " * 70_000, 413, "too_large"),
]


def test_bodies_that_are_refused(live: Running, key: str) -> None:
    for raw, status, reason in BAD:
        answer = live.ask("/v1/lookup", raw, key)
        assert (answer.status, answer.refused) == (status, reason), raw[:60]
        assert answer.json["detail"].endswith(".")


def test_a_fault_names_the_field_and_never_the_value(live: Running, key: str) -> None:
    answer = live.ask("/v1/sheet", {"card": "29\u00e94242", "format": "html"}, key)
    assert answer.json["detail"].startswith("`card`: ")
    assert "4242" not in answer.body.decode()
    answer = live.ask("/v1/sheet", {"card": CARD, "format": "4242"}, key)
    assert answer.json["detail"].startswith("`format`: ")
    assert "'4242'" not in answer.json["detail"]
    answer = live.ask("/v1/sheet", {"card": CARD}, key)
    assert answer.json["detail"] == "`format` is missing."
    answer = live.ask("/v1/sheet", b"{", key)
    assert answer.json["detail"] == "The body: expected JSON."
    answer = live.ask("/v1/lookup", {"29004242": 1}, key)
    assert "4242" not in answer.body.decode()


def test_types_methods_and_paths(live: Running, key: str) -> None:
    plain = live.ask("/v1/lookup", {"card": CARD}, key, content_type="text/plain")
    assert (plain.status, plain.refused) == (415, "wrong_type")
    utf8 = live.ask(
        "/v1/lookup", {"card": CARD}, key, content_type="Application/JSON; charset=utf-8"
    )
    assert utf8.status == 200
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        answer = live.ask("/v1/lookup", None, key, method)
        assert (answer.status, answer.refused) == (405, "wrong_method")
        assert answer.headers["allow"] == "POST"
    for path in ("/", "/v1", "/v1/lookup/", "/v1/lookup/29001234", "/%00", "/v2/lookup"):
        assert live.ask(path, {"card": CARD}, key).refused == "no_such_path"


def test_more_requests_than_we_take_are_turned_away(
    settings: Settings, one: Engine, key: str
) -> None:
    with running(settings, one) as live:
        live.service.metrics.at_work = 10**6
        answer = live.ask("/v1/lookup", {"card": CARD}, key)
        assert (answer.status, answer.refused) == (503, "unavailable")
        assert answer.headers["retry-after"] == "2"


def test_many_at_once(both: Running, filled: Engine) -> None:
    live, key = both, new_key(filled)
    bodies_ = [{"card": CARD}, {"code": CODE}, {"card": OTHERS}, {"code": "1"}] * 8
    expected = [200, 200, 404, 404] * 8
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda body: live.ask("/v1/lookup", body, key).status, bodies_))
    assert found == expected


# --- the database goes away ------------------------------------------------------------------


def test_a_database_that_hung_up_is_called_again(both: Running, filled: Engine) -> None:
    live, engine, key = both, filled, new_key(filled)
    assert live.ask("/v1/lookup", {"card": CARD}, key).status == 200
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(
                text("select pg_terminate_backend(pid) from pg_stat_activity "
                     "where datname = current_database() and pid <> pg_backend_pid()")
            )  # fmt: skip
    for _ in range(10):
        assert live.ask("/v1/lookup", {"card": CARD}, key).status == 200


def test_a_schema_of_another_version_is_not_ready(both: Running, filled: Engine) -> None:
    live, engine = both, filled
    assert live.ask("/ready", method="GET").json == {"ok": True}
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '0001'"))
        connection.execute(text("alter table redemptions rename to elsewhere"))
    ready = live.ask("/ready", method="GET")
    assert (ready.status, ready.refused) == (503, "unavailable")
    assert live.ask("/health", method="GET").json == {"ok": True}


# --- what is said of it ----------------------------------------------------------------------


def test_log_lines_have_routes_and_nothing_personal(
    settings: Settings, one: Engine, key: str
) -> None:
    with running(settings, one) as live:
        live.ask("/v1/lookup", {"card": CARD}, key)
        live.ask("/v1/sheet", {"code": CODE, "format": "html"}, key)
        live.ask(f"/v1/lookup/{CARD}?card={CARD}", {"card": CARD}, key)
        live.ask(f"/{CARD}", None, CARD, "GET")
        live.ask("/v1/lookup", {"card": OTHERS}, key)
        metrics = live.ask("/metrics", method="GET").body.decode()
    assert [(line["route"], line["status"]) for line in live.lines] == [
        ("/v1/lookup", 200), ("/v1/sheet", 200), ("other", 404), ("other", 404),
        ("/v1/lookup", 404), ("/metrics", 200),
    ]  # fmt: skip
    assert (live.lines[0]["store"], live.lines[0]["key"]) == ("1", 1)
    assert live.lines[0]["time"] == "2017-11-08T12:00:00.000+00:00"
    assert live.lines[-2]["refused"] == "unknown"
    written = json.dumps(live.lines) + metrics
    secrets = (CARD, OTHERS, CODE, short_code(KEYS, 1), NAME, key, key.split("-", 2)[2])
    assert not [secret for secret in secrets if secret in written]


def test_a_fault_of_ours_is_answered_and_logged_without_its_message(
    settings: Settings, one: Engine, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise ValueError(f"card {CARD}")

    monkeypatch.setattr("promo.checkout.opening.by_card", fails)
    with running(settings, one) as live:
        answer = live.ask("/v1/lookup", {"card": CARD}, key)
    assert (answer.status, answer.refused) == (500, "failed")
    assert re.fullmatch(r"ValueError in test_service\.py, line \d+", live.lines[-1]["fault"])
    assert CARD not in json.dumps(live.lines) + answer.body.decode()


def test_metrics_are_prometheus_text(live: Running, key: str) -> None:
    for body in ({"card": CARD}, {"card": OTHERS}):
        live.ask("/v1/lookup", body, key)
    answer = live.ask("/metrics", method="GET")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.body.decode().splitlines()
    sample = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.]+')
    assert [
        line for line in lines if not line.startswith("# ") and not sample.fullmatch(line)
    ] == []
    assert 'promo_answers_total{route="/v1/lookup",status="200",refused=""} 1' in lines
    assert 'promo_answers_total{route="/v1/lookup",status="404",refused="unknown"} 1' in lines
    assert 'promo_answer_seconds_count{route="/v1/lookup"} 2' in lines
    assert 'promo_answer_seconds_bucket{route="/v1/lookup",le="+Inf"} 2' in lines


def test_the_document_says_what_there_is(live: Running) -> None:
    document = live.ask(openapi.PATH, method="GET").json
    assert document["openapi"] == "3.1.0"
    operations = {
        (path, method) for path, methods in document["paths"].items() for method in methods
    }
    assert operations == {
        ("/v1/lookup", "post"), ("/v1/sheet", "post"), ("/v1/journal", "post"),
        (openapi.PATH, "get"), ("/health", "get"), ("/ready", "get"), ("/metrics", "get"),
        *((f"/v1/{verb}", "post") for verb in ("quote", "reserve", "redeem", "return", "void")),
    }  # fmt: skip
    named = document["components"]["schemas"]
    assert named["Refused"]["properties"]["refused"]["enum"] == list(REFUSALS)
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)):
        assert reference.removeprefix("#/components/schemas/") in named
    lookup_ = document["paths"]["/v1/lookup"]["post"]["responses"]
    documented = {REFUSALS[code].status for code in REFUSALS} - {405}
    assert set(lookup_) == {"200", *(f"{status}" for status in documented)}
