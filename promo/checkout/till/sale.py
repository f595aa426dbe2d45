"""A sale at the till to try: lines, whose it is, and what became of it."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from promo.checkout.till.talk import Refusal, Talk

# code, 3*code, code @2.49 (or code 2.49: no list's code has a point).
TYPED = re.compile(r"(?:(\d{1,3})\s*[*×]\s*)?(.+?)(?:\s+(@\d+|@?\d+[.,]\d+))?")


@dataclass
class Typed:
    """What was typed, taken apart."""

    count: int
    code: str
    price: str | None

    @classmethod
    def of(cls, text: str) -> "Typed":
        """Of a text that is not empty."""
        found = TYPED.fullmatch(text)
        assert found is not None
        price = found[3]
        return cls(int(found[1] or 1), found[2], price and price.removeprefix("@"))


@dataclass
class Line:
    """A line: its name for people, what all of it costs before offers, and what is sent of it."""

    name: str
    amount: int
    sent: dict[str, Any]
    off: int = 0


@dataclass
class Sale:
    """One sale. `sent`: it was to be paid, and nobody answered; only the same may be sent again."""

    talk: Talk
    state: Literal["open", "sent", "paid"] = "open"
    lines: list[Line] = field(default_factory=list)
    coupons: list[str] = field(default_factory=list)
    whose: dict[str, str] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    held: bool = False
    body: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.name = self.talk.named()

    def basket(self) -> dict[str, Any]:
        """As it is sent."""
        lines = [line.sent for line in self.lines]
        coupons = {"coupons": self.coupons} if self.coupons else {}
        return self.name | {"at": self.talk.at(), "lines": lines} | self.whose | coupons

    def quote(self) -> None:
        """Ask what it costs. Raises Refusal, Unanswered."""
        self.answer = self.talk.ask("/v1/quote", self.basket())

    def add(self, line: Line) -> None:
        """Add a line and ask; a line that is refused does not stay. Raises Refusal, Unanswered."""
        self.lines.append(line)
        try:
            self.quote()
        except Refusal:
            self.lines.pop()
            raise

    def hand_over(self, coupon: str) -> dict[str, Any]:
        """What a coupon gives; one that is refused does not stay. Raises Refusal, Unanswered."""
        self.coupons.append(coupon)
        try:
            self.quote()
        except Refusal:
            self.coupons.pop()
            raise
        place, offers = len(self.coupons) - 1, self.answer["offers"]
        return next(offer for offer in offers if offer.get("coupon") == place)

    def hold(self) -> None:
        """Reserve its offers. Raises Refusal, Unanswered."""
        self.answer = self.talk.ask("/v1/reserve", self.basket())
        self.held = True

    def pay(self) -> None:
        """Redeem it; after no answer the same again. Raises Refusal, Unanswered."""
        self.body = self.body or self.basket()
        self.state = "sent"
        try:
            self.answer = self.talk.ask("/v1/redeem", self.body)
        except Refusal:
            self.state, self.body = "open", None  # it had no effect
            raise
        self.state = "paid"

    def bring_back(self, lines: list[dict[str, int]]) -> dict[str, Any]:
        """Return some lines, or all that is left. Raises Refusal, Unanswered."""
        body = self.talk.named() | {"at": self.talk.at(), "of": self.name}
        return self.talk.ask("/v1/return", body | ({"lines": lines} if lines else {}))

    def void(self) -> dict[str, Any]:
        """Take it back whole. Raises Refusal, Unanswered."""
        return self.talk.ask("/v1/void", self.name | {"at": self.talk.at()})

    def changed(self) -> list[int]:
        """Lines whose price has moved since it was asked last."""
        off = {share["line"]: share["off"] for share in self.answer.get("lines", [])}
        found = [n for n, line in enumerate(self.lines) if off.get(n, 0) != line.off]
        for number in found:
            self.lines[number].off = off.get(number, 0)
        return found

    def offers_on(self, number: int) -> list[tuple[str, int]]:
        """Titles of the offers on a line, with what each takes off it."""
        return [
            (offer["title"], share["off"])
            for offer in self.answer.get("offers", [])
            for share in offer["lines"]
            if share["line"] == number and share["off"]
        ]
