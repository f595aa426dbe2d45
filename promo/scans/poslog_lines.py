"""Line items of a POSLog: goods sold and brought back, coupons and discounts on the whole basket.

The element names are those of POSLog 2 to 6; where versions and tills differ, docs/poslog.md says
what is read. Elements are known by their local names within the document's namespace; whatever a
vendor adds in a namespace of its own is not looked at.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from promo.scans.gtin import CodeError, gtin14
from promo.scans.poslog_amounts import (
    Wrong,
    money,
    on_the_shelf,
    quantity,
    scaled,
    settle,
    unit_of,
)
from promo.scans.poslog_xml import Element, line_of

TRUE, FALSE = frozenset({"true", "1"}), frozenset({"false", "0", ""})
LEFT_OUT = frozenset({"VoidFlag", "CancelFlag", "DeleteFlag"})  # of a line item, any of them true
NAMES = (
    "LineItem", "Sale", "Return", "Tender", "Discount", "LoyaltyReward", "Voids", "Void",
    "SequenceNumber", "POSIdentity", "POSItemID", "ItemID", "MerchandiseHierarchy", "Quantity",
    "ExtendedAmount", "RegularSalesUnitPrice", "RetailPriceModifier", "Amount", "Coupon",
    "ManufacturerID", "ItemLink", "Eligibility", "ReferenceID", "PriceDerivationRule",
    "RetailStoreID", "BusinessUnit", "UnitID", "WorkstationID", "TransactionID",
    "BusinessDayDate", "Date", "BeginDateTime", "EndDateTime", "CurrencyCode",
    "RetailTransaction", "ControlTransaction", "PostVoid", "PostVoidTransaction",
    "TransactionLink", "ReasonCode", "TransactionStatus", "LoyaltyAccount", "LoyaltyProgram",
    "LoyaltyAccountID", "LoyaltyCardID", "LoyaltyCard", "LoyaltyID", "PrimaryAccountNumber",
)  # fmt: skip
GTIN_TYPES = re.compile(r"(?i)(.*:)?(gtin|ean|upc|jan|itf|gs1|isbn)[-_ ]?[a-e0-9]{0,3}")
OWN_TYPES = re.compile(r"(?i)(.*:)?(sku|plu|internal|item|department|dept|style)[-_ ]?(id|code)?")
LIKE_GTIN = re.compile(r"[0-9]{12,14}|\]..*|\(01\).*|01[0-9]{14}[^0-9].*|https?://.*")


def names_in(namespace: str | None) -> dict[str, str]:
    """The local names that are looked at, by the full names that lxml gives elements."""
    return {f"{{{namespace}}}{name}" if namespace else name: name for name in NAMES}


def flag(element: Element, name: str) -> bool:
    """A flag that is an attribute. Raises Wrong where it is neither true nor false."""
    said = element.get(name)
    if said is None:
        return False
    value = said.strip().lower()
    if value not in TRUE and value not in FALSE:
        raise Wrong(name, said, "true or false")
    return value in TRUE


def text_of(element: Element | None) -> str:
    """The stripped text of an element, before its first child; empty without one."""
    return (element.text or "").strip() if element is not None else ""


@dataclass(slots=True)
class Line:
    """Goods on a line of a transaction; amounts as the canonical scan has them."""

    place: int  # physical line of the LineItem
    number: int
    product: str
    domain: str
    quantity: int | None  # thousandths; None: the code may say
    unit: str
    paid: int
    regular: int
    store: int
    manufacturer: int


@dataclass(slots=True)
class Off:
    """Money off that is no line's own: a coupon taken as tender, a discount on the basket."""

    amount: int
    maker: bool  # a manufacturer pays
    of: int | None  # the line it is linked to


@dataclass(frozen=True)
class LineReader:
    """Reads line items. exponent: decimals of the house's currency."""

    names: Mapping[str, str]
    currency: str
    exponent: int

    def children(self, element: Element) -> dict[str, Element]:
        """The children that are looked at, the first of each name."""
        names, found = self.names, dict[str, Element]()
        for child in element:
            name = names.get(child.tag)
            if name is not None and name not in found:
                found[name] = child
        return found

    def goods(self, item: Element, parts: Mapping[str, Element]) -> Line:
        """A Sale or Return. Raises Wrong."""
        back = "Sale" not in parts
        found, modifiers = dict[str, Element](), list[Element]()
        scanned, own = list[tuple[str | None, str]](), list[tuple[str | None, str]]()
        names = self.names
        for child in parts["Return" if back else "Sale"]:
            name = names.get(child.tag)
            if name is None:
                continue
            if name == "POSIdentity":
                scanned += [
                    (child.get("POSIDType"), text_of(code))
                    for code in child if names.get(code.tag) == "POSItemID"
                ]  # fmt: skip
            elif name == "ItemID":
                own.append((child.get("Type") or child.get("TypeCode"), text_of(child)))
            elif name == "RetailPriceModifier":
                modifiers.append(child)
            elif name == "Quantity" and name in found:
                found[name] = _of_weight(found[name], child)
            else:
                found.setdefault(name, child)
        product, domain = _product((*scanned, *own), text_of(found.get("MerchandiseHierarchy")))
        pieces, unit = _quantity(found.get("Quantity"))
        back = back or (pieces is not None and pieces < 0)
        paid, regular, store, maker = self._amounts(found, modifiers, pieces, back=back)
        if back:
            pieces = None if pieces is None else -abs(pieces)
            paid, regular, store, maker = -paid, -regular, -store, -maker
        number = scaled(text_of(parts.get("SequenceNumber")), 0)
        if number is None:
            raise Wrong("SequenceNumber", text_of(parts.get("SequenceNumber")), "a whole number")
        return Line(line_of(item), number, product, domain, pieces, unit,
                    paid, regular, store, maker)  # fmt: skip

    def _amounts(
        self, found: Mapping[str, Element], modifiers: list[Element], pieces: int | None,
        *, back: bool,
    ) -> tuple[int, int, int, int]:  # fmt: skip
        """Paid, regular and discounts, as in a sale."""
        extended = self.money(found.get("ExtendedAmount"), "ExtendedAmount")
        price = found.get("RegularSalesUnitPrice")
        shelf = None
        if price is not None and price.text and pieces is not None:
            shelf = on_the_shelf(price.text, price.get("Quantity"), abs(pieces), self.exponent)
        if back:
            extended, shelf = abs(extended), None if shelf is None else abs(shelf)
        if extended == shelf and not modifiers:
            return extended, extended, 0, 0
        store = maker = 0
        for each in modifiers:
            amount, makers = self._modifier(each)
            if makers:
                maker += amount
            else:
                store += amount
        if back:
            store, maker = abs(store), abs(maker)
        return settle(extended, shelf, store, maker)

    def _modifier(self, element: Element) -> tuple[int, bool]:
        """What a RetailPriceModifier takes off the line, and whether a manufacturer pays.

        What a new price or a percentage takes off shows between shelf and paid.
        """
        parts = self.children(element)
        amount = parts.get("Amount")
        if amount is None or not text_of(amount) or flag(element, "VoidFlag"):
            return 0, False
        action = (amount.get("Action") or "").strip().lower()
        if action == "replace":
            return 0, False
        off = abs(self.money(amount, "RetailPriceModifier/Amount"))
        return -off if action == "add" else off, self._is_makers(element, parts)

    def _is_makers(self, element: Element, parts: Mapping[str, Element]) -> bool:
        said = [
            element.get("MethodCode"),
            element.get("TypeCode"),
            text_of(parts.get("ReasonCode")),
        ]
        if "Coupon" in parts:
            return _is_makers_coupon(parts["Coupon"], self.children(parts["Coupon"]), "")
        rule = parts.get("PriceDerivationRule", element)
        eligible = self.children(rule).get("Eligibility")
        if eligible is not None:
            reference = self.children(eligible).get("ReferenceID")
            said.append(None if reference is None else reference.get("Type"))
        return any("manufacturer" in (each or "").lower() for each in said)

    def off(self, element: Element, *, tender: bool) -> Off | None:
        """A coupon taken as tender, or a Discount on the basket; None for any other tender."""
        parts = self.children(element)
        kind = (element.get("TenderType") or "").lower()
        coupon = parts.get("Coupon")
        if tender and coupon is None and "coupon" not in kind:
            return None
        inside = {} if coupon is None else self.children(coupon)
        link = parts.get("ItemLink", inside.get("ItemLink"))
        amount = abs(self.money(parts.get("Amount"), "Amount"))
        if (element.get("TypeCode") or "").strip().lower() == "refund":
            amount = -amount
        makers = tender and _is_makers_coupon(coupon, inside, kind)
        return Off(amount, makers, scaled(text_of(link), 0) if link is not None else None)

    def money(self, element: Element, name: str) -> int:
        """Minor units. Raises Wrong where they are none, or of another currency."""
        if element is None:
            raise Wrong(name, "", "an amount")
        return money(element.text, element.get("Currency"), name, self.currency, self.exponent)


def _is_makers_coupon(coupon: Element | None, inside: Mapping[str, Element], kind: str) -> bool:
    """Whether a manufacturer pays; a coupon that does not say who does is one of his."""
    said = kind if coupon is None else f"{kind} {coupon.get('CouponType') or ''}".lower()
    if "store" in said:
        return False
    return "coupon" in said or "manufacturer" in said or bool(text_of(inside.get("ManufacturerID")))


def _of_weight(first: Element, other: Element) -> Element:
    """Of two quantities of a line, pieces and weight, the weight."""
    return first if unit_of(first.get("UnitOfMeasureCode")) != "each" else other


def _quantity(element: Element | None) -> tuple[int | None, str]:
    """Thousandths, and their unit; None where the line has no quantity."""
    if element is None or not (element.text or "").strip():
        return None, "each"
    return quantity(element.text, element.get("UnitOfMeasureCode"), element.get("Units"))


@lru_cache(1 << 14)
def _product(codes: tuple[tuple[str | None, str], ...], hierarchy: str) -> tuple[str, str]:
    """The product code of a line and its domain, from its (type, code)s. Raises Wrong.

    A GTIN goes first, then the item's own number, then the code on the till; goods that were
    keyed by department have the department's.
    """
    told = [(kind, code) for kind, code in codes if code]
    for kind, code in told:
        if _is_gtin(kind, code):
            return code, "gtin"
    if told:
        return told[-1][1], "internal"
    if hierarchy:
        return f"department:{hierarchy}", "internal"
    raise Wrong("ItemID", "", "an ItemID, a POSItemID or a MerchandiseHierarchy")


def _is_gtin(kind: str | None, code: str) -> bool:
    """By its type; where that says nothing by its form, and eight digits only where they check."""
    kind = (kind or "").strip()
    if GTIN_TYPES.fullmatch(kind) or OWN_TYPES.fullmatch(kind):
        return GTIN_TYPES.fullmatch(kind) is not None
    if LIKE_GTIN.fullmatch(code):
        return True
    if len(code) != 8 or not code.isdigit():
        return False
    try:
        gtin14(code)
    except CodeError:
        return False
    return True
