"""One till's talk with a service, wherever that is: requests, names of sales, the store's clock."""

import http.client
import json
import secrets
import time
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from promo import money
from promo.checkout.service_address import Address
from promo.errors import Sentence
from promo.language import Language

PATIENCE = 30.0  # seconds for an answer
SHORT_PATIENCE = 5.0  # where there is another place to ask
REST = 10.0  # seconds that a place which did not answer is asked last
NOT_DONE = frozenset({"line_down", "pack_expired"})  # no for sure, though head office may say yes


class TalkError(Sentence):
    """The service is not there, or is none with a till to try."""


class Refusal(Sentence):
    """The service says no, in its own sentence for the cashier."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(" ".join(filter(None, (body["cashier"], body.get("detail")))))
        self.code = str(body["refused"])


class Unanswered(Sentence):
    """Nobody knows whether it was done: send the same again."""


class Place:
    """Where a service is."""

    def __init__(self, url: str) -> None:
        """Raises NoAddress."""
        self.at = Address.of(url)
        self.failed = float("-inf")  # when it did not answer

    @property
    def rests(self) -> bool:
        """Whether it has just not answered."""
        return time.monotonic() - self.failed < REST

    def ask(self, path: str, raw: bytes, key: str, patience: float) -> tuple[int, dict[str, Any]]:
        """Status and answer. Raises Unanswered, TalkError."""
        headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
        connection = self.at.connection(patience)
        try:
            connection.request("POST", self.at.path + path, raw, headers)
            got = connection.getresponse()
            said: dict[str, Any] = json.loads(got.read())
            if got.status != HTTPStatus.OK and "cashier" not in said:
                raise ValueError
        except (OSError, http.client.HTTPException):
            raise Unanswered("There is no answer.") from None
        except ValueError:
            raise TalkError(f"What answers at {self.at.url} is no service of promo's.") from None
        finally:
            connection.close()
        return got.status, said


class Talk:
    """A till that has said hello; the store is the key's. Raises TalkError, Refusal."""

    def __init__(
        self, url: str, key: str, store: str | None = None, otherwise: str | None = None
    ) -> None:
        """url: where it asks; otherwise: where, when nobody answers there."""
        self._places = [Place(each) for each in (url, otherwise) if each is not None]
        self._key = key
        try:
            self.here = self.ask("/till/hello", {"store": store} if store else {})
        except Unanswered:
            where = " or ".join(place.at.url for place in self._places)
            raise TalkError(
                f"No service answers at {where}. Is `promo serve --till` running?"
            ) from None
        except Refusal as error:
            if error.code == "no_such_path":
                raise TalkError(f"The service at {url} has no till to try: start it with "
                                "`promo serve --till`.") from None  # fmt: skip
            raise
        self._began = time.monotonic()
        self._till, self._count = f"try-{secrets.token_hex(3)}", 0
        self._language = Language(self.here["tag"], self.here["locale"], self.here["currency"])

    def ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One request's answer; the same request goes to the next place where one does not answer.

        Raises Refusal, Unanswered, TalkError.
        """
        raw, refusal = json.dumps(body).encode(), None
        patience = SHORT_PATIENCE if len(self._places) > 1 else PATIENCE
        for place in sorted(self._places, key=lambda place: place.rests):
            try:
                status, said = place.ask(path, raw, self._key, patience)
            except Unanswered:
                place.failed = time.monotonic()
                continue
            if status == HTTPStatus.OK:
                return said
            if status <= HTTPStatus.INTERNAL_SERVER_ERROR:  # at 500 nothing was done
                raise Refusal(said)
            if said["refused"] in NOT_DONE:
                refusal = Refusal(said)
        raise refusal or Unanswered("There is no answer.")

    def named(self) -> dict[str, str]:
        """A new sale's name."""
        self._count += 1
        return {"store": self.here["store"], "till": self._till, "day": self.here["day"],
                "transaction": str(self._count)}  # fmt: skip

    def at(self) -> str:
        """The store's own time, without a zone."""
        gone = timedelta(seconds=int(time.monotonic() - self._began))
        return (datetime.fromisoformat(self.here["at"]) + gone).isoformat()

    def money(self, minor: int) -> str:
        """An amount as the store writes it."""
        here = self.here
        return money.in_words(minor, here["currency"], here["locale"], here["sign"])

    def minor(self, text: str) -> int | None:
        """`2.49` or `2,49` in minor units; None if it is no such amount."""
        try:
            return money.to_minor(text.replace(",", "."), self.here["currency"])
        except ValueError:
            return None

    @property
    def example(self) -> str:
        """A price as it may be typed."""
        return f"{2.49:.{self.here['decimals']}f}"

    def day(self, text: str) -> str:
        """A day as the store writes it."""
        return self._language.day(datetime.fromisoformat(text).date())

    def say(self, word: str, **values: object) -> str:
        """Words in the store's language."""
        said: str = self.here["words"][word]
        return said.format_map(values) if values else said
