"""Coupons: the rules of AI 8110 and 8112 as a table, and strings made by a grammar of its own.

    .venv/bin/python scripts/bench/checkout.py --only coupons

Rules: what a coupon takes off a basket, by the function that the till prices with. Grammar: strings
are put together here, digit by digit, without the code that is measured; each must be read into the
fields that it was made of and written back as it was. Then digits are changed, dropped, doubled and
cut off: what is still read must be written back as it stands, what is not must be refused by name.
"""

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

from kit import ROOT, note, report

from promo import config
from promo.checkout import handed, positive_file
from promo.checkout.basket.model import Held
from promo.checkout.basket.near import near
from promo.checkout.families import Families
from promo.lists.codes import coupon_8110, coupon_8112
from promo.lists.codes.coupon_fields import MAX_DIGITS, CouponError
from promo.offers.basket import Line
from promo.offers.terms import Terms
from promo.scans.gtin import check_digit

STRINGS, QUICK_STRINGS = 200_000, 10_000
AT = datetime(2014, 1, 20, 12, 0)  # noqa: DTZ001  tills have no zone
PREFIX = "0614141"
HEAD = f"81101{PREFIX}654321"
SETTINGS = config.load(ROOT / "config.yaml")
OFF, ITEM, PIECES, PERCENT, BASKET = "", "91000", "92000", "95000", "96000"


def judge() -> None:
    """The tables, and two hundred thousand strings of each kind; some minutes."""
    _rules()
    _grammars(STRINGS)


def judge_quickly() -> None:
    """The tables, and ten thousand."""
    _rules()
    _grammars(QUICK_STRINGS)


Fitting = Callable[[Collection[str]], list[tuple[int, str]]]
Read = tuple[Terms, Fitting]  # and of a basket's products which counts to which purchase


# --- rules ----------------------------------------------------------------------------------------


def _item(prefix: str, number: int) -> str:
    body = f"{prefix}{number:05d}"
    return f"gtin:0{body}{check_digit(body)}"


A, B, X = _item(PREFIX, 1), _item(PREFIX, 2), _item("0614142", 1)
Bought = tuple[int, int] | tuple[int, int, int, Literal["kg", "lb"]]
# A string behind its prefix and offer code; of A, B and X pieces, minor units, weight in
# thousandths and its unit; what comes off.
Row = tuple[str, Bought, Bought, Bought, int]
NO = (0, 0)
RULES: tuple[Row, ...] = (
    ("3250110120" + "3140131", (1, 399), NO, NO, 250),  # the two worked strings of the standard
    ("275110650" + "101308509" + "3140131", (1, 599), NO, NO, 75),
    ("275110650" + "101308509" + "3140131", NO, (3, 600), NO, 75),
    ("3250110120" + "3140119", (1, 399), NO, NO, 0),  # expired yesterday
    ("3250110120" + "3140120", (1, 399), NO, NO, 250),  # its last day
    ("3250110120" + "3140100", (1, 399), NO, NO, 250),  # day 00 is the month's last
    ("3250110120" + "3140131" + "4140121", (1, 399), NO, NO, 0),  # from tomorrow on
    ("3250110120" + "3140131" + "4140120", (1, 399), NO, NO, 250),
    ("3250110120", (1, 249), NO, NO, 0),  # requirement code 0: worth more than its units cost
    ("3250110120", NO, NO, (1, 399), 0),  # another maker's
    ("3250120120", (1, 399), NO, NO, 0),  # two of them
    ("3250120120", (2, 798), NO, NO, 250),
    ("3200410001120", (2, 999), NO, NO, 0),  # 1: cash value of the group, 10.00
    ("3200410001120", (2, 1000), NO, NO, 200),
    ("3200450002120", (1, 399), NO, (1, 4600), 0),  # 2: of the basket, 50.00
    ("3200450002120", (1, 400), NO, (1, 4600), 200),
    ("310031503120", (1, 300, 1499, "lb"), NO, NO, 0),  # 3: pounds, 1.50
    ("310031503120", (1, 300, 1500, "lb"), NO, NO, 100),
    ("310031504120", (1, 300, 1499, "kg"), NO, NO, 0),  # 4: kilograms
    ("310031504120", (1, 300, 1500, "kg"), NO, NO, 100),
    ("3100109000" + BASKET, NO, NO, (1, 300), 100),  # 9: none; 6: off the basket
    ("3300110120" + ITEM, (1, 399), NO, NO, 300),  # 1: a free item up to 3.00
    ("3500110120" + ITEM, (1, 399), NO, NO, 399),
    ("10110120" + ITEM, (1, 399), NO, NO, 399),
    ("11130120" + PIECES, (3, 900), NO, NO, 300),  # 2: one of three free
    ("225120120" + PERCENT, (2, 500), NO, NO, 125),  # 5: 25 percent
    ("275110120" + "101108501" + "0614142", NO, NO, (1, 300), 75),  # rule 0: any one of the groups
    ("275110120" + "111108501" + "0614142", (1, 399), NO, NO, 0),  # 1: all of them
    ("275110120" + "111108501" + "0614142", (1, 399), NO, (1, 300), 75),
    ("275110120" + "121108501" + "0614142" + "21108609", (1, 399), NO, NO, 0),  # 2: first, another
    ("275110120" + "121108501" + "0614142" + "21108609", (1, 399), NO, (1, 300), 75),
    ("275110120" + "121108501" + "0614142" + "21108609", (1, 399), (1, 250), NO, 75),
    ("275110120" + "121108501" + "0614142" + "21108609", NO, NO, (1, 300), 0),
    ("10110120" + "111108501" + "0614142" + "91100", (1, 399), NO, (1, 300), 300),  # off the second
)  # fmt: skip


# An offer of the positive offer file on A and X but not on B; the same.
FILED: tuple[tuple[dict[str, Any], Bought, Bought, Bought, int], ...] = (
    ({}, (1, 300), NO, NO, 100),
    ({}, NO, (1, 300), NO, 0),  # left out by the file
    ({}, NO, NO, (1, 300), 100),
    ({}, (1, 99), NO, NO, 0),  # worth more than its units cost
    ({"save_value_code": 7}, (1, 99), NO, NO, 99),  # 7: save up to
    ({"save_value_code": 7}, (1, 300), NO, NO, 100),
    ({"save_value_code": 1}, (1, 80), NO, NO, 80),
    ({"save_value_code": 5, "primary_purchase_save_value": 25}, (1, 300), NO, NO, 75),
    ({"primary_purchase_req_code": 1, "primary_purchase_requirements": 500}, (1, 499), NO, NO, 0),
    ({"primary_purchase_req_code": 1, "primary_purchase_requirements": 500}, (1, 500), NO, NO, 100),
    ({"redemption_end_date": "2014-01-19"}, (1, 300), NO, NO, 0),
    ({"redemption_end_date": "2014-01-20"}, (1, 300), NO, NO, 100),
    ({"redemption_start_date": "2014-01-21"}, (1, 300), NO, NO, 0),
)


def _rules() -> None:
    _table("8110", [(HEAD + text, bought, wanted) for text, *bought, wanted in RULES], _said)
    _table("8112", [(given, bought, wanted) for given, *bought, wanted in FILED], _filed)


def _table(
    name: str, rows: Sequence[tuple[Any, Sequence[Any], int]], read: Callable[[Any], Read | None]
) -> None:
    faults = 0
    for coupon, bought, wanted in rows:
        lines = [Line(item, *each) for item, each in zip((A, B, X), bought, strict=True) if each[0]]
        got = _off(read(coupon), lines)
        if got != wanted:
            note(f"{coupon} on {bought}: {got} off, expected {wanted}")
            faults += 1
    report(f"coupons: rules of {name}", {"of": len(rows), "faults": faults}, 0, ok=not faults)


def _off(coupon: Read | None, lines: Sequence[Line]) -> int:
    """What a coupon takes off a basket; 0 where it is refused."""
    if coupon is None:
        return 0
    terms, fitting = coupon
    matches: dict[str, list[tuple[str, int]]] = {}
    for number, product in fitting({line.product for line in lines}):
        matches.setdefault(product, []).append((terms.id, number))
    held = Held("coupon", terms, terms.reward.number, coupon=True)
    return near(lines, [held], matches, at=AT, store="1").discount


def _said(text: str) -> Read | None:
    found = handed.read(text, SETTINGS.coupons, "USD", AT.date())

    def fitting(products: Collection[str]) -> list[tuple[int, str]]:
        families = Families((), (), products)
        return [(n, item) for n, group in found.groups.items() for item in families.of(group)]

    return None if found.terms is None else (found.terms, fitting)


def _filed(given: dict[str, Any]) -> Read:
    items = {"primary_purchase_gtins": [A, B, X], "primary_purchase_excluded_gtins": [B]}
    whole = {
        "base_gs1": "8112011234567999999", "description": "Any of these",
        "redemption_start_date": "2014-01-01", "redemption_end_date": "2014-01-31",
        "primary_purchase_save_value": 100, "primary_purchase_requirements": 1,
        "primary_purchase_req_code": 0,
    }  # fmt: skip
    terms = positive_file.to_terms(whole | items | given, SETTINGS.coupons, "bench", {})
    goods = positive_file.counted(terms)
    return terms, lambda products: [(n, item) for item, n in goods if item in products]


# --- grammar --------------------------------------------------------------------------------------


def _grammars(count: int) -> None:
    for name, make, parse, write in (
        ("8110", _made_8110, coupon_8110.parse, coupon_8110.write),
        ("8112", _made_8112, coupon_8112.parse, coupon_8112.write),
    ):
        chosen, faults, refused = random.Random(f"coupons {name} {count}"), Counter[str](), 0
        for _ in range(count):
            text, fields = make(chosen)
            if fault := _round_trip(text, fields, parse, write):
                faults[f"{fault}: {text}"] += 1
            spoilt = _spoilt(text, chosen)
            fault, no = _read_or_refused(spoilt, parse, write)
            refused += no
            if fault:
                faults[f"{fault}: {spoilt!r}"] += 1
        for fault, _ in faults.most_common(5):
            note(fault)
        value = {"strings": count, "spoilt and refused": refused, "faults": faults.total()}
        report(f"coupons: {name} there and back", value, 0, ok=not faults)


def _round_trip(
    text: str, fields: dict[str, Any], parse: Callable[[str], Any], write: Callable[[Any], str]
) -> str:
    try:
        coupon = parse(text)
    except CouponError as error:
        return f"a good string was refused ({error})"
    got = {name: getattr(coupon, name) for name in fields}
    if got != fields:
        return f"read as {got}, made of {fields}"
    if write(coupon) != text or parse(write(coupon)) != coupon:
        return "not written back as it was"
    found = handed.read(f"(8110){text}" if hasattr(coupon, "first") else f"(8112){text}",
                        SETTINGS.coupons, "USD", AT.date())  # fmt: skip
    return "the till could not read it" if found.why == "coupon_unreadable" else ""


def _read_or_refused(
    text: str, parse: Callable[[str], Any], write: Callable[[Any], str]
) -> tuple[str, bool]:
    """What is wrong with how a spoilt string is met; whether it is refused."""
    try:
        coupon = parse(text)
    except CouponError as error:
        named = error.field and error.position and str(error).endswith(".")
        return ("" if named else "refused without a name"), True
    except Exception as error:  # any other is the fault that is looked for
        return f"{type(error).__name__}", False
    return ("" if text.endswith(write(coupon)) else "read as something else"), False


def _spoilt(text: str, chosen: random.Random) -> str:
    for _ in range(chosen.randint(1, 3)):
        at = chosen.randint(0, len(text))
        new = "".join(chosen.choices("0123456789", k=chosen.randint(0, 2)))
        text = chosen.choice((
            text[:at] + new + text[at + 1 :], text[:at] + new + text[at:], text[:at],
            text[at:] + text[:at], text[:at] + chosen.choice(" x٣\n") + text[at:],
        ))  # fmt: skip
    return text


def _made_8110(chosen: random.Random) -> tuple[str, dict[str, Any]]:
    """A string of the grammar, and some of the fields that it is made of."""
    while True:
        fields = dict[str, Any]()
        text = "".join(_parts(chosen, fields))
        if len(text) <= MAX_DIGITS and not text.startswith("8110"):
            return text, fields


def _parts(chosen: random.Random, fields: dict[str, Any]) -> Iterator[str]:
    fields["funder_prefix"] = _digits(chosen, chosen.randint(6, 12))
    fields["offer_code"] = _digits(chosen, 6)
    fields["save_value"] = _digits(chosen, chosen.randint(1, 5))
    yield f"{len(fields['funder_prefix']) - 6}{fields['funder_prefix']}{fields['offer_code']}"
    yield f"{len(fields['save_value'])}{fields['save_value']}" + _purchase(chosen)
    fields |= dict.fromkeys(("rule", "expiry", "start", "serial", "retailer"))
    if chosen.random() < 0.4:
        fields["rule"] = chosen.randint(0, 3)
        yield f"1{fields['rule']}" + _purchase(chosen) + _prefix(chosen)
        if chosen.random() < 0.4:
            yield "2" + _purchase(chosen) + _prefix(chosen)
    starts = date(2010, 1, 1) + timedelta(chosen.randint(0, 7000))
    if chosen.random() < 0.6:
        fields["expiry"] = f"{starts + timedelta(chosen.randint(0, 999)):%y%m%d}"
        yield f"3{fields['expiry']}"
    if chosen.random() < 0.3:
        fields["start"] = f"{starts:%y%m%d}"
        yield f"4{fields['start']}"
    if chosen.random() < 0.3:
        fields["serial"] = _digits(chosen, chosen.randint(6, 15))
        yield f"5{len(fields['serial']) - 6}{fields['serial']}"
    if chosen.random() < 0.3:
        fields["retailer"] = _digits(chosen, chosen.randint(7, 13))
        yield f"6{len(fields['retailer']) - 6}{fields['retailer']}"
    if chosen.random() < 0.5:
        yield "9" + "".join(chosen.choice(some) for some in ("01256", "012", "0123456789", "01"))


def _purchase(chosen: random.Random) -> str:
    requirement = _digits(chosen, chosen.randint(1, 5))
    return f"{len(requirement)}{requirement}{chosen.choice('012349')}{_digits(chosen, 3)}"


def _prefix(chosen: random.Random) -> str:
    if chosen.random() < 0.5:
        return "9"
    prefix = _digits(chosen, chosen.randint(6, 12))
    return f"{len(prefix) - 6}{prefix}"


def _made_8112(chosen: random.Random) -> tuple[str, dict[str, Any]]:
    fields: dict[str, Any] = {
        "format": chosen.randint(0, 2), "funder": _digits(chosen, chosen.randint(6, 12)),
        "offer_code": _digits(chosen, 6), "serial": _digits(chosen, chosen.randint(6, 15)),
    }  # fmt: skip
    offer = f"{fields['format']}{len(fields['funder']) - 6}{fields['funder']}{fields['offer_code']}"
    if fields["format"] == coupon_8112.INSERT and chosen.random() < 0.5:
        fields["serial"] = None
        return offer, fields
    return f"{offer}{len(fields['serial']) - 6}{fields['serial']}", fields


def _digits(chosen: random.Random, count: int) -> str:
    return "".join(chosen.choices("0123456789", k=count))


if __name__ == "__main__":
    judge_quickly()
