"""List codes: round trips, everything scanners and people send, and what is refused."""

import biip
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.lists.codes import (
    grouped,
    human_readable,
    list_code,
    open_code,
    serial,
    short_code,
)
from promo.lists.codes.keys import MAX_COUNTER, CodeKeys, ForgedCode, MistypedCode, Opened
from promo.lists.codes.short_code import ALPHABET
from promo.scans.gtin import CodeError, check_digit

OURS = "9501101000018"
OTHER = "9501101530003"
SECRETS = {1: b"first secret, long enough", 2: b"second secret, long too"}
KEYS = CodeKeys(OURS, SECRETS, active=2)
COUNTERS = st.integers(0, MAX_COUNTER)


def other(digit: str) -> str:
    return str((int(digit) + 1) % 10)


@given(COUNTERS, st.sampled_from([1, 2]))
def test_round_trips(counter: int, active: int) -> None:
    made = CodeKeys(OURS, SECRETS, active)
    code = list_code(made, counter)
    assert len(code) == 33
    assert code.isdecimal()
    for text in (code, human_readable(code), grouped(code), short_code(made, counter)):
        assert open_code(KEYS, text) == Opened(active, counter)


@pytest.mark.parametrize("counter", [0, 1, MAX_COUNTER])
def test_extreme_counters(counter: int) -> None:
    assert open_code(KEYS, list_code(KEYS, counter)) == Opened(2, counter)
    assert open_code(KEYS, short_code(KEYS, counter)) == Opened(2, counter)


@pytest.mark.parametrize("counter", [-1, MAX_COUNTER + 1])
def test_counter_out_of_range(counter: int) -> None:
    for make in (list_code, short_code):
        with pytest.raises(CodeError, match="add a new key id"):
            make(KEYS, counter)


def test_parts_and_forms() -> None:
    code = list_code(KEYS, 1)
    tag = code[-7:]
    assert code == f"253{OURS}2000000001{tag}"
    assert serial(code) == f"2000000001{tag}"
    assert human_readable(code) == f"(253){OURS}2000000001{tag}"
    assert grouped(code) == f"(253){OURS} 2 000000001 {tag}"
    with pytest.raises(MistypedCode, match="is not 253 and 30 digits"):
        serial(code[3:])


def test_codes_never_change() -> None:
    """Lists are in people's hands: a change to how codes are made would void them all."""
    assert list_code(KEYS, 123456789) == "253950110100001821234567898399251"
    assert short_code(KEYS, 123456789) == "3NQK-8NHJ-F7BF"


def test_barcode_agrees_with_biip() -> None:
    code = list_code(KEYS, 42)
    for text in (code, f"]C1{code}", f"https://example.com/253/{code[3:]}"):
        message = biip.parse(text).gs1_message or biip.parse(text).gs1_digital_link_uri
        assert message is not None
        element = message.element_strings[0]
        assert element.ai.ai == "253"
        assert element.pattern_groups == [OURS, serial(code)]
        assert open_code(KEYS, text) == Opened(2, 42)
    message = biip.parse(code).gs1_message
    assert message is not None
    assert message.as_hri() == human_readable(code)


def test_everything_scanners_and_people_send() -> None:
    code, short = list_code(KEYS, 42), short_code(KEYS, 42)
    for text in (
        f"]C1{code}",
        f"]C1\x1d{code}\x1d\r\n",
        f"\x1d{code}",
        f" {code[:10]} {code[10:20]}-{code[20:]} ",
        code[3:],
        f"(253) {code[3:]}",
        f"https://example.com/253/{code[3:]}",
        f"HTTPS://example.com/some/where/253/{code[3:]}?linkType=all ",
        short.lower(),
        short.replace("-", ""),
        f"  {short.replace('-', ' ')}\n",
        short.replace("1", "l").replace("0", "o"),
        short.replace("1", "I").replace("0", "O"),
    ):
        assert open_code(KEYS, text) == Opened(2, 42)


@given(COUNTERS, st.integers(23, 29))
def test_forged_barcode(counter: int, at: int) -> None:
    body = list_code(KEYS, counter)[3:]
    with pytest.raises(ForgedCode, match="we did not print it"):
        open_code(KEYS, body[:at] + other(body[at]) + body[at + 1 :])


def test_changed_counter_or_key_is_forged() -> None:
    body = list_code(KEYS, 42)[3:]
    with pytest.raises(ForgedCode):
        open_code(KEYS, body[:13] + "1" + body[14:])
    with pytest.raises(ForgedCode):
        open_code(KEYS, body[:22] + other(body[22]) + body[23:])


def code_of(document_type: str, key_id: int = 1) -> str:
    return list_code(CodeKeys(document_type, {key_id: b"a forger's own secret"}, key_id), 7)


def test_messages_of_forged_codes() -> None:
    cases = {
        code_of(OURS): "is well formed, but we did not print it; please scan or type it "
        "again, and do not accept it if it stays so.",
        code_of(OURS, 9): "names key 9, which is not one of ours; please do not accept it.",
        code_of(OTHER): f"its document type is {OTHER}, and ours is {OURS}.",
        code_of(OTHER)[3:]: f"its document type is {OTHER}, and ours is {OURS}.",
    }
    for text, message in cases.items():
        with pytest.raises(ForgedCode) as caught:
            open_code(KEYS, text)
        assert message in str(caught.value)
        assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The list code '' is neither the 33 digits under the barcode nor the 12"),
        ("1234-5678-901", "The list code '1234-5678-901' is neither the 33 digits"),
        ("1234-5678-90U1", "holds 'U', which list codes do not use; please type it again."),
        ("1234-5678-90é1", "holds 'é', which list codes do not use"),
        ("ß234-5678-9012", "holds 'ß', which list codes do not use"),
        ("0000-0000-0001", "was mistyped, as its last character does not fit the others"),
        ("9501101000017" + "1" * 17, "its thirteenth digit does not fit the twelve before it"),
        ("254" + OURS + "1" * 17, "is neither the 33 digits"),
        (OURS + "1" * 16 + "l", "is neither the 33 digits"),
        (OURS + "1" * 16 + "١", "is neither the 33 digits"),
        ("https://example.com/253/123", "is neither the 33 digits"),
        ("1" * 201, "is 201 characters; expected at most 200."),
    ],
)
def test_messages_of_mistyped_codes(text: str, message: str) -> None:
    with pytest.raises(MistypedCode) as caught:
        open_code(KEYS, text)
    assert message in str(caught.value)
    assert str(caught.value).endswith(".")


@given(st.text(max_size=60) | st.text(alphabet=ALPHABET + "- ", min_size=10, max_size=40))
def test_any_text_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises((MistypedCode, ForgedCode), match=r"\.$"):
        open_code(KEYS, text)


def test_example_document_types_are_right() -> None:
    for document_type in (OURS, OTHER):
        assert check_digit(document_type[:12]) == document_type[12]


def test_tags_use_their_whole_range_evenly() -> None:
    leading = [list_code(KEYS, counter)[26] for counter in range(5000)]
    assert all(400 < leading.count(digit) < 600 for digit in "0123456789")
