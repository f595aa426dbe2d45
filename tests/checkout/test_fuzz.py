"""Whatever is sent: a documented answer of the documented form, and never a fault of ours."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from drafts import KEYS
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import Engine

from checkout.till import CARD, Running, fill, new_key, running
from promo.checkout import bodies
from promo.checkout.openapi import MEDIA
from promo.checkout.refusals import REFUSALS
from promo.config import Settings
from promo.lists.codes import list_code, short_code

TEXTS = st.one_of(
    st.text(max_size=80),
    st.sampled_from([CARD, list_code(KEYS, 1), short_code(KEYS, 1), "", "\x00", "'; --", "%s ?"]),
    st.from_regex(r"253[0-9]{30}", fullmatch=True),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(TEXTS, each, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["code", "card", "store", "format", "", "Code"])
BODIES = st.one_of(
    st.dictionaries(NAMES, VALUES | TEXTS, max_size=4),
    st.fixed_dictionaries(
        {"card": st.just(CARD), "format": st.sampled_from(["html", "receipt-58"])}
    ),
    VALUES,
).map(lambda value: json.dumps(value).encode())


@pytest.fixture
def live(settings: Settings, sqlite_engine: Engine) -> Iterator[tuple[Running, str]]:
    fill(sqlite_engine)
    open_wide = {"requests_per_second": 1e6, "burst": 10**6, "failed_codes_per_minute": 10**6}
    with running(settings, sqlite_engine, **open_wide) as found:
        yield found, new_key(sqlite_engine)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["/v1/lookup", "/v1/sheet"]),
    st.one_of(BODIES, st.binary(max_size=200)),
    st.sampled_from(["POST", "POST", "POST", "GET", "PUT", "HEAD", "TRACE"]),
    st.sampled_from(["application/json", "application/json; charset=utf-8", "text/plain", ""]),
)
@example("/v1/lookup", b'{"card": "\\u0000"}', "POST", "application/json")
def test_every_answer_is_documented(
    live: tuple[Running, str], path: str, raw: bytes, method: str, kind: str
) -> None:
    service, key = live
    answer = service.ask(path, raw, key, method, content_type=kind)
    if answer.status == 200 and path == "/v1/sheet":
        assert answer.headers["content-type"] in MEDIA.values()
    elif method != "HEAD":
        form: TypeAdapter[Any] = bodies.LIST_SEEN if answer.status == 200 else bodies.REFUSED
        form.validate_json(answer.body, strict=True, extra="forbid")
    if answer.status != 200 and method != "HEAD":
        assert answer.status == REFUSALS[answer.refused].status < 500
    assert answer.status < 500
