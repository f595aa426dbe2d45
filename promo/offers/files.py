"""Offer files: YAML (a list under `offers`) and CSV (one offer a line), read offer by offer."""

import csv
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import yaml

from promo.offers.terms import OfferError, Unreadable

# A CSV column -> where its value stands in the offer.
CSV_COLUMNS: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in (
        "id", "title", "funder", "starts", "ends", "objective", "buy", "spend", "basket", "pounds",
        "kilograms", "choose", "stacking", "priority", "returns", "products", "brands",
        "categories",
    )},
    **{name: ("reward", name) for name in (
        "amount_off", "percent_off", "new_price", "bundle_price", "points", "free_item", "get",
        "at_most", "per", "over_value", "applies_to",
    )},
    **{name: ("ladder", name) for name in ("heavy", "medium", "light", "none")},
    "but_not_products": ("but_not", "products"),
    "but_not_brands": ("but_not", "brands"),
    "but_not_categories": ("but_not", "categories"),
    "uses_per_list": ("uses", "per_list"),
    "uses_per_household": ("uses", "per_household"),
    "uses_per_day": ("uses", "per_day"),
    "manufacturer": ("funding", "manufacturer"),
    "handling": ("funding", "handling"),
    "offline": ("offline", "policy"),
    "bearer": ("offline", "bearer"),
    "budget_money": ("budget", "money"),
    "budget_redemptions": ("budget", "redemptions"),
}  # fmt: skip
TITLE_IN = re.compile("title_(.+)")  # a column of titles in another language: `title_es`
LISTS = {"products": None, "brands": "|", "categories": "|"}  # what stands between their names
MOST_ID = 64  # characters of an id that are quoted
csv.field_size_limit(2**24)  # an offer on a whole department names fifteen thousand products


def read(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield (where, raw offer) for each offer; raises OfferError when the file cannot be read."""
    if not path.is_file():
        raise OfferError(f"There is no file {path}.")
    if path.suffix not in (".yaml", ".yml", ".csv"):
        raise OfferError(f"{path.name}: expected a file that ends in .yaml, .yml or .csv.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise OfferError(f"{path.name} is not UTF-8: {error}.") from None
    if path.suffix != ".csv":
        return from_yaml(path.name, text)
    if not text.strip():
        raise OfferError(f"{path.name} is empty; expected a line of column names, then offers.")
    return _csv(path.name, text)


class PlainYaml(yaml.SafeLoader):
    """YAML whose numbers, dates and times stay text, and whose keys stand once.

    So a code keeps its zeros, `16:00` is no number of minutes, a day that is none costs one offer
    and not the file, and a second `reward` does not silently take the place of the first.
    """


WITHOUT = {f"tag:yaml.org,2002:{kind}" for kind in ("timestamp", "int", "float")}
PlainYaml.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag not in WITHOUT]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(loader: PlainYaml, node: yaml.MappingNode) -> dict[Any, Any] | Unreadable:
    seen = set[str]()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                line = key.start_mark.line + 1
                return Unreadable(f"the key `{key.value}` stands twice, again in line {line}.")
            seen.add(key.value)
    try:
        return loader.construct_mapping(node, deep=True)
    except yaml.constructor.ConstructorError as error:
        mark = error.problem_mark
        return Unreadable(f"{error.problem}{f', line {mark.line + 1}' if mark else ''}.")


PlainYaml.add_constructor("tag:yaml.org,2002:map", _mapping)


def from_yaml(name: str, text: str) -> Iterator[tuple[str, Any]]:
    """Yield (where, raw offer) for each offer of a YAML text; raises OfferError."""
    try:
        raw = yaml.load(text, PlainYaml)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise OfferError(f"{name} is no YAML: {error}") from None
    if isinstance(raw, Unreadable):
        raise OfferError(f"{name}: {raw.why}")
    offers = raw.get("offers") if isinstance(raw, dict) else None
    if not isinstance(offers, list):
        raise OfferError(f"{name}: expected a list of offers under the key `offers`.")
    for number, offer in enumerate(offers, 1):
        said = offer.get("id") if isinstance(offer, dict) else None
        called = f" ({said[:MOST_ID]})" if isinstance(said, str) else ""
        yield f"{name}, offer {number}{called}", offer


def _csv(name: str, text: str) -> Iterator[tuple[str, Any]]:
    reader = csv.DictReader(StringIO(text, newline=""), restkey="(more)", restval="")
    try:
        yield from _rows(name, reader)
    except csv.Error as error:
        raise OfferError(f"{name}, after line {reader.line_num}: {error}.") from None


def _rows(name: str, reader: "csv.DictReader[str]") -> Iterator[tuple[str, Any]]:
    columns = list(reader.fieldnames or ())
    places = {column: _place(column) for column in columns}
    unknown = [column for column, place in places.items() if not place]
    twice = [c for n, c in enumerate(columns) if c in columns[:n]]
    if unknown:
        raise OfferError(
            f"{name}, line 1: unknown column {unknown[0]!r}; expected {', '.join(CSV_COLUMNS)}, "
            "or a title in another language such as title_es."
        )
    if twice:
        raise OfferError(f"{name}, line 1: the column {twice[0]!r} stands twice.")
    for row in reader:
        yield (
            f"{name}, line {reader.line_num} ({(row.get('id') or '')[:MOST_ID]})",
            _offer(row, places),
        )


def _place(column: str) -> tuple[str, ...]:
    """Where a column's value stands in the offer; nowhere if the column is not known."""
    title = TITLE_IN.fullmatch(column)
    return ("titles", title[1]) if title else CSV_COLUMNS.get(column, ())


def _offer(row: dict[str, Any], places: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """A CSV row in the shape of a YAML offer; empty fields are left out, so that they are named."""
    offer: dict[str, Any] = {}
    for column, path in places.items():
        value = (row.get(column) or "").strip()
        if not value:
            continue
        *sections, name = path
        part = offer
        for section in sections:
            part = part.setdefault(section, {})
        part[name] = value if name not in LISTS else _names(value, LISTS[name])
    if "(more)" in row:
        offer["more fields than columns"] = row["(more)"]
    return offer


def _names(value: str, between: str | None) -> list[str]:
    return [name.strip() for name in value.split(between) if name.strip()]
