"""Families: which items carry which family code of a maker, as its own list says (for 8110)."""

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, StringConstraints, ValidationError, ValidationInfo
from sqlalchemy import Connection, delete, insert, select

from promo import tables
from promo.checkout.families import ALL, maker, spellings
from promo.checkout.filed import Filed, product
from promo.checkout.filed import rows as rows_of
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

    A bad row is refused with a sentence, the others go in; but then nothing that was known is
    taken away, for what a maker no longer has might be what could not be read. Past
    ingest.max_reject_rate nothing changes. Raises SourceError, TooManyRefused.
    """
    done, found = Filed(), defaultdict[str, set[tuple[str, str]]](set)
    country = settings.checkout.item_codes
    layouts = layouts_of(country)
    for where, raw in rows_of(path, COLUMNS, done):
        try:
            row = Row.model_validate(raw, context=layouts)
        except ValidationError as error:
            done.refused.append(explain(where, error))
        else:
            found[maker(row.prefix)].add((row.family, row.code))
            done.taken += 1
    done.within(settings.ingest.max_reject_rate)
    for prefix, pairs in sorted(found.items()):
        _store(connection, prefix, pairs, keep=bool(done.refused))
    if done.refused:
        done.notices.append("Rows were refused, so nothing that was known of a maker was taken "
                            "away. Mend the file and send it again.")  # fmt: skip
    return done


def _store(
    connection: Connection, prefix: str, pairs: Collection[tuple[str, str]], *, keep: bool
) -> None:
    """What a maker has, in the place of what was said of it under any spelling, or beside it."""
    table = tables.CouponFamily
    of_maker = table.prefix.in_(sorted(spellings(prefix)))
    known = set[tuple[str, str]]()
    if keep:
        query = select(table.family, table.product).where(of_maker)
        known = {(row.family, row.product) for row in connection.execute(query)}
    connection.execute(delete(table).where(of_maker))
    rows = [{"prefix": prefix, "family": family, "product": item}
            for family, item in sorted(known | set(pairs))]  # fmt: skip
    for start in range(0, len(rows), TOGETHER):
        connection.execute(insert(table), rows[start : start + TOGETHER])
