"""Receipts and e-mails as they were last looked at, in every language.

A receipt's file holds its words as a printer says them, a tab where the head moves on. What has
changed on purpose is written anew by
`PYTHONPATH=.:tests/lists:scripts/bench python tests/lists/press/test_golden_paper.py`.
"""

from pathlib import Path

import pytest
from drafts import NIGHT, draft, due, offer, sheet
from paper import printed

from promo import config
from promo.lists.items import Draft
from promo.lists.press.email import message
from promo.lists.press.press import Press
from promo.lists.press.receipt import receipt

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden"
LISTS = {
    "en": draft(
        name="Ann Miller",
        due=(due(), due(words="Crème fraîche", department="Dairy", detail="8 oz")),
        offers=(offer(), offer(title="Milk – any size", headline="Buy 2, get 1 free")),
    ),
    "es": draft(
        name="José Muñoz",
        language="es",
        due=(due(words="Refrescos", department="Bebidas", detail="12 latas"),),
        offers=(offer(title="Piñas", headline="$1.00 menos", conditions="En un artículo."),),
    ),
    "zh": draft(
        name="王小明",
        language="zh",
        due=(due(words="汽水", department="饮料", detail="12 罐"),),
        offers=(offer(title="各种麦片", headline="减 $1.00", conditions="限一件,一次。"),),
    ),
}
NAMES = [f"{kind}-{name}" for kind in ("receipt-80", "receipt-58", "email") for name in LISTS]


def made(name: str) -> bytes:
    kind, _, language = name.rpartition("-")
    settings = config.load(ROOT / "config.yaml")
    look = {"cjk": "gb18030"}  # so that Chinese is text, too
    settings = settings.model_copy(update={"receipt": settings.receipt.model_copy(update=look)})
    press = Press(settings)
    content: Draft = LISTS[language]
    page = press.page(sheet(content))
    if kind == "email":
        return message(page, press, to="shopper@example.com", day=NIGHT)
    width = int(kind.removeprefix("receipt-"))
    out = printed(receipt(page, press, width), settings.receipt.dots[width])
    return f"{out.text}\n".encode()


def place(name: str) -> Path:
    return GOLDEN / f"{name}.{'eml' if name.startswith('email') else 'txt'}"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_as_it_was(name: str) -> None:
    assert made(name) == place(name).read_bytes()


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for each in NAMES:
        place(each).write_bytes(made(each))
