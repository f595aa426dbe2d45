"""Code keys: what a key file may say, what is refused, and that no secret is ever shown."""

import pickle

import pytest

from promo.lists.codes.keys import CodeKeys, load_keys, new_secret
from promo.scans.gtin import CodeError

OURS = "9501101000018"
OTHER = "9501101530003"
SECRETS = {1: b"first secret, long enough", 2: b"second secret, long too"}
KEYS = CodeKeys(OURS, SECRETS, active=2)


def test_keys_text() -> None:
    text = f"# made by the head office\r\n\r\n 3 : {'0A' * 16} \n1:a phrase: with a colon\n"
    keys = load_keys(OURS, text)
    assert keys == CodeKeys(OURS, {3: b"\n" * 16, 1: b"a phrase: with a colon"}, active=1)


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


def test_tags_are_separate() -> None:
    """Neither tag is the other, whole or reduced; and each depends on all that it covers."""
    tags = {
        keys.tag(key, counter, kind)
        for keys in (KEYS, CodeKeys(OTHER, SECRETS, 1))
        for key in (1, 2)
        for counter in (0, 1)
        for kind in ("barcode", "short")
    }
    assert len(tags) == 16
    same = CodeKeys(OURS, {1: SECRETS[1], 2: SECRETS[1]}, active=1)
    assert same.tag(1, 0, "short") != same.tag(2, 0, "short")
