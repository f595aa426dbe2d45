"""List codes: round trips, the short code's check proved exhaustively, and what is refused."""

import pickle

import biip
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.lists import codes
from promo.lists.codes import (
    ALPHABET,
    MAX_COUNTER,
    CodeKeys,
    ForgedCode,
    MistypedCode,
    Opened,
    grouped,
    human_readable,
    list_code,
    load_keys,
    new_secret,
    open_code,
    serial,
    short_code,
)
from promo.scans.gtin import CodeError, check_digit

OURS = "9501101000018"
OTHER = "9501101530003"
SECRETS = {1: b"first secret, long enough", 2: b"second secret, long too"}
KEYS = CodeKeys(OURS, SECRETS, active=2)
COUNTERS = st.integers(0, MAX_COUNTER)


def checked(body: str) -> str:
    """Put a right check character behind 11 characters, as a forger can."""
    values = [ALPHABET.index(character) for character in body]
    return body + ALPHABET[codes._check_value(values)]


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


def test_short_check_catches_every_single_wrong_character() -> None:
    """Exhaustive: over GF(32) the check is linear, so one code stands for all; take several."""
    for counter in (0, 1, 31, 123456789, MAX_COUNTER):
        code = short_code(KEYS, counter).replace("-", "")
        for at in range(12):
            for character in ALPHABET.replace(code[at], ""):
                with pytest.raises(MistypedCode, match="was mistyped"):
                    open_code(KEYS, code[:at] + character + code[at + 1 :])


def test_short_check_catches_every_transposition() -> None:
    """Exhaustive: each pair of unequal values, at each pair of places, adjacent or not."""
    for left in range(12):
        for right in range(left + 1, 12):
            for pair in ((a, b) for a in range(32) for b in range(32) if a != b):
                values = [7] * 12
                values[left], values[right] = pair
                fault = codes._check_value(values[:11]) ^ values[11]
                values[right], values[left] = pair
                assert codes._check_value(values[:11]) ^ values[11] != fault


@given(COUNTERS)
def test_short_check_catches_transpositions_in_real_codes(counter: int) -> None:
    code = short_code(KEYS, counter).replace("-", "")
    for at in range(11):
        if code[at] != code[at + 1]:
            with pytest.raises(MistypedCode, match="was mistyped"):
                open_code(KEYS, code[:at] + code[at + 1] + code[at] + code[at + 2 :])


@given(COUNTERS, st.integers(23, 29))
def test_forged_barcode(counter: int, at: int) -> None:
    body = list_code(KEYS, counter)[3:]
    with pytest.raises(ForgedCode, match="we did not print it"):
        open_code(KEYS, body[:at] + other(body[at]) + body[at + 1 :])


@given(COUNTERS, st.integers(1, 2**25 - 1))
def test_forged_short_code(counter: int, flip: int) -> None:
    values = [ALPHABET.index(character) for character in short_code(KEYS, counter).replace("-", "")]
    for place in range(5):
        values[6 + place] ^= flip >> 5 * place & 31
    forged = checked("".join(ALPHABET[value] for value in values[:11]))
    with pytest.raises(ForgedCode, match="we did not print it"):
        open_code(KEYS, forged)


def test_counters_beyond_the_highest_are_forged() -> None:
    """30 bits hold more than nine digits do, and no key makes those codes."""
    with pytest.raises(ForgedCode):
        open_code(KEYS, codes._short(KEYS, 2, MAX_COUNTER + 1))


def test_changed_counter_or_key_is_forged() -> None:
    body = list_code(KEYS, 42)[3:]
    with pytest.raises(ForgedCode):
        open_code(KEYS, body[:13] + "1" + body[14:])
    with pytest.raises(ForgedCode):
        open_code(KEYS, body[:22] + other(body[22]) + body[23:])


def test_tags_are_separate() -> None:
    """Neither tag is the other, whole or reduced; and each depends on all that it covers."""
    tags = {
        codes._mac(keys, key, counter, kind)
        for keys in (KEYS, CodeKeys(OTHER, SECRETS, 1))
        for key in (1, 2)
        for counter in (0, 1)
        for kind in ("barcode", "short")
    }
    assert len(tags) == 16
    same = CodeKeys(OURS, {1: SECRETS[1], 2: SECRETS[1]}, active=1)
    assert codes._mac(same, 1, 0, "short") != codes._mac(same, 2, 0, "short")


def test_tags_use_their_whole_range_evenly() -> None:
    leading = [list_code(KEYS, counter)[26] for counter in range(5000)]
    assert all(400 < leading.count(digit) < 600 for digit in "0123456789")


def test_short_code_that_fits_two_keys_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "_mac", lambda keys, key_id, counter, kind: 5)
    with pytest.raises(MistypedCode, match="fits two lists; please use the barcode"):
        open_code(KEYS, short_code(KEYS, 1))


def code_of(document_type: str, key_id: int = 1) -> str:
    return list_code(CodeKeys(document_type, {key_id: b"a forger's own secret"}, key_id), 7)


def test_messages_of_forged_codes() -> None:
    cases = {
        code_of(OURS): "is well formed, but we did not print it; please do not accept it.",
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
        ("", "The list code '' is neither the 30 digits under the barcode nor the 12"),
        ("1234-5678-901", "The list code '1234-5678-901' is neither the 30 digits"),
        ("1234-5678-90U1", "holds 'U', which list codes do not use; please type it again."),
        ("1234-5678-90é1", "holds 'é', which list codes do not use"),
        ("ß234-5678-9012", "holds 'ß', which list codes do not use"),
        ("0000-0000-0001", "was mistyped, as its last character does not fit the others"),
        ("9501101000017" + "1" * 17, "its thirteenth digit does not fit the twelve before it"),
        ("254" + OURS + "1" * 17, "is neither the 30 digits"),
        (OURS + "1" * 16 + "l", "is neither the 30 digits"),
        (OURS + "1" * 16 + "١", "is neither the 30 digits"),
        ("https://example.com/253/123", "is neither the 30 digits"),
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


def test_keys_text() -> None:
    text = f"# made by the head office\r\n\r\n 3 : {'0A' * 16} \n1:a phrase: with a colon\n"
    keys = load_keys(OURS, text)
    assert keys == CodeKeys(OURS, {3: b"\n" * 16, 1: b"a phrase: with a colon"}, active=1)
    assert open_code(keys, list_code(keys, 5)) == Opened(1, 5)


def test_new_secrets_load() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    keys = load_keys(OURS, f"0:{first}\n5:{second}")
    assert (keys.active, len(keys.secrets[0])) == (5, 32)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The keys hold no line 'key id:secret'."),
        ("# 1:hidden hidden hidden", "The keys hold no line 'key id:secret'."),
        ("hidden hidden hidden", "Line 1 of the keys is not 'key id:secret'"),
        ("\n11:hidden hidden hidden", "Line 2 of the keys is not 'key id:secret'"),
        ("x:hidden hidden hidden", "Line 1 of the keys is not 'key id:secret'"),
        ("1:hidden", "Line 1 of the keys has a secret of 6 bytes; expected 16 or more."),
        ("1:", "Line 1 of the keys has a secret of 0 bytes"),
        ("1:deadbeefdeadbeef", "Line 1 of the keys has a secret of 8 bytes"),
        ("1:" + "deadbeef" * 8 + "d", "Line 1 of the keys has an odd number of hex digits"),
        (
            "1:hidden hidden hidden\n1:hidden hidden hidden",
            "Line 2 of the keys gives key 1 a second secret.",
        ),
    ],
)
def test_keys_text_refused(text: str, message: str) -> None:
    with pytest.raises(CodeError) as caught:
        load_keys(OURS, text)
    assert message in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert "deadbeef" not in str(caught.value)


@pytest.mark.parametrize(
    ("document_type", "secrets", "active", "message"),
    [
        ("950110100001", SECRETS, 1, "A document type is 13 digits, but got '950110100001'."),
        ("9501101000017", SECRETS, 1, "ends in check digit 7, but the GS1 standard computes 8"),
        (OURS, {10: b"x" * 16}, 10, "A key id is one digit, 0 to 9, but got 10."),
        (OURS, {1: b"x" * 15}, 1, "The secret of key 1 is 15 bytes; expected 16"),
        (OURS, SECRETS, 3, "The active key 3 has no secret."),
        (OURS, {}, 0, "The active key 0 has no secret."),
    ],
)
def test_keys_refused(
    document_type: str, secrets: dict[int, bytes], active: int, message: str
) -> None:
    with pytest.raises(CodeError) as caught:
        CodeKeys(document_type, secrets, active)
    assert message in str(caught.value)


def test_secrets_do_not_show() -> None:
    assert repr(KEYS) == str(KEYS) == f"CodeKeys(document_type='{OURS}', active=2)"


def test_keys_are_their_own_copy_and_go_to_other_processes() -> None:
    secrets = dict(SECRETS)
    keys = CodeKeys(OURS, secrets, active=1)
    secrets.clear()
    assert keys.secrets == SECRETS
    assert pickle.loads(pickle.dumps(keys)) == keys
    assert hash(keys) == hash(CodeKeys(OURS, SECRETS, 1))


def test_example_document_types_are_right() -> None:
    for document_type in (OURS, OTHER):
        assert check_digit(document_type[:12]) == document_type[12]
