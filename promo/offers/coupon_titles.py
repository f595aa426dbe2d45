"""Titles of Complete Journey's coupons, made of the words of their goods, in any language."""

import polars as pl

from promo.language import NBSP, Language
from promo.offers.terms import MAX_TITLE
from promo.scans.plain_words import category_words, size_words, type_words


def title(items: pl.DataFrame, language: Language) -> str:
    """What a coupon is on, in the fewest words that are true of every product.

    items: its products, with product_category, product_type, package_size, brand and sold (lines).
    """
    said = _goods(items, language)
    size = language.size(size_words(_only(items, "package_size") or "")).replace(NBSP, " ")
    match _only(items, "brand"):
        case "Private":
            brand = language.text("store brand")
        case "National":
            brand = language.text("national brand")
        case _:
            brand = ""
    for part in (size, brand):
        longer = language.text("{one}, {two}", one=said, two=part)
        if part and len(longer) <= MAX_TITLE:
            said = longer
    return said


def _goods(items: pl.DataFrame, language: Language) -> str:
    category, kind = _only(items, "product_category"), _only(items, "product_type")
    words = [language.word(category_words(name)) for name in _most(items, 3)]
    first, later = words[0], [word.lower() for word in words[1:]]
    if kind is not None and category is not None:
        what = language.word(type_words(kind))
        if " " not in type_words(kind):  # "Premium" of what?
            what = language.text("{one}, {two}", one=first, two=what.lower())
    elif items["product_category"].n_unique() <= 3:
        what = language.listed([first, *later], "or") if later else first
    else:
        what = language.text("{one}, {two} and more", one=first, two=later[0])
    return what if len(what) <= MAX_TITLE else language.text("{one} and more", one=first)


def _only(items: pl.DataFrame, column: str) -> str | None:
    """The value that all items have, if they have one in common."""
    values = items[column].drop_nulls().unique()
    return str(values[0]) if len(values) == 1 and not items[column].has_nulls() else None


def _most(items: pl.DataFrame, number: int) -> list[str]:
    """The categories sold most often; equally often by name, and of one meaning only one."""
    counts = items.group_by("product_category").agg(pl.col("sold").sum()).drop_nulls()
    ordered = counts.sort("sold", "product_category", descending=[True, False])
    said = {category_words(name): name for name in reversed(ordered["product_category"].to_list())}
    return list(reversed(said.values()))[:number]
