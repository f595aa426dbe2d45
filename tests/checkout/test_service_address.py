"""Addresses of services: taken apart, or refused with a sentence."""

import http.client
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

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
    "url",
    [
        "", "x", "ftp://x", "http://", "http://x:y", "http://x:0", "http://x:70000", "http://[",
        "http://exa mple:1/", "http://x\x7f", f"http://{'a' * 64}.example.com", "http://a..b",
        "http://x/a b", "http://x/\xe9",
    ],
)  # fmt: skip
def test_no_address(url: str) -> None:
    with pytest.raises(NoAddress, match="is no address such as"):
        Address.of(url)


def test_authorities_go_with_certificates(tmp_path: Path) -> None:
    with pytest.raises(NoAddress, match=r"ca\.pem says whose .* expected .*https://"):
        Address.of("http://promo.example.com", tmp_path / "ca.pem")


def test_authorities_that_are_none(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    for text in (None, "no certificate"):
        if text is not None:
            file.write_text(text, encoding="utf-8")
        with pytest.raises(NoAddress, match="holds no certificates"):
            Address.of("https://promo.example.com", file).connection(1.0)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate that nobody vouches for but itself, and its key, in one file."""
    own = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "promo")])
    now, names = datetime.now(UTC), [x509.DNSName("localhost")]
    made = (
        x509.CertificateBuilder(name, name, own.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(1))
        .not_valid_after(now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(own, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path / "own.pem"
    file.write_bytes(made.public_bytes(pem) + key)
    return file


@pytest.fixture
def port(certificate: Path) -> Iterator[int]:
    """Where something answers over TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # it hung up on us
        server.socket = server_side.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_certificates_are_believed_whose_authorities_are_named(
    certificate: Path, port: int
) -> None:
    def asked(at: Address) -> int:
        with closing(at.connection(30.0)) as connection:
            connection.request("GET", "/")
            return connection.getresponse().status

    assert asked(Address.of(f"https://localhost:{port}", certificate)) == 204
    for at in (
        Address.of(f"https://localhost:{port}"),  # whom the machine does not know
        Address.of(f"https://127.0.0.1:{port}", certificate),  # another name
    ):
        with pytest.raises(ssl.SSLCertVerificationError):
            asked(at)
