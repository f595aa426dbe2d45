"""Addresses of services: taken apart, or refused with a sentence."""

import http.client
from pathlib import Path

import pytest

from promo.checkout.service_address import Address, NoAddress


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080", ("127.0.0.1", 8080, "", False)),
        ("https://promo.example.com/", ("promo.example.com", None, "", True)),
        ("https://example.com/promo/", ("example.com", None, "/promo", True)),
        ("http://[::1]:80", ("::1", 80, "", False)),
    ],
)
def test_taken_apart(url: str, expected: tuple[str, int | None, str, bool]) -> None:
    at = Address.of(url)
    assert (at.host, at.port, at.path, at.has_tls) == expected
    made = at.connection(1.5)
    assert isinstance(made, http.client.HTTPSConnection) == at.has_tls
    assert (made.host, made.timeout) == (at.host, 1.5)


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://x", "http://", "http://x:y", "http://x:0", "http://x:70000", "http://["]
)
def test_no_address(url: str) -> None:
    with pytest.raises(NoAddress, match="is no address such as"):
        Address.of(url)


def test_authorities_that_are_none(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    at = Address.of("https://promo.example.com")
    for text in (None, "no certificate"):
        if text is not None:
            file.write_text(text, encoding="utf-8")
        with pytest.raises(NoAddress, match="holds no certificates"):
            at.connection(1.0, file)
