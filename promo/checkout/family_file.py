"""Families: which items carry which family code of a maker, as its own list says (for 8110)."""

from collections import defaultdict
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, StringConstraints, ValidationError, ValidationInfo
from sqlalchemy import Connection, delete, insert

from promo import tables
from promo.checkout.families import ALL
from promo.checkout.filed import Filed, product, rows
from promo.config import Settings, explain
from promo.offers.values import Part
from promo.scans.columns import Column
from promo.scans.item_codes import layouts_of

COLUMNS = (
    Column("prefix", "text", "a company prefix of 6 to 12 digits, as it stands in coupons"),
    Column("family", "text", "three digits other than 000"),
    Column("code", "text", "an item's code"),
)
TOGETHER = 5_000  # rows a statement


def _family(value: object) -> object:
    if value == ALL:
        raise ValueError("expected three digits other than 000, which is all that the maker has")
    return value


def _item(value: object, info: ValidationInfo) -> str:
    if not isinstance(value, str):
        raise ValueError("expected an item's code as text")
    return product(value.strip(), info.context or {})


class Row(Part):
    """One item in one family of its maker's."""

    prefix: Annotated[str, StringConstraints(pattern="^[0-9]{6,12}$")]
    family: Annotated[str, BeforeValidator(_family), StringConstraints(pattern="^[0-9]{3}$")]
    code: Annotated[str, BeforeValidator(_item)]


def import_file(connection: Connection, settings: Settings, path: Path) -> Filed:
    """Take in makers' families; each maker that the file names has then what the file says.

    A bad row is refused with a sentence, the others go in. Raises SourceError.
    """
    done, found = Filed(), defaultdict[str, set[tuple[str, str]]](set)
    country = settings.checkout.item_codes
    layouts = layouts_of(country)
    for where, raw in rows(path, COLUMNS, done):
        try:
            row = Row.model_validate(raw, context=layouts)
        except ValidationError as error:
            done.refused.append(explain(where, error))
        else:
            found[row.prefix].add((row.family, row.code))
            done.taken += 1
    table = tables.CouponFamily
    for prefix, pairs in sorted(found.items()):
        connection.execute(delete(table).where(table.prefix == prefix))
        new = [{"prefix": prefix, "family": family, "product": item}
               for family, item in sorted(pairs)]  # fmt: skip
        for start in range(0, len(new), TOGETHER):
            connection.execute(insert(table), new[start : start + TOGETHER])
    return done
