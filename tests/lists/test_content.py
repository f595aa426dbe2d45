"""What a chain says to clubs and tiers."""

from pathlib import Path

import pytest

from promo.config import Settings
from promo.lists.content import Content, ContentError, content


def test_clubs_and_services_that_come_with_promo(settings: Settings) -> None:
    found = content(settings.paths.templates)
    for name, club in (("Cat food · Cat litter", "pets"), ("Diapers · Baby toiletries", "baby")):
        known = found.club(name)
        assert known
        assert known.id == club
        assert set(known.heading) == {"en", "es", "zh"}
    assert found.club("") is None
    assert found.club("Bicycles") is None
    assert len(found.services_of("top", "zh-Hans")) == 2
    assert found.services_of("base", "en") == found.services_of("top", "fr") == ()


def test_a_chain_without_content(tmp_path: Path) -> None:
    assert content(tmp_path) == Content()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clubs: [{id: a, heading: {en: x}}]", "content.yaml: `clubs[0].words` is missing."),
        ("club: []", "content.yaml: unknown key `club`."),
        ("services: [{text: x}]", "content.yaml: `services[0].text` is 'x'"),
        ("clubs: [", "cannot be read"),
        ("5", "content.yaml: what it holds is 5: expected keys with values, as in `key: value`."),
        ("[]", "content.yaml: what it holds is []: expected keys with values"),
        ("clubs: a", "content.yaml: `clubs` is 'a': expected a list, as in [this, that]."),
        ("clubs: [5]", "content.yaml: `clubs[0]` is 5: expected keys with values"),
        (
            "clubs: [{id: a, words: b, heading: {en: x}}]",
            "`clubs[0].words` is 'b': expected a list",
        ),
        (
            "clubs: [{id: a, words: [], heading: {en: x}}]",
            "`clubs[0].words` is []: expected at least 1",
        ),
        ("clubs: []\nclubs: []", "the key 'clubs' stands twice"),
        ("clubs: 2017-99-99", "cannot be read: month must be in 1..12"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "content.yaml").write_text(text)
    with pytest.raises(ContentError) as caught:
        content(tmp_path)
    assert message in str(caught.value)
    for word in ("_File", "Tuple", "tuple", "dictionary", "instance", "frozenset", "the file"):
        assert word not in str(caught.value)


@pytest.mark.parametrize("words", ['[""]', '["  "]', '[pets, ""]'])
def test_an_empty_word_is_refused(tmp_path: Path, words: str) -> None:
    """It would stand in every club's name, and this club be everybody's."""
    (tmp_path / "content.yaml").write_text(f"clubs: [{{id: a, words: {words}, heading: {{}}}}]")
    with pytest.raises(ContentError, match="an empty word") as caught:
        content(tmp_path)
    place = 1 if "pets" in words else 0
    assert str(caught.value).startswith(f"content.yaml: `clubs[0].words[{place}]` is '")
    assert str(caught.value).endswith("an empty word stands in every club's name; expected a word, "
                                      "or none.")  # fmt: skip
    assert "\n" not in str(caught.value)
