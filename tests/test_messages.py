"""The shipped catalogues: complete, true to the messages' placeholders, and up to date."""

from pathlib import Path

import messages
import pytest
from babel.messages.catalog import Catalog, Message

from promo import translations

CATALOGUES = sorted((messages.ROOT / "promo" / "locale").glob("*/promo.po"))
USED = messages.extracted()


def forms(text: object) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(map(str, text))  # type: ignore[call-overload]


def said(message: Message) -> tuple[str, ...]:
    return forms(message.string or "")


def test_all_languages_are_there() -> None:
    assert [path.parent.name for path in CATALOGUES] == ["es", "zh"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.name)
def test_every_message_is_translated(path: Path) -> None:
    catalogue = translations.read(path)
    for message in catalogue:
        if message.id:
            assert not message.fuzzy, message.id
            assert all(said(message)), message.id
            if not isinstance(message.id, str):
                assert len(said(message)) == catalogue.num_plurals, message.id


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.name)
def test_translations_have_the_placeholders_of_their_messages(path: Path) -> None:
    for message in translations.read(path):
        if message.id:
            wanted = translations.placeholders(forms(message.id)[-1])
            for form in said(message):
                found = translations.placeholders(form)
                # "once" may do without a number where one form means exactly one.
                assert found | {"count"} == wanted | {"count"}, form


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.name)
def test_the_catalogue_is_up_to_date(path: Path) -> None:
    assert messages.updated(path, USED) == path.read_text(encoding="utf-8"), "run scripts/messages"


def test_what_a_message_is() -> None:
    python = """
language.text("Your offers", name="x")
self.language.many("{count} offer", "{count} offers", 2)
text("No offers")
TITLES = (noted("New for you"),)
renderer.text("a.html")
"""
    found = [("text", ("Your offers",)), ("many", ("{count} offer", "{count} offers", 2)),
             ("text", ("No offers",)), ("noted", ("New for you",))]  # fmt: skip
    assert sorted(messages.in_python(python)) == sorted(found)
    assert list(messages.in_python(f"from sqlalchemy import text\n{python}")) == []
    template = '{{ _("Your offers") }}{% if language.text("No offers") %}{% endif %}'
    assert sorted(messages.in_template(template)) == [
        ("_", ("Your offers",)), ("text", ("No offers",)),
    ]  # fmt: skip


def test_what_is_gone_is_left_out_and_what_is_new_is_not_guessed(tmp_path: Path) -> None:
    file = tmp_path / "es" / "promo.po"
    file.parent.mkdir()
    head = '# Mine.\nmsgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    file.write_text(
        f'{head}msgid "gone"\nmsgstr "ido"\n\nmsgid "kept"\nmsgstr "queda"\n', encoding="utf-8"
    )
    wanted = Catalog()
    for text in ("kept", "new kept"):
        wanted.add(text)
    made = messages.updated(file, wanted)
    assert made.startswith('# Mine.\nmsgid ""\n')
    assert 'msgid "kept"\nmsgstr "queda"' in made
    assert 'msgid "new kept"\nmsgstr ""' in made
    assert "gone" not in made
