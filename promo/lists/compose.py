"""Composing a list: the due items and offers of each household, in words and ready to store."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial, reduce
from typing import Any

import polars as pl

from promo.config import Settings
from promo.language import NBSP, Language, Languages
from promo.lists.articles import Library, Reader, library
from promo.lists.content import Content, content
from promo.lists.items import Draft, DueItem, OfferItem

EVERYTHING: Mapping[tuple[str, str], Collection[str]] = {}  # stores lack nothing


def due_items(forecasts: pl.DataFrame, products: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """The categories that go on each list, most probable first, with words.

    forecasts: category rows (shopper, category, probability, ...); products: product rows
    (shopper, product, category, n, last, size, store_brand, category_words, department, there),
    from which the household's usual product in a category lends its size and brand: of those that
    are there, in its store.
    """
    usual = products.sort(
        "shopper", "category", "there", "n", "last", "product",
        descending=[False, False, True, True, True, False],
    ).unique(["shopper", "category"], keep="first", maintain_order=True)  # fmt: skip
    named = [pl.when("there").then(name).alias(name) for name in ("size", "brand", "store_brand")]
    said = ~pl.col("category").is_in(list(settings.categories.never_due))
    due = forecasts.filter(said, pl.col("probability") >= settings.lists.min_due).sort(
        "shopper", "probability", "category", descending=[False, True, False]
    )
    # Not group_by().head(), which keeps a row a group where max_due is 0.
    most = due.filter(pl.int_range(pl.len()).over("shopper") < settings.lists.max_due)
    words = ("shopper", "category", "category_words", "department", "size", "brand", "store_brand")
    return most.join(
        usual.with_columns(named).select(words), on=["shopper", "category"], how="left",
        maintain_order="left",
    )  # fmt: skip


@dataclass(frozen=True)
class Editor:
    """What is the same for all lists of a night: the chain's languages, articles and clubs."""

    languages: Languages
    library: Library
    content: Content
    never: frozenset[str]  # categories that no article may be about
    first_day: date

    @classmethod
    def of(cls, settings: Settings, first_day: date) -> "Editor":
        """As the settings and the folder of templates have it; lists begin on `first_day`."""
        folder, never = settings.paths.templates, settings.categories.never_said
        languages = Languages.of(settings)
        return cls(languages, library(folder), content(folder), never, first_day)

    def articles(self, row: dict[str, Any], due: Iterable[DueItem]) -> tuple[str, ...]:
        """The ids of a household's articles."""
        club = self.content.club(row["club"] or "")
        reader = Reader(
            row["shopper"],
            self.languages[row["language"]].name,
            row["tier"],
            row["club"] or "",
            club.tags if club else frozenset(),
            frozenset(item.category for item in due),
        )
        return self.library.choose(reader, self.first_day, self.never)


def drafts(
    households: pl.DataFrame,
    due: pl.DataFrame,
    chosen: pl.DataFrame,
    editor: Editor,
    goods: Mapping[str, Collection[str]],
    lost: Mapping[tuple[str, str], Collection[str]] = EVERYTHING,
) -> Iterator[Draft]:
    """One draft a household, in the order of `households`.

    households: shopper, name, language, store, tier, club (null where it has none); due:
    `due_items`; chosen: the candidates that got a slot, with id, title, buy, uses_each, points,
    headline and conditions, in the household's language already; goods: the categories of each
    offer's goods, by id; lost: those of which a store has none, by store and offer.
    """
    spoken: dict[str, _Words] = {}
    by_due = due.partition_by("shopper", as_dict=True)
    by_offer = chosen.partition_by("shopper", as_dict=True)
    for row in households.iter_rows(named=True):
        key, language = (row["shopper"],), editor.languages[row["language"]]
        if language.name not in spoken:
            spoken[language.name] = _Words(language, editor.languages.default)
        words = spoken[language.name]
        items = tuple(_due(item, words) for item in _rows(by_due.get(key)))
        yield Draft(
            row["shopper"],
            row["name"] or "",
            row["language"],
            row["store"],
            row["tier"],
            items,
            tuple(
                _offer(item, _there(item, items, row, lost), goods)
                for item in _rows(by_offer.get(key))
            ),
            row["club"] or "",
            editor.articles(row, items),
        )


def _there(
    item: dict[str, Any],
    due: Sequence[DueItem],
    row: dict[str, Any],
    lost: Mapping[tuple[str, str], Collection[str]],
) -> list[str]:
    """The categories that are due, but those in which the store has no goods of an offer."""
    none = lost.get((row["store"], item["id"]), ())
    return [each.category for each in due if each.category not in none]


def _rows(frame: pl.DataFrame | None) -> Iterator[dict[str, Any]]:
    return iter(()) if frame is None else frame.iter_rows(named=True)


class _Words:
    """The words of due items in one language, each put together once."""

    def __init__(self, language: Language, own: Language) -> None:
        self.other = language.text("Other")
        self.word = cache(language.word)
        self.detail = cache(partial(_detail, language))
        self._own = own if own != language else None

    def place(self, department: str | None, words: str) -> tuple[str, ...]:
        """Where the shop has an item: its department and words in the chain's own language.

        Nothing where the list itself is in that language.
        """
        own = self._own
        if own is None:
            return ()
        return own.word(department) if department else own.text("Other"), own.word(words)


def _due(item: dict[str, Any], words: _Words) -> DueItem:
    pieces, name = round(item["expected_quantity"]), item["category_words"] or item["category"]
    return DueItem(
        item["category"],
        words.word(name),
        words.word(item["department"]) if item["department"] else words.other,
        words.detail(item["size"], item["brand"], item["store_brand"], pieces),
        round(item["probability"], 6),
        item["expected_day"],
        round(item["expected_quantity"], 3),
        words.place(item["department"], name),
    )


def _detail(
    language: Language, size: str | None, brand: str | None, store_brand: bool | None, pieces: int
) -> str:
    """What the household usually takes: `12 pk, national brand, usually 2`."""
    parts = [language.size(size)] if size else []
    if brand:
        parts.append(brand)
    elif store_brand is not None:
        kind = language.text("store brand") if store_brand else language.text("national brand")
        parts.append(kind)
    if pieces > 1:
        often = language.many("usually {count}", "usually {count}", pieces)
        parts.append(often.replace(" ", NBSP))
    if not parts:
        return ""
    return reduce(lambda one, two: language.text("{one}, {two}", one=one, two=two), parts)


def also_on(
    offer: str, category: str, due: Iterable[str], goods: Mapping[str, Collection[str]]
) -> tuple[str, ...]:
    """The categories that are due, beside an offer's own, of which it has goods.

    Only those that are due: an offer on a whole brand may be on hundreds.
    """
    on = goods.get(offer, ())
    return tuple(each for each in due if each in on and each != category)


def _offer(
    item: dict[str, Any], due: Sequence[str], goods: Mapping[str, Collection[str]]
) -> OfferItem:
    return OfferItem(
        offer=item["id"],
        title=item["title"],
        worth=item["worth"],
        buy=item["buy"],
        category=item["category"],
        cell=f"{item['loyalty']}/{item['volume']}",
        probability=round(item["probability"], 6),
        uses=item["uses_each"],
        headline=item["headline"],
        conditions=item["conditions"],
        points=item["points"],
        also_on=also_on(item["id"], item["category"], due, goods),
    )
