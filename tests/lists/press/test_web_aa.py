"""Web pages in a real browser: WCAG 2.2 AA by axe-core, and nothing to scroll sideways."""

from collections.abc import Iterator
from pathlib import Path

import chromium
import print_aa
import pytest
from random_sheets import with_languages

from promo.lists.press.edge_cases import edge_cases
from promo.lists.press.press import Press

NARROWEST = (320, 640)  # CSS pixels: WCAG 2.2, 1.4.10 Reflow


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Browser]:
    with chromium.browser() as running:
        yield running


def test_no_violation_in_any_language() -> None:
    found = list(print_aa.judged(with_languages(), quick=True))
    assert {name: violations for name, violations in found if violations} == {}
    assert len(found) == 4 * len(print_aa.FEW) * len(print_aa.VIEWS)


def test_a_violation_is_seen(browser: chromium.Browser, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text("<html><body><p style='color:#ccc'>pale</p></body></html>", encoding="utf-8")
    browser.show(page, chromium.PHONE)
    rules = {violation["rule"] for violation in browser.violations()}
    assert rules >= {"color-contrast", "html-has-lang", "document-title"}


@pytest.mark.parametrize("language", ["en", "zh", "ar"])
@pytest.mark.parametrize(
    "case",
    ["goods of two hundred characters without a blank", "a name without a blank",
     "very large prices", "the longest terms"],
)  # fmt: skip
def test_nothing_is_wider_than_the_narrowest_screen(
    browser: chromium.Browser, tmp_path: Path, case: str, language: str
) -> None:
    press = Press(with_languages())
    sheet = edge_cases(press.settings, language)[case]
    page = tmp_path / "list.html"
    page.write_text(press.html([press.page(sheet)], title="Your list"), encoding="utf-8")
    browser.show(page, NARROWEST)
    assert browser.ask("document.documentElement.scrollWidth") <= NARROWEST[0]
