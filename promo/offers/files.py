"""Offer files: YAML (a list under `offers`) and CSV (one offer a line), read offer by offer."""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import yaml

from promo.offers.terms import OfferError

CSV_COLUMNS = (
    "id", "title", "funder", "starts", "ends", "objective", "amount_off", "buy",
    "heavy", "medium", "light", "budget_money", "budget_redemptions", "products",
)  # fmt: skip
csv.field_size_limit(2**24)  # an offer on a whole department names fifteen thousand products


def read(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield (where, raw offer) for each offer; raises OfferError when the file cannot be read."""
    if not path.is_file():
        raise OfferError(f"There is no file {path}.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise OfferError(f"{path.name} is not UTF-8: {error}.") from None
    if path.suffix in (".yaml", ".yml"):
        return _yaml(path.name, text)
    if path.suffix == ".csv":
        return _csv(path.name, text)
    raise OfferError(f"{path.name}: expected a file that ends in .yaml, .yml or .csv.")


class PlainDates(yaml.SafeLoader):
    """YAML whose dates stay text, so that a day that is none costs one offer and not the file."""


PlainDates.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _yaml(name: str, text: str) -> Iterator[tuple[str, Any]]:
    try:
        raw = yaml.load(text, PlainDates)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise OfferError(f"{name} is no YAML: {error}") from None
    offers = raw.get("offers") if isinstance(raw, dict) else None
    if not isinstance(offers, list):
        raise OfferError(f"{name}: expected a list of offers under the key `offers`.")
    for number, offer in enumerate(offers, 1):
        called = f" ({offer['id']})" if isinstance(offer, dict) and "id" in offer else ""
        yield f"{name}, offer {number}{called}", offer


def _csv(name: str, text: str) -> Iterator[tuple[str, Any]]:
    reader = csv.DictReader(StringIO(text, newline=""), restkey="(more)", restval="")
    try:
        yield from _rows(name, reader)
    except csv.Error as error:
        raise OfferError(f"{name}, after line {reader.line_num}: {error}.") from None


def _rows(name: str, reader: "csv.DictReader[str]") -> Iterator[tuple[str, Any]]:
    unknown = [c for c in reader.fieldnames or () if c not in CSV_COLUMNS]
    if unknown:
        raise OfferError(
            f"{name}, line 1: unknown column {unknown[0]!r}; expected {', '.join(CSV_COLUMNS)}."
        )
    for row in reader:
        yield f"{name}, line {reader.line_num} ({row.get('id')})", _from_row(row)


def _from_row(row: dict[str, Any]) -> dict[str, Any]:
    """A CSV row in the shape of a YAML offer; empty fields are left out, so that they are named."""
    found = {key: value.strip() for key, value in row.items() if isinstance(value, str) and value}
    offer: dict[str, Any] = {
        key: found[key]
        for key in ("id", "title", "funder", "starts", "ends", "objective", "buy")
        if key in found
    }
    offer["reward"] = {k: found[k] for k in ("amount_off",) if k in found}
    ladder = {k: found[k] for k in ("heavy", "medium", "light") if k in found}
    if ladder:
        offer["ladder"] = ladder
    offer["budget"] = {
        k: found[f"budget_{k}"] for k in ("money", "redemptions") if f"budget_{k}" in found
    }
    offer["products"] = found.get("products", "").split()
    if "(more)" in row:
        offer["more fields than columns"] = row["(more)"]
    return offer
