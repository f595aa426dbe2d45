"""EAN-13 list codes: a permutation of the counters, opened only at a store's desk."""

from itertools import pairwise

import biip
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.lists.codes import list_code, open_code, short_code
from promo.lists.codes.ean import HALF, Desk, ean_code, made
from promo.lists.codes.keys import MAX_COUNTER, CodeKeys, ForgedCode, MistypedCode, Opened
from promo.scans.gtin import CodeError, check_digit

KEYS = CodeKeys(
    "9501101000018", {1: b"first secret, long enough", 2: b"second secret, long too"}, active=2
)
COUNTERS = st.integers(0, MAX_COUNTER)
STORES = st.text(min_size=1, max_size=8)
PREFIXES = st.sampled_from(["02", "04", *map(str, range(20, 30))])


def desk(*lists: Opened, store: str = "17", prefix: str = "04") -> Desk:
    return Desk(store, prefix, lambda opened: opened in lists)


@given(COUNTERS, STORES, PREFIXES, st.sampled_from([1, 2]))
def test_opens_at_its_own_store(counter: int, store: str, prefix: str, key: int) -> None:
    own = Opened(key, counter)
    code = made(KEYS, own, store, prefix)
    here = desk(own, store=store, prefix=prefix)
    assert (len(code), code[:2]) == (13, prefix)
    assert code[-1] == check_digit(code[:-1])
    for text in (code, f"]E0{code}", f" {code[0]} {code[1:7]} {code[7:]} "):
        assert open_code(KEYS, text, here) == own
    if prefix[0] == "0":  # as a UPC-A, its 0 left out
        assert open_code(KEYS, code[1:], here) == own
        assert open_code(KEYS, f"]E0{code[1:]}", here) == own


def test_biip_reads_a_restricted_number() -> None:
    result = biip.parse(ean_code(KEYS, 42, "17", "04"))
    assert result.gtin is not None
    assert result.gtin.check_digit == int(ean_code(KEYS, 42, "17", "04")[-1])
    assert type(result.gtin).__name__ == "Rcn"


@given(COUNTERS, st.integers(0, 11), st.integers(1, 9))
def test_a_single_wrong_digit_is_refused(counter: int, at: int, more: int) -> None:
    code = ean_code(KEYS, counter, "17", "04")
    wrong = code[:at] + str((int(code[at]) + more) % 10) + code[at + 1 :]
    everything = Desk("17", "04", lambda opened: True)
    with pytest.raises(MistypedCode, match="its last digit does not fit"):
        open_code(KEYS, wrong, everything)


def test_numbers_do_not_repeat_nor_follow_each_other() -> None:
    numbers = [int(ean_code(KEYS, counter, "17", "20")[2:12]) for counter in range(2000)]
    assert len(set(numbers)) == 2000
    steps = {after - before for before, after in pairwise(numbers)}
    assert len(steps) == 1999
    for place in (1, HALF):  # both halves spread evenly over ten classes
        tenths = [number // place % HALF * 10 // HALF for number in numbers]
        assert all(140 < tenths.count(tenth) < 260 for tenth in range(10))


def test_another_store_or_key_has_other_numbers() -> None:
    others = [made(KEYS, Opened(key, 42), store, "04") for key in (1, 2) for store in ("17", "18")]
    assert len(set(others)) == 4
    code = ean_code(KEYS, 42, "17", "04")
    with pytest.raises(ForgedCode, match="opens no list of this store"):
        open_code(KEYS, code, desk(Opened(2, 42), store="18"))


def test_guessing_opens_as_often_as_there_are_lists() -> None:
    """With 100,000 lists in force a random number opens one in 10**5 tries, not in ten."""
    here = Desk("17", "04", lambda opened: opened.key_id == 2 and opened.counter < 100_000)
    opened = 0
    for guess in range(3000):
        payload = f"04{guess * 3_141_592_653 % 10**10:010d}"
        try:
            open_code(KEYS, payload + check_digit(payload), here)
            opened += 1
        except ForgedCode:
            pass
    assert opened <= 1


def test_without_a_desk_no_ean_opens() -> None:
    code = ean_code(KEYS, 42, "17", "04")
    for text in (code, f"]E0{code}"):
        with pytest.raises(MistypedCode, match="only at a till that says which store"):
            open_code(KEYS, text)


def test_refusals() -> None:
    code = ean_code(KEYS, 42, "17", "04")
    with pytest.raises(ForgedCode, match="it begins with 04, and ours with 20"):
        open_code(KEYS, code, desk(Opened(2, 42), prefix="20"))
    with pytest.raises(ForgedCode, match="opens no list of this store that is good today"):
        open_code(KEYS, code, desk())
    with pytest.raises(MistypedCode, match="The EAN-13 ']E012' is not 13 digits"):
        open_code(KEYS, "]E012", desk())
    with pytest.raises(CodeError, match="02, 04 or 20 to 29, but got '40'"):
        ean_code(KEYS, 42, "17", "40")
    with pytest.raises(CodeError, match="must be 0 to 999999999, but got -1"):
        ean_code(KEYS, -1, "17", "04")


def test_a_number_that_fits_two_lists_opens_neither() -> None:
    counter = next(n for n in range(10_000) if _other_key(n) <= MAX_COUNTER)
    code = made(KEYS, Opened(2, counter), "17", "04")
    both = desk(Opened(2, counter), Opened(1, _other_key(counter)))
    with pytest.raises(MistypedCode, match="fits two lists"):
        open_code(KEYS, code, both)


def _other_key(counter: int) -> int:
    """What the number of a list of key 2 says under key 1."""
    said: list[Opened] = []
    here = Desk("17", "04", lambda opened: bool(said.append(opened)))  # type: ignore[func-returns-value]
    with pytest.raises(ForgedCode):
        open_code(KEYS, made(KEYS, Opened(2, counter), "17", "04"), here)
    return next((opened.counter for opened in said if opened.key_id == 1), MAX_COUNTER + 1)


@given(COUNTERS)
def test_the_other_codes_open_at_a_desk_as_elsewhere(counter: int) -> None:
    for text in (list_code(KEYS, counter), short_code(KEYS, counter)):
        assert open_code(KEYS, text, desk()) == Opened(2, counter)


@given(st.text(max_size=40) | st.from_regex("[0-9]{12,13}", fullmatch=True))
def test_noise_never_opens(text: str) -> None:
    for there in (None, desk(*[Opened(2, counter) for counter in range(50)])):
        with pytest.raises((MistypedCode, ForgedCode), match=r"\.$"):
            open_code(KEYS, text, there)


CARRIERS = st.sampled_from(["]C1", "]d2", "]Q3", "\x1d", "]C1\x1d", "]Q3(253)", ""])


@given(COUNTERS, CARRIERS)
def test_element_strings_of_every_carrier(counter: int, carrier: str) -> None:
    code = list_code(KEYS, counter)
    text = carrier + (code[3:] if carrier.endswith(")") else code)
    assert open_code(KEYS, text + "\x1d") == Opened(2, counter)


@given(COUNTERS, st.sampled_from(["]Q1", "]Q2", ""]), st.sampled_from(["", "?utm=1", "/", "#a"]))
def test_links_of_every_carrier(counter: int, carrier: str, tail: str) -> None:
    link = f"{carrier}https://any.example/shop/253/{list_code(KEYS, counter)[3:]}{tail}"
    assert open_code(KEYS, link) == Opened(2, counter)


@given(COUNTERS, st.integers(0, 12), st.integers(1, 9))
def test_a_single_wrong_digit_of_a_document_type_is_refused(
    counter: int, at: int, more: int
) -> None:
    code = list_code(KEYS, counter)[3:]
    wrong = code[:at] + str((int(code[at]) + more) % 10) + code[at + 1 :]
    with pytest.raises(MistypedCode, match="its thirteenth digit does not fit"):
        open_code(KEYS, wrong)


@pytest.mark.parametrize("text", ["]Q1hello", "]Q1" + list_code(KEYS, 1), "]Q2"])
def test_a_plain_qr_code_holds_a_link(text: str) -> None:
    with pytest.raises(MistypedCode, match="is no link of one of our lists"):
        open_code(KEYS, text)


@pytest.mark.parametrize("identifier", ["]C0", "]d1", "]A0", "]E4", "]c1"])
def test_other_carriers_are_not_ours(identifier: str) -> None:
    with pytest.raises(MistypedCode):
        open_code(KEYS, identifier + list_code(KEYS, 1))
