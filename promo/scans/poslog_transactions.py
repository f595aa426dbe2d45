"""What a Transaction of a POSLog is: a sale with its lines, a void of another, or neither."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from promo.scans.poslog_amounts import Wrong, scaled, shares
from promo.scans.poslog_lines import LEFT_OUT, Line, LineReader, Off, flag, text_of
from promo.scans.poslog_xml import Element, line_of

TRAINING, CANCELLED, SUSPENDED = "training", "cancelled", "suspended or not finished"
VOIDED, NO_SALE, VOIDED_LINES = "voided", "transactions that are no sales", "voided lines"
# Flags of a transaction, or of the RetailTransaction in it, by which it is no sale.
FLAGS = {
    "TrainingModeFlag": TRAINING,
    "CancelFlag": CANCELLED,
    "SuspendFlag": SUSPENDED,
    "SuspendedFlag": SUSPENDED,
    "VoidedFlag": VOIDED,
}
# TransactionStatus, without a vendor's prefix; any other one is that of a sale.
STATUSES = {
    **dict.fromkeys(("cancelled", "canceled", "aborted", "abandoned", "failed"), CANCELLED),
    **dict.fromkeys(("suspended", "inprocess", "inprogress", "incomplete"), SUSPENDED),
    **dict.fromkeys(("voided", "void", "postvoided", "postvoid", "replaced"), VOIDED),
}
VOIDS = frozenset({"void", "voided", "voids", "postvoid", "postvoided"})
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,12})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)

Key = tuple[str, str, date, str]  # store, till, business day, transaction


@dataclass(slots=True)
class Head:
    """Whose transaction it is, where and when."""

    place: int
    store: str
    till: str
    day: date
    number: str
    at: datetime
    card: str | None

    @property
    def key(self) -> Key:
        """What the transaction is known by."""
        return self.store, self.till, self.day, self.number


@dataclass(slots=True)
class Sold:
    """A transaction read. kind: why it is no sale, or None; void_of: what it takes back."""

    head: Head | None = None
    kind: str | None = None
    lines: list[Line] = field(default_factory=list)
    wrong: list[tuple[int, Wrong]] = field(default_factory=list)  # physical line, fault
    voided_lines: int = 0
    void_of: Key | None = None


@dataclass(frozen=True)
class TransactionReader:
    """Reads transactions. zones: the stores' time zones, for times that have a zone.

    heads: whether to tell, too, whose transaction it is that never held goods.
    """

    items: LineReader
    zones: Mapping[str, str]
    heads: bool = False

    def read(self, element: Element) -> Sold:
        """A transaction; what cannot be used of it stands in `wrong`."""
        parts = self.items.children(element)
        retail = parts.get("RetailTransaction")
        inside = {} if retail is None else self.items.children(retail)
        body = element if retail is None else retail
        sold = Sold()
        try:
            sold.kind = self._kind(element, parts, body)
            if sold.kind in (None, VOIDED, NO_SALE):
                link = self._void_link(parts, body, voided=sold.kind == VOIDED)
                if link is not None:
                    sold.head = self._head(element, parts, inside)
                    sold.void_of = self._linked(link, sold.head)
                    return sold
            if sold.kind != NO_SALE or self.heads:
                sold.head = self._head(element, parts, inside)
            if sold.kind is None:
                self._check_currency(parts)
                self._lines(body, sold)
        except Wrong as fault:
            if sold.kind is None:
                sold.wrong = [(place, fault) for place in self._places(body) or [line_of(element)]]
        return sold

    def _kind(self, element: Element, parts: Mapping[str, Element], body: Element) -> str | None:
        """Why a transaction is no sale; None for a sale."""
        for each in (element,) if body is element else (element, body):
            for name in each.keys():  # noqa: SIM118 (an element's keys are its attributes)
                if name in FLAGS and flag(each, name):
                    return FLAGS[name]
        if body is element and "LineItem" not in parts:
            return NO_SALE
        said = body.get("TransactionStatus") or element.get("TransactionStatus")
        if said is None:
            said = text_of(self.items.children(body).get("TransactionStatus"))
        return STATUSES.get(_plain(said))

    def _void_link(
        self, parts: Mapping[str, Element], body: Element, *, voided: bool
    ) -> Element | None:
        """The link to the transaction that this one takes back."""
        control = parts.get("ControlTransaction")
        places = [
            body,
            *(parts[name] for name in ("PostVoid", "PostVoidTransaction") if name in parts),
        ]
        if control is not None:
            inside = self.items.children(control)
            places += [control, *(inside[name] for name in ("PostVoid",) if name in inside)]
        for place in places:
            plainly = voided or self.items.names.get(place.tag) in (
                "PostVoid",
                "PostVoidTransaction",
            )
            for child in place:
                if self.items.names.get(child.tag) != "TransactionLink":
                    continue
                reason = child.get("ReasonCode") or text_of(
                    self.items.children(child).get("ReasonCode")
                )
                if _plain(reason) in VOIDS or (plainly and not reason):
                    return child
        return None

    def _linked(self, link: Element, head: Head) -> Key:
        """Whom a link means; what it does not say is as in the transaction that it stands in."""
        parts = self.items.children(link)
        day = self._day_text(parts)
        return (
            self._store(parts) or head.store,
            text_of(parts.get("WorkstationID")) or head.till,
            _day(day) if day else head.day,
            text_of(parts.get("SequenceNumber")) or text_of(parts.get("TransactionID")),
        )

    def _head(
        self, element: Element, parts: Mapping[str, Element], inside: Mapping[str, Element]
    ) -> Head:
        store = self._store(parts)
        said = text_of(parts.get("BeginDateTime")) or text_of(parts.get("EndDateTime"))
        at = _moment(said, self.zones.get(store))
        day = self._day_text(parts)
        number = text_of(parts.get("SequenceNumber")) or text_of(parts.get("TransactionID"))
        account = inside.get("LoyaltyAccount", parts.get("LoyaltyAccount"))
        return Head(
            line_of(element), store, text_of(parts.get("WorkstationID")),
            _day(day) if day else at.date(), number, at, self._card(account),
        )  # fmt: skip

    def _store(self, parts: Mapping[str, Element]) -> str:
        said = text_of(parts.get("RetailStoreID"))
        unit = parts.get("BusinessUnit")
        if said or unit is None:
            return said
        return text_of(self.items.children(unit).get("UnitID")) or text_of(unit)

    def _day_text(self, parts: Mapping[str, Element]) -> str:
        element = parts.get("BusinessDayDate")
        if element is None:
            return ""
        return text_of(element) or text_of(self.items.children(element).get("Date"))

    def _card(self, account: Element | None) -> str | None:
        """The number of the loyalty card, else of the account."""
        if account is None:
            return None
        found = dict[str, str]()
        for each in account.iter():
            name = self.items.names.get(each.tag)
            if name in CARD and text_of(each):
                found.setdefault(name, text_of(each))
        return next((found[name] for name in CARD if name in found), None)

    def _check_currency(self, parts: Mapping[str, Element]) -> None:
        currency = text_of(parts.get("CurrencyCode"))
        if currency and currency != self.items.currency:
            raise Wrong("CurrencyCode", currency, f"{self.items.currency}, the house's currency")

    def _places(self, body: Element) -> list[int]:
        """Physical lines of the line items with goods."""
        names = self.items.names
        items = (each for each in body if names.get(each.tag) == "LineItem")
        return [line_of(item) for item in items
                if any(names.get(child.tag) in ("Sale", "Return") for child in item)]  # fmt: skip

    def _lines(self, body: Element, sold: Sold) -> None:
        """The line items of a sale; its coupons and discounts are shared out."""
        names, offs, taken_out = self.items.names, list[Off](), set[int]()
        for item in body:
            if names.get(item.tag) != "LineItem":
                continue
            parts = self.items.children(item)
            try:
                if any(name in LEFT_OUT and flag(item, name) for name in item.keys()):  # noqa: SIM118
                    sold.voided_lines += "Sale" in parts or "Return" in parts
                elif "Sale" in parts or "Return" in parts:
                    sold.lines.append(self.items.goods(item, parts))
                else:
                    self._other(parts, sold, offs, taken_out)
            except Wrong as fault:
                sold.wrong.append((line_of(item), fault))
        if taken_out:
            kept = [line for line in sold.lines if line.number not in taken_out]
            sold.voided_lines += len(sold.lines) - len(kept)
            sold.lines = kept
        for off in offs:
            share_out(off, sold.lines)

    def _other(
        self, parts: Mapping[str, Element], sold: Sold, offs: list[Off], taken_out: set[int]
    ) -> None:
        """A line item without goods."""
        if "Tender" in parts or "Discount" in parts:
            tender = "Tender" in parts
            off = self.items.off(parts["Tender" if tender else "Discount"], tender=tender)
            if off is not None:
                offs.append(off)
        elif "Voids" in parts or "Void" in parts:
            link = self.items.children(parts.get("Voids", parts.get("Void"))).get("ItemLink")
            number = scaled(text_of(link), 0)
            if number is None:
                raise Wrong("ItemLink", text_of(link), "the SequenceNumber of a line item")
            taken_out.add(number)
        elif "LoyaltyReward" in parts and sold.head is not None and sold.head.card is None:
            sold.head.card = self._card(parts["LoyaltyReward"])


CARD = ("PrimaryAccountNumber", "LoyaltyCardID", "LoyaltyAccountID", "LoyaltyID")


def share_out(off: Off, lines: list[Line]) -> None:
    """Take money off the line it is linked to, or off all lines like what was paid for them.

    No line is left with less than nothing. What is refunded goes onto what was brought back.
    """
    sign = 1 if off.amount > 0 else -1
    linked = [line for line in lines if line.number == off.of and off.of is not None]
    pool = [line for line in linked or lines if line.paid * sign > 0]
    weights = [abs(line.paid) for line in pool]
    most = min(abs(off.amount), sum(weights))
    for line, share in zip(pool, shares(most, weights) if most else weights, strict=True):
        part = sign * share if most else 0
        line.paid -= part
        if off.maker:
            line.manufacturer += part
        else:
            line.store += part


def _plain(said: str) -> str:
    """A code word without the vendor's prefix, in small letters."""
    return said.rpartition(":")[2].strip().lower()


@lru_cache(1 << 10)
def _day(text: str) -> date:
    """A day. Raises Wrong."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007
    except ValueError:
        raise Wrong("BusinessDayDate", text, "a day such as 2017-11-06") from None


def _moment(text: str, zone: str | None) -> datetime:
    """Local time of the store, to the second; one with a zone is converted. Raises Wrong.

    24:00:00 is the midnight that ends the day (XML Schema 1.1, part 2, 3.3.7).
    """
    found = _MOMENT.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        ends = found[2] == "24:00:00" and not (found[3] or "").strip(".0")
        clock = "00:00:00" if ends else found[2]
        at = datetime.fromisoformat(f"{found[1]}T{clock}{found[4] or ''}") + timedelta(ends)
        if at.tzinfo is not None and zone is not None:
            at = at.astimezone(ZoneInfo(zone))
    except (ValueError, OverflowError):
        raise Wrong("BeginDateTime", text, "a time such as 2017-11-06T17:03:59") from None
    return at.replace(tzinfo=None)
