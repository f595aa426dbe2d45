"""Whoever wants no lists gets none, on any way; a promise that is printed is honoured."""

import csv
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import small_house
from checkout.till import new_key, running
from small_house import FIRST, promo
from sqlalchemy import select, update

from person import people
from promo import tables
from promo.house import House

DAY = ("--night", f"{FIRST}")
NEXT = FIRST + timedelta(14)


def printed(house: House, row: Any, form: str) -> bool:
    promo(house, "lists", "print", *DAY, "--format", form)
    folder = house.settings.paths.out / f"{FIRST}-{form}"
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        in_manifest = row.code in {entry["list_code"] for entry in csv.DictReader(file)}
    pages = (path.read_text(encoding="utf-8") for path in folder.glob("*.html"))
    return in_manifest or any(row.code in page for page in pages)


def at_night(house: House, row: Any) -> bool:
    small_house.night(house, NEXT)
    sheet = tables.ShopperList
    with house.engine.connect() as connection:
        query = select(sheet.shopper).where(sheet.night == NEXT)
        return row.shopper in set(connection.execute(query).scalars())


def reissued(house: House, row: Any) -> bool:
    people.earlier_issue(house.engine, row)
    with house.engine.begin() as connection:
        mine = tables.ShopperList.code == row.code
        connection.execute(update(tables.ShopperList).where(mine).values(issue=2))
    promo(house, "lists", "reissue", "--day", f"{people.TODAY}")
    return (house.settings.paths.out / f"{FIRST}-reissued-1").is_dir()


def of_card(house: House, row: Any) -> bool:
    target = house.settings.folder / "one.html"
    words = ["--card", f"c{row.shopper}", "--format", "html", "--output", str(target)]
    day = ["--day", f"{people.TODAY}"]
    try:
        promo(house, "lists", "print", *words, *day)
    except AssertionError:
        promo(house, "lists", "print", *words, *day, code=13)
    return target.exists()


def asked(verb: str) -> Callable[[House, Any], bool]:
    def ask(house: House, row: Any) -> bool:
        key = new_key(house.engine)
        body = {"card": f"c{row.shopper}"} | ({"format": "html"} if verb == "sheet" else {})
        with running(house.settings, house.engine) as live:
            status = live.ask(f"/v1/{verb}", body, key).status
        assert status in (200, 404)
        return status == 200

    return ask


WAYS: dict[str, tuple[Callable[[House, Any], bool], bool]] = {
    "the next night": (at_night, False),
    "a print of the night": (lambda house, row: printed(house, row, "html"), False),
    "e-mail": (lambda house, row: printed(house, row, "email"), False),
    "issued anew": (reissued, False),
    "a print of the card": (of_card, False),
    "the kiosk's sheet": (asked("sheet"), False),
    "the till, which keeps what is printed": (asked("lookup"), True),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wish", ["nothing", "withdraw", "suppress"])
def test_every_way(home: House, way: str, wish: str) -> None:
    row = people.listed(home)[0]
    card = f"c{row.shopper}"
    if wish == "withdraw":
        promo(home, "households", "consent", card, "--withdraw")
    elif wish == "suppress":
        promo(home, "households", "suppress", card)
    reaches, always = WAYS[way]
    assert reaches(home, row) == (always or wish == "nothing")


def test_said_again(home: House) -> None:
    row = people.listed(home)[0]
    card = f"c{row.shopper}"
    for words in (("consent", card, "--withdraw"), ("suppress", card)):
        promo(home, "households", *words)
    promo(home, "households", "consent", card, "--give")  # the last word of a day holds
    assert not printed(home, row, "html")
    promo(home, "households", "suppress", card, "--lift")
    assert printed(home, row, "html")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("consent", "c200"), 2, "Say --give or --withdraw, one of the two."),
        (("consent", "c200", "--give", "--withdraw"), 2, "one of the two"),
        (("consent", "c200", "--give", "--day", "2017-12-01"), 2, "has not come yet"),
        (("consent", "nobody", "--give"), 3, "No household carries the card 'nobody'."),
        (("suppress", "nobody"), 3, "No household carries the card 'nobody'."),
    ],
)
def test_what_cannot_be(home: House, words: tuple[str, ...], code: int, said: str) -> None:
    assert said in promo(home, "households", *words, code=code).stderr
