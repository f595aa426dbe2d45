"""The short code: its check proved exhaustively, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.lists.codes import open_code
from promo.lists.codes.keys import MAX_COUNTER, CodeKeys, ForgedCode, MistypedCode
from promo.lists.codes.short_code import ALPHABET, check_value, make

OURS = "9501101000018"
KEYS = CodeKeys(OURS, {1: b"first secret, long enough", 2: b"second secret, long too"}, active=2)
COUNTERS = st.integers(0, MAX_COUNTER)


def checked(body: str) -> str:
    """Put a right check character behind 11 characters, as a forger can."""
    values = [ALPHABET.index(character) for character in body]
    return body + ALPHABET[check_value(values)]


def test_short_check_catches_every_single_wrong_character() -> None:
    """Exhaustive: over GF(32) the check is linear, so one code stands for all; take several."""
    for counter in (0, 1, 31, 123456789, MAX_COUNTER):
        code = make(KEYS, 2, counter)
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
                fault = check_value(values[:11]) ^ values[11]
                values[right], values[left] = pair
                assert check_value(values[:11]) ^ values[11] != fault


@given(COUNTERS)
def test_short_check_catches_transpositions_in_real_codes(counter: int) -> None:
    code = make(KEYS, 2, counter)
    for at in range(11):
        if code[at] != code[at + 1]:
            with pytest.raises(MistypedCode, match="was mistyped"):
                open_code(KEYS, code[:at] + code[at + 1] + code[at] + code[at + 2 :])


@given(COUNTERS, st.integers(1, 2**25 - 1))
def test_forged_short_code(counter: int, flip: int) -> None:
    values = [ALPHABET.index(character) for character in make(KEYS, 2, counter)]
    for place in range(5):
        values[6 + place] ^= flip >> 5 * place & 31
    forged = checked("".join(ALPHABET[value] for value in values[:11]))
    with pytest.raises(ForgedCode, match="we did not print it"):
        open_code(KEYS, forged)


def test_counters_beyond_the_highest_are_forged() -> None:
    """30 bits hold more than nine digits do, and no key makes those codes."""
    with pytest.raises(ForgedCode):
        open_code(KEYS, make(KEYS, 2, MAX_COUNTER + 1))


def test_short_code_that_fits_two_keys_is_not_guessed() -> None:
    # Two secrets found by trying: for counter 1 their short codes are the same.
    secrets = {1: b"secret number 01170", 2: b"secret number 01081"}
    assert make(CodeKeys(OURS, secrets, 1), 1, 1) == make(CodeKeys(OURS, secrets, 2), 2, 1)
    with pytest.raises(MistypedCode, match="fits two lists; please use the barcode"):
        open_code(CodeKeys(OURS, secrets, 1), make(CodeKeys(OURS, secrets, 1), 1, 1))
