"""Where a service of promo's answers, and connections to it: for tills and for store machines."""

import http.client
import re
import ssl
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from promo.errors import Sentence

PATH = re.compile("[!-~]*")  # as it stands in a request
NOT_IN_A_HOST = re.compile("[\\x00-\\x20\\x7f]")


class NoAddress(Sentence):
    """What was given is no address of a service, or who vouches for it cannot be read."""

    exit_code = 2


@dataclass(frozen=True)
class Address:
    """An address taken apart. `path` stands before all paths of the service, without an end slash.

    authorities: a file of certificates (PEM) to be trusted beside those that the machine trusts.
    """

    url: str
    host: str
    port: int | None
    path: str
    has_tls: bool
    authorities: Path | None = None

    @classmethod
    def of(cls, url: str, authorities: Path | None = None) -> "Address":
        """Take an address apart. Raises NoAddress."""
        try:
            at = urlsplit(url)
            if at.scheme not in ("http", "https") or not at.hostname or at.port == 0:
                raise ValueError
            at.hostname.encode("idna")  # as it is looked up
            if NOT_IN_A_HOST.search(at.hostname) or not PATH.fullmatch(at.path):
                raise ValueError
            found = cls(url, at.hostname, at.port, at.path.rstrip("/"), at.scheme == "https",
                        authorities)  # fmt: skip
        except ValueError:
            raise NoAddress(f"{url!r} is no address such as https://promo.example.com.") from None
        if authorities is not None and not found.has_tls:
            raise NoAddress(
                f"{authorities} says whose certificates are believed, and {url!r} shows none: "
                "expected an address that begins with https://."
            )
        return found

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """Whose certificates are believed. Raises NoAddress where `authorities` holds none."""
        trust = ssl.create_default_context()
        if self.authorities is not None:
            try:
                trust.load_verify_locations(self.authorities)
            except (OSError, ssl.SSLError) as error:
                raise NoAddress(f"{self.authorities} holds no certificates: {error}.") from None
        return trust

    def connection(self, seconds: float) -> http.client.HTTPConnection:
        """A connection that is yet to be made; seconds: that an answer is waited for.

        Raises NoAddress.
        """
        if not self.has_tls:
            return http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        return http.client.HTTPSConnection(
            self.host, self.port, timeout=seconds, context=self.trust
        )
