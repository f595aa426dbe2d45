"""A second reading of a POSLog: the whole document in a tree of the standard library.

Written apart from promo/scans/poslog*.py, for sums only, and for what `poslog_files` and
`poslog_sales` write: it stands against the streamed reader in tests and bench.
"""

import xml.etree.ElementTree as ET  # our own files only
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

NO_SALE = ("Suspended", "Voided")


def sums(path: Path) -> Counter[str]:
    """Lines, quantity in thousandths, and amounts in minor units (cents) of what is sold."""
    found = Counter[str]()
    for transaction in _all(ET.parse(path).getroot(), "Transaction"):
        retail = _one(transaction, "RetailTransaction")
        flags = {transaction.get("TrainingModeFlag"), transaction.get("CancelFlag")}
        if retail is None or flags & {"true", "1"}:
            continue
        if str(retail.get("TransactionStatus")).rpartition(":")[2] in NO_SALE:
            continue
        for item in _all(retail, "LineItem"):
            if item.get("VoidFlag") != "true":
                found.update(_line(item))
            found.subtract(_tender(item))
    return found


def _line(item: Any) -> dict[str, int]:
    goods = _one(item, "Sale")
    back = goods is None
    goods = _one(item, "Return") if back else goods
    if goods is None:
        return {}
    quantity = Decimal(_text(goods, "Quantity"))
    sign = -1 if back or quantity < 0 else 1
    price = _one(goods, "RegularSalesUnitPrice")
    assert price is not None
    per = Decimal(price.get("Quantity") or 1)
    regular = (Decimal(price.text or 0) / per * abs(quantity)).quantize(Decimal("0.01"))
    modifiers = [_one(each, "Amount") for each in _all(goods, "RetailPriceModifier")]
    off = sum((Decimal(each.text or 0) for each in modifiers if each is not None), Decimal(0))
    extended = Decimal(_text(goods, "ExtendedAmount"))
    paid = extended - off if off and extended == regular else extended
    return {
        "lines": 1,
        "quantity": sign * int(abs(quantity) * 1000),
        "paid": sign * int(paid * 100),
        "regular": sign * int(regular * 100),
    }


def _tender(item: Any) -> dict[str, int]:
    tender = _one(item, "Tender")
    if tender is None or _one(tender, "Coupon") is None:
        return {}
    return {"paid": int(Decimal(_text(tender, "Amount")) * 100)}


def _all(element: Any, name: str) -> list[Any]:
    return [each for each in element if each.tag.rpartition("}")[2] == name]


def _one(element: Any, name: str) -> Any | None:
    return next(iter(_all(element, name)), None)


def _text(element: Any, name: str) -> str:
    found = _one(element, name)
    return (found.text or "") if found is not None else ""
