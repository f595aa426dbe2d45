"""E-mail: what a mail reader finds in it, and what nobody can put into its head."""

import email
import re
from datetime import date
from email.message import EmailMessage
from email.policy import default
from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from drafts import draft, due, offer, sheet
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from promo.config import Settings
from promo.lists.press.email import AddressError, message
from promo.lists.press.flowed import flowed
from promo.lists.press.page import Page
from promo.lists.press.press import Press

DAY = date(2017, 11, 6)
HEADS = [
    "From", "To", "Subject", "Auto-Submitted", "Date", "Message-ID", "MIME-Version",
    "Content-Type", "Content-Language",
]  # fmt: skip


def with_email(settings: Settings, **changes: Any) -> Settings:
    return settings.model_copy(update={"email": settings.email.model_copy(update=changes)})


def page(settings: Settings, **changes: Any) -> Page:
    return Press(settings).page(sheet(draft(**changes)))


def sent(settings: Settings, to: str = "ann@example.com", **changes: Any) -> EmailMessage:
    data = message(page(settings, **changes), Press(settings), to=to, day=DAY)
    found = email.message_from_bytes(data, policy=default)
    assert not found.defects
    return found


def text_of(found: EmailMessage) -> str:
    """The text part as a reader shows it: lines that end in a blank are joined (RFC 3676)."""
    part = found.get_body(("plain",))
    assert part is not None
    assert part["Content-Type"].params["format"] == "flowed"
    return re.sub(r"(?m)^ ", "", part.get_content().replace("\r\n", "\n").replace(" \n", " "))


def html_of(found: EmailMessage) -> str:
    part = found.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_who_it_is_from_and_to(settings: Settings) -> None:
    found = sent(settings, name="Zoë Łąk")
    assert found.keys() == HEADS
    assert found["From"] == "Main Street Market <lists@example.com>"
    assert found["To"] == "Zoë Łąk <ann@example.com>"
    assert found["Subject"] == "Main Street Market: your list and offers"
    assert found["Date"].datetime.date() == DAY
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.com>", found["Message-ID"])
    assert found["Content-Language"] == "en-US"


def test_all_of_a_list_is_in_both_parts(settings: Settings) -> None:
    made = page(settings, name="Zoë")
    found = sent(settings, name="Zoë")
    for part in (text_of(found), html_of(found)):
        for words in (
            "Zoë", made.store, made.valid_from, made.valid_until, made.worth, "Soft drinks",
            "12 pk", "$1.00 off", "Any cold cereal", "On one item. Once.", made.human_readable,
            made.short_code,
        ):  # fmt: skip
            assert words in part


def test_its_parts_are_as_readers_expect_them(settings: Settings) -> None:
    types = [part.get_content_type() for part in sent(settings).walk()]
    assert types == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip


@pytest.mark.parametrize("symbology", ["gs1-128", "qr", "qr-link"])
def test_the_code_is_a_picture_that_is_read(settings: Settings, symbology: str) -> None:
    lists = {"symbology": symbology, "link_host": "lists.example.com"}
    house = settings.model_copy(update={"lists": settings.lists.model_copy(update=lists)})
    found = sent(house)
    (picture,) = [part for part in found.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<code>"
    assert picture.get_content_disposition() == "inline"
    assert 'src="cid:code"' in html_of(found)
    image = Image.open(BytesIO(picture.get_content()))
    image.load()
    for paper in (image.convert("L"), image.convert("L").rotate(3, expand=True, fillcolor=255)):
        code = zxingcpp.read_barcode(paper)
        assert code is not None
        assert re.sub("[^0-9]", "", code.bytes.decode())[-33:] == sheet().code


def test_nothing_is_fetched_and_nothing_tells(settings: Settings) -> None:
    html = html_of(sent(settings))
    assert not re.search(r"https?:|href|<script|<link|@import|url\(|<form", html)
    assert re.findall(r'src="([^"]*)"', html) == ["cid:code"]


def test_an_address_to_stop_it(settings: Settings) -> None:
    found = sent(with_email(settings, unsubscribe="stop@example.com", name="Our lists"))
    assert found["List-Unsubscribe"] == "<mailto:stop@example.com?subject=unsubscribe>"
    assert found["From"] == "Our lists <lists@example.com>"


def test_the_same_list_gives_the_same_bytes(settings: Settings) -> None:
    def made(to: str = "ann@example.com", **changes: Any) -> bytes:
        return message(page(settings, **changes), Press(settings), to=to, day=DAY)

    assert made() == made()
    heads = {email.message_from_bytes(m)["Message-ID"] for m in (made(), made("b@example.com"))}
    assert len(heads) == 2


@pytest.mark.parametrize("data", ["en", "zh"])
def test_it_passes_any_mail_server(settings: Settings, data: str) -> None:
    made = message(
        page(settings, name="王小明" * 20, language=data), Press(settings), to="a@b.cd", day=DAY
    )
    assert made.isascii()
    assert max(map(len, made.split(b"\r\n"))) <= 78
    assert b"\n" not in made.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "name",
    [
        "Ann\r\nBcc: eve@example.com",
        "Ann\nSubject: won",
        "Ann\x00\x1b",
        'Ann" <eve@example.com>, "',
        "Ann <eve@example.com>",
        "=?utf-8?q?Ann=0D=0ABcc:_eve@example.com?=",
        "=?utf-8?b?DQpCY2M6IGVAZXhhbXBsZS5jb20=?= =?utf-8?q?=0D=0A=0D=0Abody?=",
        "==??utf-8?q?Ann=0D=0ABcc:_eve@example.com?=",
        "=\x00?utf-8?q?Ann=0D=0ABcc:_eve@example.com?=",
        "=\u202e?utf-8?q?Ann=0D=0ABcc:_eve@example.com?=",
        "\u2028Bcc: eve@example.com",
    ],
)
def test_no_name_gets_into_the_head(settings: Settings, name: str) -> None:
    found = sent(settings, name=name)
    assert found.keys() == HEADS
    assert [str(a.addr_spec) for a in found["To"].addresses] == ["ann@example.com"]


words = st.text(max_size=60) | st.text(
    st.sampled_from('a =?\r\n<>"@,;:王é\x85\u2028.'), max_size=60
)


@given(name=words, title=words)
@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_words_it_is_one_sound_message(
    settings: Settings, name: str, title: str
) -> None:
    found = sent(settings, name=name, offers=(offer(title=title),), due=(due(words=title),))
    assert found.keys() == HEADS
    assert len(list(found.walk())) == 5
    assert [str(a.addr_spec) for a in found["To"].addresses] == ["ann@example.com"]


@pytest.mark.parametrize(
    "to",
    [
        "",
        "@",
        "<x@y.z>",
        "ann",
        "ann@",
        "a b@example.com",
        "a@b.cd\r\nBcc: e@example.com",
        "a@b.cd, e@f.gh",
        "a@[127.0.0.1]",
        '"a b"@example.com',
        f"{'a' * 243}@example.com",
    ],
)
def test_an_address_that_is_none(settings: Settings, to: str) -> None:
    with pytest.raises(AddressError, match="cannot be written to"):
        message(page(settings), Press(settings), to=to, day=DAY)


def test_hostile_words_stay_words(settings: Settings) -> None:
    word = "<script>alert(1)</script>{{ banner }}"
    found = sent(settings, name=word)
    assert "<script" not in html_of(found)
    assert word in text_of(found)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("short", "short\n"),
        ("From here", " From here\n"),
        ("> quoted", " > quoted\n"),
        (" indented", "  indented\n"),
        ("one\n\ntwo\n\n", "one\n\ntwo\n"),
        ("x" * 90 + " y", "x" * 90 + " \ny\n"),
    ],
)
def test_text_flows(text: str, wanted: str) -> None:
    assert flowed(text) == wanted


@given(st.lists(st.text(st.characters(categories=["L", "P"]), min_size=1, max_size=30)))
def test_text_flows_back_into_its_lines(parts: list[str]) -> None:
    text = " ".join(parts)
    lines = flowed(text).removesuffix("\n").split("\n")
    assert max(map(len, lines)) <= 73
    assert "".join(line.removeprefix(" ") for line in lines) == text
