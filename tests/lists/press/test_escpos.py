"""What a printer is sent: each command's bytes, and text that comes back as it went in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paper import NotUnderstood, printed

from promo.language import NBSP
from promo.lists.press import escpos
from promo.lists.press.code_pages import Repertoire, one_page, plain

PAGES = {"cp437": 0, "cp858": 19, "cp852": 18, "cp866": 17, "cp1252": 16}
PLAIN, CHINESE = Repertoire(PAGES), Repertoire(PAGES, chinese=True)
WIDE = 3200  # dots: whatever the text, it stands on one line


@pytest.mark.parametrize(
    ("sent", "command"),
    [
        (escpos.INIT, "1b 40 1b 52 00"),
        (escpos.code_page(19), "1b 74 13"),
        (escpos.align(1), "1b 61 01"),
        (escpos.bold(True), "1b 45 01"),
        (escpos.font(escpos.FONT_B), "1b 4d 01"),
        (escpos.size(1, 1), "1d 21 00"),
        (escpos.size(2, 4), "1d 21 13"),
        (escpos.spacing(30), "1b 33 1e"),
        (escpos.move_to(300), "1b 24 2c 01"),
        (escpos.feed(16), "1b 4a 10"),
        (escpos.CUT, "1d 56 42 00"),
        (escpos.raster(np.eye(9, dtype=bool)),
         "1d 76 30 00 02 00 09 00 8000 4000 2000 1000 0800 0400 0200 0100 0080"),
    ],
)  # fmt: skip
def test_a_command_is_as_the_reference_has_it(sent: bytes, command: str) -> None:
    assert sent == bytes.fromhex(command)


@pytest.mark.parametrize("rows", [0, 1, 191, 192, 193, 500])
def test_a_picture_in_bands_is_the_picture(rows: int) -> None:
    dots = np.random.default_rng(1).random((rows, 70)) < 0.5
    back = printed(escpos.raster(dots), 80)
    found = ~np.asarray(back.picture)[:rows]
    assert (found[:, :70] == dots).all()
    assert not found[:, 70:].any()
    assert len(back.strips) == -(-rows // escpos.BAND)


def back(repertoire: Repertoire, text: str) -> str:
    data, _ = repertoire.write(text, None)
    return printed(escpos.INIT + data + escpos.LF, WIDE).text


@pytest.mark.parametrize(
    ("text", "switches"),
    [
        ("Milk, 1 gal", []),
        ("Crème fraîche", [0]),
        ("€2.50", [19]),
        ("łąka", [18]),
        ("Привет", [17]),
        ("Привет, łąka", [17, 18]),
        ("5 – 6 “best”", [16]),
        ("née – née", [16]),  # cp437 knows é, too, but the dash would need a change
        ("é ł é", [18]),
        ("½ ▒", [0]),
    ],
)
def test_tables_change_only_where_they_must(text: str, switches: list[int]) -> None:
    data, page = PLAIN.write(text, None)
    assert [data[at + 2] for at in range(len(data)) if data[at : at + 2] == b"\x1bt"] == switches
    assert page == (switches[-1] if switches else None)
    assert back(PLAIN, text) == text


def test_a_table_in_use_is_kept() -> None:
    data, page = PLAIN.write("é", 18)
    assert (data, page) == (b"\x82", 18)


@given(st.text(max_size=60))
def test_text_comes_back_or_is_not_said(text: str) -> None:
    text = plain(text)
    for repertoire in (PLAIN, CHINESE):
        if repertoire.says(text):
            assert back(repertoire, text) == text.replace(NBSP, " ")
        else:
            with pytest.raises(ValueError, match="cannot say"):
                repertoire.write(text, None)


@given(st.text(st.sampled_from("a1 é€łЖ王小“–"), max_size=40))
def test_mixed_text_comes_back(text: str) -> None:
    assert CHINESE.says(text)
    assert back(CHINESE, text) == text
    assert PLAIN.says(text) == (not set(text) & set("王小"))


@pytest.mark.parametrize("codec", PAGES)
def test_all_of_a_table_comes_back(codec: str) -> None:
    table = one_page(codec)
    assert len(table) > 80
    assert back(Repertoire({codec: PAGES[codec]}), "".join(table)) == "".join(table)


def test_letters_that_run_leftwards_are_never_said() -> None:
    assert not Repertoire({"cp862": 15}).says("שלום")  # it has them, and would print them backwards


@pytest.mark.parametrize("character", ["\x1b", "\x1d", "\n", "\x10", "\x7f", "\x9b", "\u202e"])
def test_no_control_is_ever_said(character: str) -> None:
    assert not CHINESE.says(character)
    assert not PLAIN.says(f"a{character}b")


def test_characters_of_four_bytes_are_drawn() -> None:
    assert CHINESE.says("王")
    assert not CHINESE.says("\U00020000")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("e\u0301te\u0301", "été"),
        ("$1.00\u00a0off\u202f", "$1.00\u00a0off\u00a0"),
        ("a\t b\r\nc", "a b c"),
        ("10\u202foz \u00a0usually\u20073", "10\u00a0oz\u00a0usually\u00a03"),
        ("soft\u00adhyphen\u200b\ufeff", "softhyphen"),
    ],
)
def test_text_is_made_plain(text: str, wanted: str) -> None:
    assert plain(text) == wanted


@pytest.mark.parametrize(
    "data",
    [
        b"\x1bp\x00\x19\xfa",  # opens a drawer
        b"\x10\x14\x01\x00\x05",
        b"\x1d(k\x04\x00",
        b"no end",
        b"\x1b$\x30\x02123456789\n",  # beyond 576
        b"\x1dv0\x00\x49\x00\x01\x00" + bytes(73),
    ],
)
def test_the_reader_refuses_what_we_never_send(data: bytes) -> None:
    with pytest.raises(NotUnderstood):
        printed(data, 576)
