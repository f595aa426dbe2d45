"""The positive offer file: what coupons of AI 8112 give, and on which items (docs/coupons.md).

A row is one offer, by its base string, which is the coupon's without a serial. It becomes an offer
like the chain's own that is never printed, so that the till prices it by the same function. The
fields have the names that the U.S. clearing house publishes for its master offer file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo
from sqlalchemy import Connection, delete, insert, select

from promo import tables
from promo.checkout.filed import Filed, not_twice, products, rows
from promo.config import Settings, explain
from promo.coupon_section import Coupons
from promo.database import upsert
from promo.lists.codes import coupon_8112
from promo.lists.codes.coupon_fields import CouponError
from promo.lists.codes.coupon_terms import GROUPS, checked, funded, need, reward, rule
from promo.offers.terms import MAX_TITLE, OfferError, Terms
from promo.offers.values import Day, Line, Part
from promo.scans.columns import Column
from promo.scans.item_codes import layouts_of

PURCHASES = ("primary", "second", "third")
BASKET_OR_NOTHING = (2, 9)  # requirement codes that need no items


def _codes(value: object, info: ValidationInfo) -> tuple[str, ...]:
    return products(value, info.context or {})


def _base(text: str) -> str:
    coupon_8112.parse_offer(text)
    return text


def _number(value: object) -> object:
    """A whole number, from the digits that a CSV file holds; 1.00 is none."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


def _flag(value: object) -> object:
    """0 and 1, and what JSON and spreadsheets write for them."""
    return {"true": 1, "false": 0}.get(str(value).lower(), _number(value))


Items = Annotated[tuple[str, ...], BeforeValidator(_codes)]
Code = BeforeValidator(_number)
Amount = Annotated[int, Code, Field(ge=0, le=99_999, strict=True)]
Need = Annotated[Amount | None, Code]
NeedCode = Annotated[Literal[0, 1, 2, 3, 4, 9] | None, Code]
Flag = Annotated[int, BeforeValidator(_flag), Field(ge=0, le=1, strict=True)]


class Row(Part):
    """One offer as the file has it; amounts are hundredths, weights hundredths of a unit."""

    base_gs1: Annotated[str, AfterValidator(_base)]
    description: Line
    redemption_start_date: Day
    redemption_end_date: Day
    primary_purchase_save_value: Amount
    primary_purchase_requirements: Need = None
    primary_purchase_req_code: Annotated[Literal[0, 1, 2, 3, 4, 9], Code]
    primary_purchase_gtins: Items = ()
    primary_purchase_excluded_gtins: Items = ()
    additional_purchase_rules_code: Annotated[Literal[0, 1, 2, 3] | None, Code] = None
    second_purchase_requirements: Need = None
    second_purchase_req_code: NeedCode = None
    second_purchase_gtins: Items = ()
    second_purchase_excluded_gtins: Items = ()
    third_purchase_requirements: Need = None
    third_purchase_req_code: NeedCode = None
    third_purchase_gtins: Items = ()
    third_purchase_excluded_gtins: Items = ()
    save_value_code: Annotated[Literal[0, 1, 2, 5, 6, 7], Code] = 0
    applies_to_which_item: Annotated[Literal[0, 1, 2], Code] = 0
    store_coupon: Flag = 0
    donot_multiply_flag: Flag = 0


EXPECTED = {
    "base_gs1": "the coupon's digits without its serial number",
    "description": "what the coupon is on, in words",
    "redemption_start_date": "a day such as 2026-01-31",
    "redemption_end_date": "a day such as 2026-01-31",
    "primary_purchase_save_value": "hundredths, percent or pieces",
    "primary_purchase_req_code": "one of 0, 1, 2, 3, 4, 9",
}
COLUMNS = tuple(
    Column(name, "text", EXPECTED.get(name, "see docs/coupons.md"), field.is_required())
    for name, field in Row.model_fields.items()
)


def import_file(connection: Connection, settings: Settings, path: Path) -> Filed:
    """Take in the offers of a file; a bad row is refused with a sentence, the others go in.

    An offer that is there already is replaced: so it is changed, or ended by an earlier last day.
    Raises SourceError.
    """
    done, seen, unknown = Filed(), set[str](), set[str]()
    known = frozenset(connection.execute(select(tables.Product.id)).scalars())
    country = settings.checkout.item_codes
    layouts = layouts_of(country)
    for where, raw in rows(path, COLUMNS, done):
        try:
            terms = to_terms(raw, settings.coupons, where, layouts)
            not_twice(seen, terms.id, where)
        except OfferError as error:
            done.refused.append(str(error))
            continue
        _store(connection, terms, known)
        done.taken += 1
        unknown |= {name for each in terms.purchases.values() for name in each.products} - known
    if unknown:
        done.notices.append(f"{len(unknown):,} items are not in the product table yet; they count "
                            "as soon as they are.")  # fmt: skip
    return done


def to_terms(raw: Mapping[str, Any], rules: Coupons, where: str, layouts: Any) -> Terms:
    """The terms that a row says. Raises OfferError with a sentence for each fault."""
    try:
        row = Row.model_validate(raw, context=layouts)
    except ValidationError as error:
        raise OfferError(explain(where, error)) from None
    offer, funder = coupon_8112.parse_offer(row.base_gs1)
    where = f"{where} ({offer})"
    try:
        gives = reward(row.save_value_code, row.primary_purchase_save_value, _target(row))
        joined = rule(row.additional_purchase_rules_code, rules.rule_three)
    except CouponError as error:
        raise OfferError(f"{where}: {error}") from None
    bought = {name: _purchase(row, name, where) for name in PURCHASES}
    said = {
        "id": f"{coupon_8112.AI}:{offer}", "title": _short(row.description),
        "starts": row.redemption_start_date, "ends": row.redemption_end_date, "printable": False,
        "may_be_doubled": not row.donot_multiply_flag, "returns": rules.returns, "reward": gives,
        **funded(funder, rules.handling, store=bool(row.store_coupon)), **joined,
        **(bought.pop("primary") or {}),
        **{name: each | {"called": f"{name} purchase"} for name, each in bought.items() if each},
    }  # fmt: skip
    return checked(said, where)


def counted(terms: Terms) -> list[tuple[str, int]]:
    """The items of each purchase: those that are in and not out, with the purchase's number."""
    return [
        (product, number)
        for number, purchase in terms.purchases.items()
        for product in sorted(set(purchase.products) - set(purchase.but_not.products))
    ]


def _purchase(row: Row, name: str, where: str) -> dict[str, Any] | None:
    """One purchase; None where the row has none of that name."""
    code = getattr(row, f"{name}_purchase_req_code")
    requirement = getattr(row, f"{name}_purchase_requirements")
    items = getattr(row, f"{name}_purchase_gtins")
    without = getattr(row, f"{name}_purchase_excluded_gtins")
    if code is None:
        if requirement is not None or items or without:
            raise OfferError(f"{where}: `{name}_purchase_req_code` is missing.")
        return None
    if requirement is None and code != 9:
        raise OfferError(f"{where}: `{name}_purchase_requirements` is missing.")
    if not items and code not in BASKET_OR_NOTHING:
        raise OfferError(f"{where}: `{name}_purchase_gtins` is empty; expected item codes.")
    try:
        said = need(code, requirement or 0)
    except CouponError as error:
        raise OfferError(f"{where}: `{name}_purchase_requirements`: {error}") from None
    return said | {"products": items, "but_not": {"products": without}}


def _target(row: Row) -> str | None:
    """As in 8110, 0 is whichever was bought where any one purchase will do."""
    if row.applies_to_which_item == 0 and row.additional_purchase_rules_code in (None, 0):
        return None
    return GROUPS[row.applies_to_which_item]


def _short(text: str) -> str:
    return text if len(text) <= MAX_TITLE else f"{text[: MAX_TITLE - 1]}…"


def _store(connection: Connection, terms: Terms, known: frozenset[str]) -> None:
    """The offer, without a budget, and those of its items that the chain has."""
    row = {
        "id": terms.id, "starts": terms.starts, "ends": terms.ends, "funder": terms.funder,
        "objective": terms.objective, "hard": False, "budget_money": 0, "budget_redemptions": 0,
        "terms": terms.stored(),
    }  # fmt: skip
    upsert(connection, tables.Offer, [row])
    pair = tables.OfferProduct
    connection.execute(delete(pair).where(pair.offer == terms.id))
    pairs = [
        {"offer": terms.id, "product": product, "purchase": number}
        for product, number in counted(terms)
        if product in known
    ]
    if pairs:
        connection.execute(insert(pair), pairs)
