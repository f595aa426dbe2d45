"""Templates: a chain's own slips are named, and no word of anybody's gets out of its place."""

import re
import shutil
from pathlib import Path

import pytest
from drafts import draft, due, offer, page

from promo.config import Settings
from promo.lists.press.render import Renderer, RenderError

NAMES = ("lists.html.j2", "list.html.j2", "list.css")
HOSTILE = [
    "<script>alert(1)</script>",
    "</style></title><img src=x onerror=alert(1)>",
    "{{ page.list_code }}{% include 'list.css' %}",
    '" onclick="alert(1)',
    "' onclick='alert(1)",
    "&lt;b&gt; & <!-- -->",
]


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Path:
    """A copy of the templates for a chain to break."""
    folder = tmp_path / "own"
    folder.mkdir()
    for name in NAMES:
        shutil.copy(settings.paths.templates / name, folder / name)
    return folder


def html(settings: Settings, folder: Path, **changes: object) -> str:
    made = page(settings, draft(**changes))
    return Renderer(folder).html([made], banner="Fred & Co", paper="Letter", title="Lists")


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("list.html.j2", "{{ page.nmae }}", "has no attribute 'nmae'"),
        ("list.html.j2", "{{ baner }}", "'baner' is undefined"),
        ("list.html.j2", "{% if page.nmae %}x{% endif %}", "has no attribute 'nmae'"),
        ("list.css", "{{ papper }}", "'papper' is undefined"),
        ("lists.html.j2", "{{ titel }}", "'titel' is undefined"),
        ("list.html.j2", "{{ page.name | shout }}", "No filter named 'shout'"),
        ("list.html.j2", "{% if page.name %}{% endfor %}", "unknown tag 'endfor'"),
        ("list.html.j2", "{{ page.name + 1 }}", "can only concatenate str"),
        ("list.html.j2", "{{ 1 / 0 }}", "division by zero"),
    ],
)
def test_a_slip_in_a_template_is_named(
    settings: Settings, own: Path, name: str, line: str, message: str
) -> None:
    lines = (own / name).read_text().splitlines()
    (own / name).write_text("\n".join([*lines[:4], line, *lines[4:]]))
    with pytest.raises(RenderError) as caught:
        html(settings, own)
    assert str(caught.value).startswith(f"The template {name}, line 5 cannot be rendered: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_that_is_not_there(settings: Settings, own: Path, name: str) -> None:
    (own / name).unlink()
    with pytest.raises(RenderError, match=rf"there is no {name} in paths\.templates\.$"):
        html(settings, own)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words(settings: Settings, text: str) -> None:
    def said(word: str) -> str:
        item = due(words=word, detail=word, department=word)
        parts = {"name": word, "language": word, "due": (item,), "offers": (offer(title=word),)}
        return html(settings, settings.paths.templates, **parts)

    plain, found = said("x"), said(text)
    assert text not in found
    # The same tags and attributes, whatever the words.
    markup = re.compile(r"<[^<>]*?>")
    without = [re.sub('lang="[^"]*"| class="long"', "", tag) for tag in markup.findall(found)]
    assert without == [re.sub('lang="[^"]*"', "", tag) for tag in markup.findall(plain)]
    assert found.count(escaped(text)) == 6


def escaped(text: str) -> str:
    for character, entity in zip("&<>\"'", ("amp", "lt", "gt", "#34", "#39"), strict=True):
        text = text.replace(character, f"&{entity};")
    return text


@pytest.mark.parametrize(
    "character",
    ["\0", "\x07", "\x1b", "\x7f", "\x85", "\x9b", "\u202a", "\u202b", "\u202c", "\u202d",
     "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"],
)  # fmt: skip
def test_control_and_bidi_characters_are_not_printed(settings: Settings, character: str) -> None:
    word = f"ab{character}cd"
    found = html(settings, settings.paths.templates, name=word, offers=(offer(title=word),))
    assert character not in found
    assert found.count("abcd") == 2


def test_also_not_past_an_escape_filter(settings: Settings, own: Path) -> None:
    (own / "list.html.j2").write_text("{{ page.name | e }}")
    assert "<" not in html(settings, own, name="a<\u202eb").split("<body>")[1].split("</body>")[0]
    assert "a&lt;b" in html(settings, own, name="a<\u202eb")


def test_the_barcode_is_the_only_markup_let_through(settings: Settings) -> None:
    found = html(settings, settings.paths.templates)
    assert page(settings).barcode in found
    assert "Fred &amp; Co" in found


def test_pages_in_their_order(settings: Settings) -> None:
    some = [page(settings, draft(name=name)) for name in ("Zoe", "Ann", "Mia")]
    found = Renderer(settings.paths.templates).html(some, banner="b", paper="A4", title="t")
    assert re.findall("For (Zoe|Ann|Mia)", found) == ["Zoe", "Ann", "Mia"]
    assert "size: A4" in found
