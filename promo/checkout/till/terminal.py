"""The till to try in a terminal, or in a pipe: a command a line, what became of it below."""

from collections.abc import Callable, Iterable
from typing import Any

from promo.checkout.till.sale import Line, Sale, Typed
from promo.checkout.till.talk import Refusal, Talk, Unanswered

WIDE = 46  # characters for names
Say = Callable[[str], None]


class Terminal:
    """A till whose keys are words. Nothing is priced here: the service says what it costs."""

    def __init__(self, talk: Talk, say: Say) -> None:
        self.talk, self.say = talk, say
        self.sale = Sale(talk)
        self.last: Sale | None = None
        self.list: dict[str, Any] | None = None
        self.items: list[dict[str, Any]] = []
        self.refusals = 0
        self.acts: dict[str, Callable[[list[str]], None]] = {
            "?": self.help, "list": self.show_list, "basket": self.show_basket, "off": self.off,
            "card": self.card, "hold": self.hold, "pay": self.pay, "return": self.bring_back,
            "void": self.void, "new": self.new,
        }  # fmt: skip

    def run(self, lines: Iterable[str]) -> None:
        """Do what the lines say, until they end or one is `quit`."""
        here = self.talk.here
        self.say(f"{here['banner']}, {here['name']}, {self.talk.day(here['day'])}. "
                 f"{self.talk.say('terminal')}")  # fmt: skip
        for text in map(str.strip, lines):
            if text == "quit":
                break
            if text:
                self.do(text)
        if self.sale.held and self.sale.state == "open":
            self._tried(self.sale.void)

    def do(self, text: str) -> None:
        """One command, or what was scanned."""
        word, *more = text.split()
        act = self.acts.get(word)
        self._tried(lambda: act(more) if act else self.scanned(text))

    def _tried(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Refusal as error:
            self._no(str(error))
        except Unanswered:
            self._no(self.talk.say("no_answer" if self.sale.state == "sent" else "unreached"))
        except BadCommand:
            self._no(self.talk.say("no_command"))

    def _no(self, sentence: str) -> None:
        self.refusals += 1
        self.say(f"  ! {sentence}")

    # --- what is done --------------------------------------------------------------------------

    def scanned(self, text: str) -> None:
        """A list, a card or an item."""
        typed = Typed.of(text)
        if typed.code.startswith("#"):
            typed.code = self._numbered(typed.code[1:])["code"]
        what = self.talk.ask("/till/scan", {"text": typed.code})
        if what["kind"] == "nothing":
            self._no(self.talk.say("nothing"))
        elif what["kind"] == "item":
            self._add(text, typed, what)
        elif what["kind"] == "coupon":
            self._hand_over(typed.code)
        else:
            self._open({"card" if what["kind"] == "card" else "code": typed.code})

    def _numbered(self, number: str) -> dict[str, Any]:
        if not number.isdecimal() or not 1 <= int(number) <= len(self.items):
            raise BadCommand
        return self.items[int(number) - 1]

    def _add(self, text: str, typed: Typed, what: dict[str, Any]) -> None:
        price = what["price"] if typed.price is None else self.talk.minor(typed.price)
        if price is None and typed.price is None:
            self._no(self.talk.say("no_price", entry=f"{text} @{self.talk.example}"))
            return
        if price is None or not typed.count:
            raise BadCommand
        self._begun()
        sent = {"code": what["code"], "quantity": typed.count}
        if typed.price is not None or not what["carries"]:
            sent["price"] = price
        name = f"{what['name'] or typed.code} {what['size']}".strip()
        name = f"{typed.count} × {name}" if typed.count > 1 else name
        self.sale.add(Line(name, price * typed.count, sent))
        self._tell({len(self.sale.lines) - 1, *self.sale.changed()})

    def _hand_over(self, coupon: str) -> None:
        self._begun()
        told = self.sale.hand_over(coupon)
        self.say(
            f"  {self.talk.say('coupon')}: {told['title']} {told.get('sentence', '')}".rstrip()
        )
        self._tell(self.sale.changed())

    def _open(self, whose: dict[str, str]) -> None:
        self._begun()
        self.list = self.talk.ask("/v1/lookup", whose)
        self.sale.whose = whose
        self.items = self.talk.ask("/till/items", whose)["items"]
        self.show_list([])
        if self.sale.lines:
            self.sale.quote()
            self._tell(self.sale.changed())

    def _begun(self) -> None:
        """What is scanned after a sale is paid begins another one."""
        if self.sale.state == "sent":
            raise Unanswered("")
        if self.sale.state == "paid":
            self.sale, self.list, self.items = Sale(self.talk), None, []

    def card(self, more: list[str]) -> None:
        """Open a list by a card that looks like something else."""
        if len(more) != 1:
            raise BadCommand
        self._open({"card": more[0]})

    def off(self, more: list[str]) -> None:
        """Take a line off again."""
        number = self._line(more)
        if self.sale.state != "open":
            raise BadCommand
        del self.sale.lines[number]
        self.sale.quote()
        self._tell(self.sale.changed())

    def _line(self, more: list[str]) -> int:
        lines = (self.last if self.sale.state != "open" and self.last else self.sale).lines
        if len(more) != 1 or not more[0].isdecimal() or not 1 <= int(more[0]) <= len(lines):
            raise BadCommand
        return int(more[0]) - 1

    def hold(self, _: list[str]) -> None:
        """Reserve the basket's offers."""
        if self.sale.state != "open" or not self.sale.lines:
            raise BadCommand
        self.sale.hold()
        self.say(f"  {self.talk.say('held')}")

    def pay(self, _: list[str]) -> None:
        """Pay, or ask again whether it was paid."""
        if self.sale.state == "paid" or not self.sale.lines:
            self._no(self.talk.say("nothing_to_pay"))
            return
        self.sale.pay()
        self.last = self.sale
        answer = self.sale.answer
        self.say(f"  {self.talk.say('paid')} {self.talk.money(answer['to_pay'])}. "
                 f"{answer['shopper']}")  # fmt: skip

    def bring_back(self, more: list[str]) -> None:
        """Bring the last sale back: all that is left, or a line, or so many of it."""
        sale = self._last()
        lines = []
        if more:
            count = more[1] if len(more) == 2 else "1"
            if not more[0].isdecimal() or not count.isdecimal() or len(more) > 2:
                raise BadCommand
            lines = [{"line": int(more[0]) - 1, "quantity": int(count)}]
            if not 0 <= lines[0]["line"] < len(sale.lines) or not lines[0]["quantity"]:
                raise BadCommand
        self._said(sale.bring_back(lines))

    def void(self, _: list[str]) -> None:
        """Take the last sale back whole; or the one that nobody answered for, or that is held."""
        sale = self.sale if self.sale.state == "sent" or self.sale.held else None
        self._said((sale or self._last()).void())
        if sale in (None, self.last):
            self.last = None
        self.sale, self.list, self.items = Sale(self.talk), None, []

    def _last(self) -> Sale:
        if self.last is None:
            raise Refusal({"refused": "no_sale", "cashier": self.talk.say("no_sale")})
        return self.last

    def new(self, _: list[str]) -> None:
        """Begin anew; what was held is let go."""
        if self.sale.state == "sent":
            raise Unanswered("")
        if self.sale.held and self.sale.state == "open":
            self.sale.void()
        self.sale, self.list, self.items = Sale(self.talk), None, []

    # --- what is shown -------------------------------------------------------------------------

    def help(self, _: list[str]) -> None:
        """What can be typed."""
        for keys, word in HELP.items():
            self.say(f"  {keys:<22} {self.talk.say(word)}")

    def show_list(self, _: list[str]) -> None:
        """The list, its offers, and what to type for each."""
        if self.list is None:
            raise Refusal({"refused": "", "cashier": self.talk.say("no_list")})
        until = self.talk.say("good_until", day=self.talk.day(self.list["last_day"]))
        self.say(f"  {self.list['list_code']}  {until}")
        why = {offer["offer"]: offer for offer in self.sale.answer.get("offers", [])}
        for offer in self.list["offers"]:
            buy = f" ({self.talk.say('buy', count=offer['buy'])})" if offer["buy"] > 1 else ""
            self.say(f"  {offer['headline']}{buy}: {offer['title']}{self._state(offer, why)}")
            self._show_items(offer["offer"])
        if any(item["offer"] is None for item in self.items):
            self.say(f"  {self.talk.say('others')}:")
            self._show_items(None)

    def _state(self, offer: dict[str, Any], why: dict[str, Any]) -> str:
        answer = why.get(offer["offer"], {})
        if self.sale.lines and answer.get("uses"):
            return f" (−{self.talk.money(answer['off'])})"
        if self.sale.lines and answer.get("sentence"):
            return f" ({answer['sentence']})"
        if offer["state"] != "open":
            return f" ({offer.get('sentence') or self.talk.say('used')})"
        return ""

    def _show_items(self, offer: str | None) -> None:
        for number, item in enumerate(self.items, 1):
            if item["offer"] == offer:
                name = f"{item['name']} {item['size']}".strip()
                price = "" if item["price"] is None else self.talk.money(item["price"])
                code = item["code"].partition(":")[2]
                self.say(f"    #{number:<3} {_cut(name)} {price:>9}  {code}")

    def show_basket(self, _: list[str]) -> None:
        """All lines."""
        self._tell(range(len(self.sale.lines)))

    def _tell(self, numbers: Iterable[int]) -> None:
        """Lines with what they cost now, and the sums."""
        for number in sorted(numbers):
            line = self.sale.lines[number]
            fell = f" → {self.talk.money(line.amount - line.off)}" if line.off else ""
            self.say(f"  {number + 1:>2}  {_cut(line.name)} "
                     f"{self.talk.money(line.amount):>9}{fell}")  # fmt: skip
            for title, off in self.sale.offers_on(number):
                self.say(f"        −{self.talk.money(off)} {title}")
        answer, word = self.sale.answer, self.talk.say
        if answer:
            saved = f"  {word('saved')} {self.talk.money(answer['off'])}" if answer["off"] else ""
            self.say(f"  {word('total')} {self.talk.money(answer['total'])}{saved}  "
                     f"{word('to_pay')} {self.talk.money(answer['to_pay'])}")  # fmt: skip

    def _said(self, answer: dict[str, Any]) -> None:
        cashier, shopper = answer["cashier"], answer["shopper"]
        self.say(f"  {shopper}" if shopper.startswith(cashier) else f"  {cashier} {shopper}")


def _cut(name: str) -> str:
    return f"{name if len(name) <= WIDE else name[: WIDE - 1] + '…':<{WIDE}}"


class BadCommand(Exception):
    """What was typed makes no sense here."""


HELP = {
    "?": "help_help",
    "CODE": "scan",
    "3*CODE, CODE @2.49": "scan_hint",
    "#1, 3*#1": "help_numbered",
    "card CARD": "help_card",
    "list": "help_list",
    "basket": "help_basket",
    "off 2": "help_off",
    "hold": "help_hold",
    "pay": "help_pay",
    "return, return 2 1": "help_return",
    "void": "help_void",
    "new": "help_new",
    "quit": "help_quit",
}
