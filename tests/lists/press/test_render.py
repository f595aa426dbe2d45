"""Templates: a chain's own slips are named, and no word of anybody's gets out of its place."""

import re
import shutil
from pathlib import Path

import pytest
from drafts import draft, due, offer, page, sheet
from hypothesis import given
from hypothesis import strategies as st

from promo.config import Settings
from promo.lists.press.press import Press
from promo.lists.press.render import RenderError, printable

CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
NAMES = (
    "web.html.j2",
    "web.css",
    "phone.html.j2",
    "parts/due.html.j2",
    "parts/offers.html.j2",
)
HOSTILE = [
    "<script>alert(1)</script>",
    "</style></title><img src=x onerror=alert(1)>",
    "{{ page.list_code }}{% include 'web.css' %}",
    '" onclick="alert(1)',
    "' onclick='alert(1)",
    "&lt;b&gt; & <!-- -->",
]


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Path:
    """A copy of the templates for a chain to break."""
    return Path(shutil.copytree(settings.paths.templates, tmp_path / "own"))


def house(settings: Settings, folder: Path) -> Settings:
    paths = settings.paths.model_copy(update={"templates": folder})
    return settings.model_copy(update={"paths": paths, "banner": "Fred & Co"})


def html(settings: Settings, folder: Path, **changes: object) -> str:
    press = Press(house(settings, folder))
    return press.html([press.page(sheet(draft(**changes)))], title="Lists")


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("phone.html.j2", "{{ page.nmae }}", "has no attribute 'nmae'"),
        ("phone.html.j2", "{{ baner }}", "'baner' is undefined"),
        ("phone.html.j2", "{% if page.nmae %}x{% endif %}", "has no attribute 'nmae'"),
        ("web.css", "{{ papper }}", "'papper' is undefined"),
        ("web.html.j2", "{{ titel }}", "'titel' is undefined"),
        ("phone.html.j2", "{{ page.name | shout }}", "No filter named 'shout'"),
        ("phone.html.j2", "{% if page.name %}{% endfor %}", "unknown tag 'endfor'"),
        ("phone.html.j2", "{{ page.name + 1 }}", "can only concatenate str"),
        ("phone.html.j2", "{{ 1 / 0 }}", "division by zero"),
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
        item = due(words=word, detail=word, department=word, category="COLD CEREAL")
        gift = offer(title=word, headline=word, conditions=word)
        return html(settings, settings.paths.templates, name=word, due=(item,), offers=(gift,))

    plain, found = said("x"), said(text)
    assert text not in found
    # The same tags and attributes, whatever the words.
    markup = re.compile(r"<[^<>]*?>")
    assert markup.findall(found) == markup.findall(plain)
    assert found.count(escaped(text)) == 8


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
    (own / "phone.html.j2").write_text("{{ page.name | e }}")
    assert "a&lt;b" in html(settings, own, name="a<\u202eb")


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_only_control_characters_are_taken_out(text: str) -> None:
    kept = "".join(c for c in text if c in "\n\t" or not CONTROLS.match(c))
    assert printable(text) == kept


def test_the_barcode_is_the_only_markup_let_through(settings: Settings) -> None:
    found = html(settings, settings.paths.templates)
    assert page(settings).barcode in found
    assert "Fred &amp; Co" in found


def test_pages_in_their_order(settings: Settings) -> None:
    some = [page(settings, draft(name=name)) for name in ("Zoe", "Ann", "Mia")]
    press = Press(settings)
    for found in (press.html(some, title="t"), press.print_html(some, title="t")):
        assert re.findall("Hello (Zoe|Ann|Mia)", found) == ["Zoe", "Ann", "Mia"]


@pytest.mark.parametrize(
    ("folders", "said"),
    [
        ([], ""),
        (["banners/fred-co"], "banner"),
        (["banners/fred-co", "languages/es"], "language"),
        (["banners/fred-co", "languages/es", "languages/es-us"], "language"),
        (["banners/fred-co", "languages/es", "clubs/pets"], "club"),
    ],
)
def test_the_most_special_template_is_taken(
    settings: Settings, own: Path, folders: list[str], said: str
) -> None:
    for folder in folders:
        (own / folder / "parts").mkdir(parents=True)
        words = folder.partition("s/")[0]
        (own / folder / "parts" / "due.html.j2").write_text(f"<p>own of the {words}</p>")
    found = html(settings, own, language="es", club="Cat food · Cat litter")
    assert re.findall("own of the ([a-z]+)", found) == ([said] if said else [])
    plain = html(settings, own, language="en", club="")
    assert re.findall("own of the ([a-z]+)", plain) == (["banner"] if folders else [])
