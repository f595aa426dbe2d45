"""From a stored list to the page a template prints: every string ready, no arithmetic left."""

from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter

from promo.language import Language, noted
from promo.lists.articles import Library, of_list
from promo.lists.content import Club, in_language
from promo.lists.items import Draft, OfferItem
from promo.lists.press.page import DueGroup, DueLine, OfferGroup, OfferLine, Phrases, Story
from promo.lists.press.stories import story
from promo.offers.cells import NOT_A_BUYER

NEW = ("/None", f"/{NOT_A_BUYER}")  # volumes in a category that the household does not buy


NOTHING_DUE = noted("Nothing seems to be running out just now. Here is room for your own list.")
TITLES = (
    noted("For what is on your list"),
    noted("For what you like to buy"),
    noted("New for you"),
)


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
        nothing_due=text(
            "Nothing seems to be running out just now. Here is room for your own list."
        ),
        no_offers=text("No offers this time."),
    )


def due_groups(draft: Draft) -> tuple[DueGroup, ...]:
    """Due items by department, both by their names; each with what an offer on it gives."""
    off = {offer.category: offer.headline for offer in reversed(draft.offers)}.get
    groups: dict[str, list[DueLine]] = {}
    for item in sorted(draft.due, key=BY_PLACE):
        line = due_line(item.words, item.detail, off(item.category, ""))
        if item.department in groups:
            groups[item.department].append(line)
        else:
            groups[item.department] = [line]
    return tuple([DueGroup(department, tuple(lines)) for department, lines in groups.items()])


BY_PLACE = attrgetter("department", "words")
# The same lines come again and again from household to household.
due_line = lru_cache(maxsize=2**15)(DueLine)
offer_line = lru_cache(maxsize=2**15)(OfferLine)


def offer_groups(draft: Draft, dates: str, language: Language) -> tuple[OfferGroup, ...]:
    """Offers by what they are to the household: on its list, bought by it now and then, new.

    Not by department, as the due items: whoever holds the sheet asks first what comes off the
    things that are needed anyway, and sixteen offers in ten departments would be mostly headings.
    Where all offers are of one group it needs no title.
    """
    due = {item.category for item in draft.due}
    kinds: tuple[list[OfferLine], ...] = ([], [], [])
    for offer in draft.offers:
        headline = offer.headline or _worth_off(offer.worth, language)
        line = offer_line(headline, offer.title, offer.conditions, dates)
        kinds[_kind(offer, due)].append(line)
    titled = sum(map(bool, kinds)) > 1
    return tuple(
        [
            OfferGroup(language.text(title) if titled else "", tuple(lines))
            for title, lines in zip(TITLES, kinds, strict=True)
            if lines
        ]
    )


def _kind(offer: OfferItem, due: set[str]) -> int:
    if offer.category in due:
        return 0
    return 2 if offer.cell.endswith(NEW) else 1


def _worth_off(worth: int, language: Language) -> str:
    return language.text("{amount} off", amount=language.money(worth))


@lru_cache(maxsize=256)
def _kinds(language: Language) -> dict[str, str]:
    text = language.text
    return {
        "recipe": text("Recipe"),
        "plan": text("A plan for the week"),
        "tip": text("Good to know"),
    }


def stories(
    ids: Sequence[str], library: Library, club: Club | None, language: Language
) -> tuple[tuple[Story, ...], str]:
    """The list's articles, as far as the chain still has them, and what stands above them.

    Those with a tag of the household's club come first, under the club's heading if there are any.
    """
    tags = club.tags if club else frozenset[str]()
    found = of_list(ids, library, language.name)
    of_club = [article for article in found if article.head.tags & tags]
    others = [article for article in found if article not in of_club]
    heading = in_language(club.heading, language.name) if club and of_club else ""
    kinds = _kinds(language)
    return tuple(story(a, kinds[a.head.kind]) for a in (*of_club, *others)), heading


def greeting(name: str, language: Language) -> str:
    """The sheet's first words; of somebody whose name is unknown, without one."""
    name = " ".join([part for part in name.replace("\n", " ").split(" ") if part])
    return language.text("Hello {name}", name=name) if name else language.text("Your shopping list")


def points(count: int, language: Language) -> str:
    """What the offers give in points, in all."""
    return language.many("and {count} point", "and {count} points", count)
