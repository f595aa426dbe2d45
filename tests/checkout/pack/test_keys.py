"""Keys of packs: read with care, shown to nobody, renewed beside each other."""

import pytest

from promo.checkout.pack import keys
from promo.checkout.pack.keys import PackKeyError, PackKeys
from promo.config import Settings

SEED, CARD = "1a" * 32, "2b" * 32
LINE = f"1:{SEED}:{CARD}"


def test_ed25519_as_the_standard_has_it() -> None:
    """RFC 8032, 7.1, test 2."""
    seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
    own = keys.load_private(f"3:{seed}:{CARD}")
    public, _ = own.public().keys[3]
    assert public.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = own.sign(b"\x72")
    assert signature.hex().startswith("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8f")
    assert own.public().verify(3, signature, b"\x72")
    assert not own.public().verify(3, signature, b"\x73")


def test_the_last_line_signs_and_all_are_known() -> None:
    own = keys.load_private(f"# renewed in spring\n{LINE}\n\n  2:{CARD}:{SEED}  \n")
    assert (own.active, list(own.keys)) == (2, [1, 2])
    again = keys.load_public(own.public().text())
    assert again == own.public()
    assert again.card_key(1).card("29") == own.card_key(1).card("29")
    assert again.card_key(1).card("29") != own.card_key(2).card("29")
    assert keys.load_private(own.text()) == own


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "packs.key holds no line"),
        ("# nothing", "packs.key holds no line"),
        (f"{LINE}\nx:{SEED}:{CARD}", "Line 2 of packs.key is not"),
        (f"1:{SEED}", "Line 1 of packs.key is not"),
        (f"1:{SEED}ff:{CARD}", "Line 1 of packs.key is not"),
        (f"{LINE}\n{LINE}", "Line 2 of packs.key gives key 1 a second time"),
    ],
)
def test_lines_that_are_no_keys(text: str, said: str) -> None:
    with pytest.raises(PackKeyError, match=said) as caught:
        keys.load_private(text)
    assert SEED not in str(caught.value)


def test_new_keys_follow_until_there_are_ten() -> None:
    own = PackKeys({})
    for expected in (1, 2, 3, 4, 5, 6, 7, 8, 9, 0):
        own = own.with_new()
        assert own.active == expected
    with pytest.raises(PackKeyError, match="ten keys already"):
        own.with_new()
    assert SEED not in repr(keys.load_private(LINE))
    some = PackKeys({2: own.keys[2], 8: own.keys[8]}).with_new()
    assert some.active == 9


def test_numbers_are_of_their_kind_and_key() -> None:
    one = keys.load_private(LINE).card_key(1)
    assert len({one.card("29"), one.household("29"), one.card("30"), one.use("29")}) == 4
    assert 0 <= one.card("29") < 2**63
    assert 0 <= one.use("1", "3", "2017-11-08", "b", "redeem", "o1", 1) < 2**47
    assert one.use("1", "23") != one.use("12", "3")
    assert one.household("\ud800") != one.household("")  # half a character is some id, too


def test_where_keys_come_from(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PackKeyError, match="promo pack key new"):
        keys.private_of(settings)
    with pytest.raises(PackKeyError, match="a file packs"):
        keys.public_of(settings)
    (settings.folder / "packs.key").write_text(LINE, encoding="utf-8")
    assert keys.public_of(settings) == keys.private_of(settings).public()
    other = PackKeys({}).with_new().public()
    monkeypatch.setenv("PROMO_PACK_PUBLIC", other.text())
    assert keys.public_of(settings) == other
