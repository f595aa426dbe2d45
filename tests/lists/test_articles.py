"""Articles: which stand on a list, and what is said of a file that cannot be used."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from promo.config import Settings
from promo.lists.articles import KINDS, ArticleError, Library, Reader, of_list
from promo.scans import complete_journey

DAY = date(2017, 11, 6)
READER = Reader("100", "en", "base", "", frozenset(), frozenset({"EGGS"}))
NEVER = frozenset({"LAXATIVES"})


def library(folder: Path, **articles: str) -> Library:
    """Articles by id, each by the lines of its head."""
    (folder / "articles").mkdir()
    for name, head in articles.items():
        kind = "" if "kind:" in head else "kind: recipe\n"
        path = folder / "articles" / f"{name}.md"
        path.write_text(f"---\ntitle: {name}\n{kind}{head}\n---\nText.\n", encoding="utf-8")
    return Library(folder)


@pytest.mark.parametrize(
    ("head", "chosen"),
    [
        ("uses: [EGGS]", True),
        ("uses: EGGS", True),
        ("uses: [MILK]", False),
        ("uses: [EGGS, LAXATIVES]", False),
        ("tags: [quick]", True),
        ("uses: [EGGS]\nclubs: [Cat]", False),
        ("uses: [EGGS]\ntiers: [top]", False),
        ("uses: [EGGS]\nfrom: 2017-11-06\nuntil: 2017-11-06", True),
        ("uses: [EGGS]\nfrom: 2017-11-07", False),
        ("uses: [EGGS]\nuntil: 2017-11-05", False),
    ],
)
def test_what_a_head_asks_for(tmp_path: Path, head: str, chosen: bool) -> None:
    found = library(tmp_path, **{"a.en": head}).choose(READER, DAY, NEVER)
    assert found == (("a",) if chosen else ())


def test_the_best_of_each_kind(tmp_path: Path) -> None:
    known = library(
        tmp_path,
        **{
            "one.en": "uses: [EGGS]", "two.en": "uses: [EGGS, MILK]",
            "pets.en": "clubs: [cat food]\ntags: [pets]", "other.es": "uses: [EGGS, MILK, TEA]",
            "plan.en": "kind: plan\nuses: [EGGS]", "tip.en": "kind: tip",
        },
    )  # fmt: skip
    due = frozenset({"EGGS", "MILK", "TEA"})
    reader = replace(READER, due=due)
    assert known.choose(reader, DAY, NEVER) == ("two", "plan", "tip")
    cats = replace(
        reader, club="Cat food · Cat litter", tags=frozenset({"pets", "home"}), due=NEVER
    )
    assert known.choose(cats, DAY, NEVER) == ("pets", "tip")
    assert known.choose(replace(reader, language="es-MX"), DAY, NEVER) == ("other",)


def test_equals_are_drawn_by_household_and_day(tmp_path: Path) -> None:
    known = library(tmp_path, **{f"a{i}.en": "uses: [EGGS]" for i in range(4)})
    found = {known.choose(replace(READER, shopper=str(i)), DAY, NEVER) for i in range(99)}
    assert len(found) == 4
    days = {known.choose(READER, date(2017, 11, day), NEVER) for day in range(1, 30)}
    assert len(days) == 4
    assert len({known.choose(READER, DAY, NEVER) for _ in range(3)}) == 1


def test_what_a_list_still_shows(tmp_path: Path) -> None:
    known = library(tmp_path, **{"a.en": "", "a.es": "", "b.zh": ""})
    assert [x.language for x in of_list(("a", "b", "gone"), known, "es-US")] == ["es"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("Soup.md", "", "Soup.md is misnamed; expected <id>.<language>.md"),
        ("soup.en.md", "Text", "soup.en.md has no head; expected `---`"),
        ("soup.en.md", "---\nkind: recipe\n---\nx", "articles/soup.en.md: `title` is missing."),
        ("soup.en.md", "---\ntitle: t\nkind: story\n---\nx", "`kind` is 'story'"),
        ("soup.en.md", "---\ntitle: t\nkind: tip\nuse: x\n---\nx", "unknown key `use`"),
        ("soup.en.md", "---\ntitle: [\n---\nx", "soup.en.md cannot be read: "),
        ("soup.en.md", "---\n- kind\n---\nx", "what it holds is ['kind']: expected keys"),
        ("soup.en.md", "---\ntitle: t\nkind: tip\nuses: 5\n---\nx", "`uses` is 5: expected a list"),
        ("soup.en.md", "---\ntitle: t\ntitle: t\n---\nx", "the key 'title' stands twice"),
        ("soup.en.md", "---\ntitle: t\nkind: tip\nclubs: ''\n---\nx", "`clubs[0]` is '': an empty"),
        ("soup.en.md", "---\nfrom: 2017-02-30\n---\nx", "cannot be read: day is out of range"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / name).write_text(text)
    with pytest.raises(ArticleError) as caught:
        Library(tmp_path)
    assert message in str(caught.value)
    assert not any(word in str(caught.value) for word in ("Head", "instance", "frozenset"))


def test_the_articles_that_come_with_promo(settings: Settings) -> None:
    shipped = Library(settings.paths.templates)
    assert len(shipped.ids) >= 8
    source = complete_journey.folder("installed")
    known = set(complete_journey.table(source, "products", None, None)["category"])
    for name in shipped.ids:
        heads = [shipped.find(name, language) for language in ("en", "es", "zh")]
        first, *others = [article.head for article in heads if article]
        assert len(others) == 2
        assert first.uses <= known - settings.categories.never_due
        for head in others:
            assert (head.uses, head.kind, head.tags) == (first.uses, first.kind, first.tags)
    kinds = {a.head.kind for a in (shipped.find(name, "en") for name in shipped.ids) if a}
    assert kinds == set(KINDS)
