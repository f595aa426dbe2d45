"""The fullest list: what a template makes too high overflows here first, and elsewhere by chance.

A layout leaves most lists some millimetres to spare, so that a sheet that is one too high is cut
only on the few that leave none.
"""

from collections.abc import Iterator

from promo.lists.press import layout
from promo.lists.press.edge_cases import GOODS, LONG_GOODS, Made
from promo.lists.press.press import Press
from promo.lists.sheet import Sheet


def fullest(press: Press, language: str, style: str) -> Sheet:
    """Of many lists that are alike, the one that fills a column nearest to its end in a style."""
    tried = _tried(Made(press.settings, language))
    return min(tried, key=lambda sheet: room(press, sheet, style))


def room(press: Press, sheet: Sheet, style: str) -> float:
    """What the fullest column of a list has left, in millimetres."""
    leaves = layout.spread(press.page(sheet, style=style))
    return min(left for leaf in leaves for left in leaf.room if left >= 0)


def _tried(made: Made) -> Iterator[Sheet]:
    """Ever more items and offers, ever more of them in ever more lines."""
    more = f"{made.language.word(LONG_GOODS)}."
    for count in range(1, max(made.most_due, made.most_offers) + 1):
        for long in range(count + 1):
            words = [LONG_GOODS if n < long else GOODS[n % len(GOODS)] for n in range(count)]
            due = made.due(min(count, made.most_due), words)
            plain = made.offers(min(count, made.most_offers))
            longer = made.offers(min(long, made.most_offers), conditions=more)
            yield made.sheet(due=due, offers=[*longer, *plain[len(longer) :]])
