"""From a stored list to the page a template prints: every string ready, no arithmetic left."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

from promo.language import Language
from promo.lists.articles import Library, of_list
from promo.lists.items import Draft, DueItem, OfferItem
from promo.lists.press.page import DueGroup, DueLine, OfferGroup, OfferLine, Phrases, Story
from promo.lists.press.stories import story
from promo.offers.ladders import NOT_A_BUYER

NEW = ("None", NOT_A_BUYER)  # volumes in a category that the household does not buy


TITLES = ("For what is on your list", "For what you like to buy", "New for you")


@lru_cache(maxsize=256)
def phrases(language: Language, offers: int) -> Phrases:
    """What every sheet with so many offers says."""
    text = language.text
    return Phrases(
        off=language.many("off with your offer", "off with all {count} offers", offers),
        show=text("Show this sheet or your loyalty card at the till."),
        by_itself=text("Every offer comes off by itself.") if offers else "",
        type_this=text("If the code will not scan, type"),
        for_you=text("At your service"),
        nothing_due=text("Nothing seems to be running out just now. Here is room for your own list."),
        no_offers=text("No offers this time."),
    )


def due_groups(draft: Draft) -> tuple[DueGroup, ...]:
    """Due items by department, both by their names; each with what an offer on it gives."""
    off = {offer.category: offer.headline for offer in reversed(draft.offers)}
    ordered = sorted(draft.due, key=_place)
    return tuple(
        DueGroup(department, tuple(_due(item, off) for item in items))
        for department, items in groupby(ordered, key=_department)
    )


def _place(item: DueItem) -> tuple[str, str]:
    return item.department, item.words


def _department(item: DueItem) -> str:
    return item.department


def _due(item: DueItem, off: dict[str, str]) -> DueLine:
    return DueLine(item.words, item.detail, off.get(item.category, ""))


def offer_groups(draft: Draft, dates: str, language: Language) -> tuple[OfferGroup, ...]:
    """Offers by what they are to the household: on its list, bought by it now and then, new.

    Not by department, as the due items: whoever holds the sheet asks first what comes off the things
    that are needed anyway, and sixteen offers in ten departments would be headings more than offers.
    Where all offers are of one group it needs no title.
    """
    due = {item.category for item in draft.due}
    kinds: dict[str, list[OfferLine]] = {}
    for offer in sorted(draft.offers, key=lambda offer: _kind(offer, due)):
        line = OfferLine(_headline(offer, language), offer.title, offer.conditions, dates)
        kinds.setdefault(TITLES[_kind(offer, due)], []).append(line)
    return tuple(
        OfferGroup(language.text(title) if len(kinds) > 1 else "", tuple(lines))
        for title, lines in kinds.items()
    )


def _kind(offer: OfferItem, due: set[str]) -> int:
    if offer.category in due:
        return 0
    return 2 if offer.cell.rpartition("/")[2] in NEW else 1


def _headline(offer: OfferItem, language: Language) -> str:
    return offer.headline or language.text("{money} off", money=language.money(offer.worth))


@lru_cache(maxsize=256)
def _kinds(language: Language) -> dict[str, str]:
    text = language.text
    return {"recipe": text("Recipe"), "plan": text("A plan for the week"), "tip": text("Good to know")}


def stories(ids: Sequence[str], library: Library, language: Language) -> tuple[Story, ...]:
    """The list's articles, as far as the chain still has them."""
    found = of_list(ids, library, language.name)
    return tuple(story(article, _kinds(language)[article.head.kind]) for article in found)


def greeting(name: str, language: Language) -> str:
    """The sheet's first words; of somebody whose name is unknown, without one."""
    name = " ".join(name.split())
    return language.text("Hello {name}", name=name) if name else language.text("Your shopping list")


def points(count: int, language: Language) -> str:
    """What the offers give in points, in all."""
    return language.many("and {count} point", "and {count} points", count)
