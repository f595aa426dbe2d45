"""The examples of docs/offers.md are offers, and every field of the terms is among them."""

import re
from pathlib import Path
from typing import Any

import pytest

from offers.written import GOOD
from promo.language import Language
from promo.offers import files
from promo.offers.conditions import Purchase
from promo.offers.pricing import price
from promo.offers.rewards import KINDS
from promo.offers.terms import Offered, parse
from promo.offers.wording import Wording

TEXT = (Path(__file__).parents[2] / "docs" / "offers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def examples() -> list[dict[str, Any]]:
    """The whole offer of the beginning, and each fragment put into a sound offer."""
    (first,) = (raw for _, raw in files.from_yaml("docs", BLOCKS[0]))
    found = [first]
    for fragment in (
        part for block in BLOCKS[1:] for part in re.split(r"^---$", block, flags=re.M)
    ):
        indented = fragment.strip("\n").replace("\n", "\n    ")
        ((_, raw),) = files.from_yaml("docs", f"offers:\n  - {indented}\n")
        found.append(GOOD | {"id": f"example-{len(found)}"} | raw)
    return found


@pytest.mark.parametrize("raw", examples(), ids=lambda raw: raw["id"])
def test_an_example_is_an_offer(raw: dict[str, Any]) -> None:
    terms = parse(raw, "docs/offers.md", "USD")
    assert Wording(Language("en")).sentences(terms, terms.reward.number).endswith(".")
    assert price(terms, terms.reward.number, [], {}).discount == 0


def test_every_field_has_an_example() -> None:
    raw = examples()
    shown = {name for offer in raw for name in offer}
    fields = {*Offered.model_fields, *Purchase.model_fields} - {"kilograms", "called"}
    assert fields <= shown
    rewards = [offer["reward"] for offer in raw]
    assert {kind.leading for kind in KINDS} <= {name for reward in rewards for name in reward}


def test_every_csv_column_is_named() -> None:
    section = TEXT.partition("## CSV")[2].partition("\n## ")[0]
    assert set(files.CSV_COLUMNS) <= set(re.findall(r"[a-z_]+", section))
