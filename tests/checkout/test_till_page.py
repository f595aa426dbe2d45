"""The till's page in a real browser: a key, a list, items, falling prices, goods brought back."""

from collections.abc import Iterator
from typing import Any

import chromium
import pytest
from sqlalchemy import Engine

from checkout.corner import BREAD, CHEESE, FLAKES, JUICE, MILK, SHORT, open_corner_shop
from checkout.shop import counters
from checkout.till import CARD, Running, listening, new_key
from promo.checkout import store_keys
from promo.config import Settings


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Browser]:
    with chromium.browser() as running:
        yield running


class Page:
    """The page as who stands before it sees it."""

    def __init__(self, browser: chromium.Browser, live: Running, key: str) -> None:
        self.browser, self.live, self.key = browser, live, key
        browser.open(f"http://127.0.0.1:{live.port}/till", chromium.DESKTOP)

    def done(self) -> int:
        """How many things the page has done so far."""
        return int(self.browser.ask("document.body.dataset.done ?? 0"))

    def after(self, act: Any, *words: str) -> None:
        """Act, and wait until the page has done it."""
        before = self.done()
        act(*words)
        self.browser.until(f"Number(document.body.dataset.done ?? 0) > {before}")

    def scan(self, *texts: str) -> "Page":
        for text in texts:
            self.after(self.browser.type, text)
        return self

    def press(self, key: str) -> None:
        self.after(self.browser.press, key)

    def click(self, element: str) -> None:
        self.after(self.browser.click, element)

    def text(self, element: str) -> str:
        return str(self.browser.ask(f"document.querySelector({element!r}).innerText")).strip()

    def money(self) -> tuple[str, str]:
        """Total and what is to pay."""
        return self.text("#total"), self.text("#to_pay")


@pytest.fixture
def shop(sqlite_engine: Engine) -> Engine:
    open_corner_shop(sqlite_engine)
    return sqlite_engine


@pytest.fixture
def live(settings: Settings, shop: Engine) -> Iterator[Running]:
    with listening(settings, shop, till=True) as found:
        yield found


@pytest.fixture
def page(browser: chromium.Browser, live: Running, shop: Engine) -> Page:
    found = Page(browser, live, new_key(shop, "1", store_keys.TILL))
    return found.scan(found.key)


def test_prices_fall_line_by_line_and_the_sale_is_paid_once(page: Page, shop: Engine) -> None:
    assert page.text("#says") == "The till is open. Scan a list first."
    page.scan(SHORT, MILK)
    assert page.money() == ("$3.89", "$2.89")
    page.scan(FLAKES)
    assert page.money() == ("$8.18", "$7.18")
    assert "Too few of the items are in the basket." in page.text("#offers")
    page.scan(FLAKES)  # the second one makes the first one cheaper, too
    assert page.money() == ("$12.47", "$9.47")
    assert page.browser.ask("document.querySelectorAll('#lines .fell').length") == 3
    page.scan(BREAD)
    assert page.money() == ("$15.46", "$12.46")
    page.press("F2")
    assert page.text("#says") == "Paid $12.46. You save $3.00."
    assert page.text("#basket_title").startswith("Receipt")
    assert counters(shop) == {"milk": (1, 100), "cereal": (1, 200)}
    one_line = "document.querySelector('#{}').getBoundingClientRect().height < 50"
    for button in ("void", "back", "anew"):
        assert page.browser.ask(one_line.format(button))
    page.browser.press("F2")  # nothing is left to pay: no second request

    page.scan(SHORT, MILK)  # the next sale, by the same list
    assert [line["route"] for line in page.live.lines].count("/v1/redeem") == 1
    assert page.money() == ("$3.89", "$3.89")
    assert "used" in page.text("#offers")
    page.press("F9")
    page.press("F8")
    assert page.text("#says") == "The sale is taken back. Your offers are good again."
    assert counters(shop) == {"milk": (0, 0), "cereal": (0, 0)}
    assert page.scan(CARD, MILK).money() == ("$3.89", "$2.89")  # and they are


def test_goods_are_clicked_taken_off_and_brought_back(page: Page) -> None:
    page.scan(SHORT)
    item = "[...document.querySelectorAll('.items button')].find(e => e.innerText.startsWith({}))"
    page.click(item.format("'Orange juice'"))
    page.click(item.format("'Cheddar'"))
    assert page.money() == ("$9.28", "$7.63")
    page.click("document.querySelector('#lines button')")
    assert page.money() == ("$4.49", "$3.59")
    assert page.browser.ask("document.activeElement.id") == "scan"
    page.browser.ask("document.activeElement.blur()")
    page.browser.press("1")  # a scanner types, whatever has the focus
    page.browser.until("document.activeElement.id == 'scan'")
    page.browser.ask("document.getElementById('scan').value = ''")
    page.browser.ask(f"({item.format(repr('Orange juice'))}).focus()")
    page.press("Enter")  # who goes by the keyboard stays in place
    assert page.browser.ask("document.activeElement.innerText").startswith("Orange juice")
    page.click("document.querySelectorAll('#lines button')[1]")
    page.scan(JUICE)
    page.press("F4")
    assert page.text("#says") == "The offers are held for this basket."
    page.press("F2")
    page.click("document.querySelector('#lines button')")
    assert page.text("#says").startswith("Pay out $3.59.")
    page.click("document.getElementById('back')")
    assert page.text("#says").startswith("Pay out $4.04.")
    page.click("document.getElementById('back')")
    assert page.text("#says") == "The sale has not so much of an item left to bring back."


def test_what_cannot_be_done_is_said_and_changes_nothing(page: Page) -> None:
    page.scan("2*" + CHEESE)
    assert page.money() == ("$8.98", "$8.98")
    for text, sentence in {
        "nonsense": "This is no list, card or item that we know.",
        "0000-0000-0000": "We did not print this code. Please do not accept it.",
        f"{MILK} @1.234": "That was not understood. Try code, 3*code or code @2.49",
    }.items():
        assert page.scan(text).text("#says") == sentence
        assert page.money() == ("$8.98", "$8.98")
    page.scan("internal:flowers")
    assert page.text("#says").endswith("such as internal:flowers @2.49")
    page.scan("5.00")  # the code is still in the field
    assert page.money() == ("$13.98", "$13.98")


def test_a_coupon_is_handed_over_with_the_basket(page: Page) -> None:
    page.scan(MILK, "8110106141416543213250110003140131")
    assert page.text("#offers").startswith("Coupon")
    assert page.money() == ("$3.89", "$3.89")


def test_a_wrong_key_opens_nothing(browser: chromium.Browser, live: Running) -> None:
    page = Page(browser, live, "").scan("promo-1-" + "x" * 43)
    assert page.text("#says").startswith("This till has no valid key.")
    assert browser.ask("document.getElementById('till').hidden")


def test_no_answer_to_a_payment_is_asked_again_in_the_same_words(page: Page, shop: Engine) -> None:
    page.scan(SHORT, MILK)
    page.browser.ask("""(() => { const real = fetch; window.bodies = []; window.fetch = (...of) => {
        bodies.push(of[1].body); return real(...of).then(got => bodies.length < 2
        ? Promise.reject(new TypeError()) : got); }; return 1; })()""")
    page.press("F2")
    assert page.text("#says").startswith("There is no answer. Pay again")
    page.scan(BREAD)  # which must not go into a basket that may be paid
    assert page.money() == ("$3.89", "$2.89")
    page.press("F2")
    assert page.text("#says") == "Paid $2.89. You save $1.00."
    assert counters(shop) == {"milk": (1, 100)}
    first, *_, last = page.browser.ask("window.bodies")
    assert first == last


def test_the_key_is_nowhere_but_in_memory(page: Page) -> None:
    page.scan(SHORT, MILK)
    seen = page.browser.ask(
        "[location.href, document.cookie, JSON.stringify(localStorage), JSON.stringify("
        "sessionStorage), document.documentElement.outerHTML, document.getElementById('key').value]"
    )
    assert not [text for text in seen if page.key in text or page.key[-20:] in text]
    assert all("key" not in line or isinstance(line["key"], int) for line in page.live.lines)


@pytest.mark.parametrize(
    ("size", "dark"),
    [(chromium.PHONE, True), (chromium.DESKTOP, False), ((320, 640), False)],
)
def test_wcag_2_2_aa_and_nothing_to_scroll_sideways(
    page: Page, size: tuple[int, int], *, dark: bool
) -> None:
    page.browser.open(f"http://127.0.0.1:{page.live.port}/till", size, dark=dark)
    assert page.browser.violations() == []
    page.scan(page.key, SHORT, MILK, BREAD)
    assert page.browser.violations() == []
    page.press("F2")
    assert page.browser.violations() == []
    assert page.browser.ask("document.documentElement.scrollWidth") <= size[0]


def test_the_page_speaks_the_stores_language(
    browser: chromium.Browser, live: Running, shop: Engine
) -> None:
    with shop.begin() as connection:
        connection.exec_driver_sql("update stores set language = 'es'")
    key = new_key(shop, "1", store_keys.TILL)
    page = Page(browser, live, key).scan(key, SHORT, MILK)
    assert (page.text("#pay span"), page.text("#to_pay")) == ("Cobrar", "$2.89")
    assert browser.ask("document.documentElement.lang") == "es-US"
    assert page.text("#says") == "Se aplica 1 oferta. Usted ahorra $1.00."
