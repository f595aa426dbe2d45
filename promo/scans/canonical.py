"""The canonical scan: one line of a till log, and what it must be.

Amounts are integer minor units for the whole line. `paid` is what the shopper paid; `regular`
what the line would have cost without any discount; `store_discount` what the chain gave,
`manufacturer_discount` what a manufacturer pays for. A return carries a negative quantity.
In a file `quantity` is in units or in `unit` of weight, with up to three decimals; in the lake
it is in thousandths. The identity of a scan is (store, till, business day, transaction, line).
"""

from datetime import date, timedelta

import polars as pl

from promo import money
from promo.config import Settings
from promo.scans.columns import LINE, Checked, Column, Rule, apply, check
from promo.scans.product_ids import DOMAIN, with_measures
from promo.scans.variable import Layouts

UNITS = ("each", "kg", "g", "lb", "oz", "l", "gal")
MINOR = "a whole number of minor units (cents)"

COLUMNS = (
    Column("at", "moment", "a local time such as 2017-11-06T17:03:59, without a zone"),
    Column("store", "key", "a store's id"),
    Column("till", "key", "a till's id"),
    Column("business_day", "day", "a day such as 2017-11-06"),
    Column("transaction", "key", "the transaction's number"),
    Column("line", "integer", "the line's number, a whole number"),
    Column("card", "key", "a loyalty card's number, or nothing", required=False),
    Column("product", "key", "a product code"),
    DOMAIN,
    # Empty where the code of the product says how much (promo/scans/product_ids.py).
    Column("quantity", "thousandths", "a number with at most three decimals", required=False),
    Column(
        "unit",
        "choice",
        f"one of {', '.join(UNITS)}",
        required=False,
        default="each",
        choices=UNITS,
    ),
    Column("paid", "integer", MINOR),
    Column("regular", "integer", MINOR),
    Column("store_discount", "integer", MINOR, required=False, default=0),
    Column("manufacturer_discount", "integer", MINOR, required=False, default=0),
)
TRANSACTION = ("store", "till", "business_day", "transaction")
IDENTITY = (*TRANSACTION, "line")
SCHEMA: dict[str, pl.DataType] = {
    "at": pl.Datetime("us"),
    "store": pl.String(),
    "till": pl.String(),
    "business_day": pl.Date(),
    "transaction": pl.String(),
    "line": pl.Int64(),
    "card": pl.String(),
    "product": pl.String(),
    "quantity": pl.Int64(),
    "unit": pl.String(),
    "paid": pl.Int64(),
    "regular": pl.Int64(),
    "store_discount": pl.Int64(),
    "manufacturer_discount": pl.Int64(),
}


OLDEST = date(2000, 1, 1)


def read(raw: pl.DataFrame, held_to: list[Rule], layouts: Layouts, file: str) -> Checked:
    """Lines as they came made into scans (`SCHEMA`, with `_line`), and a reject for each fault.

    `held_to` are `rules`; `layouts` say how the chain's item codes carry prices and weights.
    """
    typed = check(raw, COLUMNS, (), file)
    coded = with_measures(typed.good, file, layouts)
    sound = apply(coded.good, held_to, file, raw)
    scans = sound.good.with_columns(product="id").select(LINE, *SCHEMA)
    return Checked(scans, pl.concat([typed.rejects, coded.rejects, sound.rejects]))


def rules(settings: Settings, stores: frozenset[str] | None, today: date) -> list[Rule]:
    """What must hold between the fields of a line that comes in on `today`.

    `stores` are those there are; None where there is no table of them.
    """
    most = money.to_minor(settings.ingest.max_amount, settings.currency)
    units = settings.ingest.max_quantity
    newest = today + timedelta(1)  # one line of the future would make all that follow too late
    known = pl.lit(value=True) if stores is None else pl.col("store").is_in(list(stores))
    return [
        Rule(known, "store", "a store that is in the table of stores"),
        Rule(
            (pl.col("at").dt.date() - pl.col("business_day")).is_between(
                timedelta(-1), timedelta(1)
            ),
            "business_day",
            "the day of `at`, or the day before or after it",
        ),
        Rule(
            pl.col("business_day").is_between(OLDEST, newest),
            "business_day",
            f"a day from {OLDEST} to {newest}",
        ),
        Rule(pl.col("line") >= 0, "line", "zero or more"),
        Rule(
            pl.col("quantity").abs() <= units * 1000,
            "quantity",
            f"at most {units} (ingest.max_quantity)",
        ),
        Rule(
            (pl.col("unit") != "each") | (pl.col("quantity") % 1000 == 0),
            "quantity",
            "a whole number where the unit is `each`",
        ),
        *_amount_rules(most),
    ]


def _amount_rules(most: int) -> list[Rule]:
    """Amounts within reason, and of the sign that a sale or a return has."""
    return [
        *(
            Rule(pl.col(name).is_between(-most, most), name, f"at most {most} (ingest.max_amount)")
            for name in ("paid", "regular", "store_discount", "manufacturer_discount")
        ),
        Rule(
            (pl.col("quantity") <= 0) | (pl.col("regular") >= 0),
            "regular",
            "zero or more on a sale",
        ),
        Rule(
            (pl.col("quantity") >= 0) | (pl.col("paid") <= 0),
            "paid",
            "zero or less on a return (negative quantity)",
        ),
        *(
            Rule((pl.col("quantity") < 0) | (pl.col(name) >= 0), name, "zero or more on a sale")
            for name in ("store_discount", "manufacturer_discount")
        ),
    ]
