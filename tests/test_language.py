"""Languages: which a household gets, and how it writes money, days, numbers and weights."""

import pickle
from datetime import date, time
from pathlib import Path
from typing import Literal

import pytest

from promo.config import load
from promo.errors import Sentence
from promo.language import Language, Languages

ROOT = Path(__file__).parent.parent
LOCALES = {"en": "en_US", "es": "es_US", "zh": "zh_Hans", "zh-Hant": "zh_Hant_TW", "ar": "ar"}
FIRST, LAST = date(2017, 11, 6), date(2017, 11, 19)
PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'


def languages(home: str = "en_US", currency: str = "USD", folder: Path | None = None) -> Languages:
    return Languages(home, currency, LOCALES, folder)


@pytest.mark.parametrize(
    ("tag", "name", "shown"),
    [
        ("en", "en", "en-US"), ("es", "es", "es-US"), ("es-MX", "es", "es-US"),
        ("ES_mx", "es", "es-US"), ("zh", "zh", "zh-Hans"), ("zh-Hans-CN", "zh", "zh-Hans"),
        ("zh-Hant", "zh-Hant", "zh-Hant-TW"), ("fr", "en", "en-US"), ("", "en", "en-US"),
    ],
)  # fmt: skip
def test_a_household_gets_the_nearest_language(tag: str, name: str, shown: str) -> None:
    found = languages()
    assert (found[tag].name, found[tag].tag) == (name, shown)
    assert found[tag] is found[tag]


def test_an_unknown_language_gets_the_chains_own() -> None:
    assert languages("es_MX")["fr"].name == "es"
    german = languages("de_DE")["fr"]
    assert (german.tag, german.text("once")) == ("de-DE", "once")
    assert german.money(125) == "1,25\N{NO-BREAK SPACE}$"


def test_the_shipped_settings_name_their_languages() -> None:
    found = Languages.of(load(ROOT / "config.yaml"))
    assert [found[tag].text("once") for tag in ("en", "es", "zh")] == [
        "once", "una sola vez", "限用1次",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("home", "currency", "tag", "words"),
    [
        ("en_US", "USD", "en", "$1,250.00"),
        ("en_US", "USD", "es", "$1,250.00"),
        ("en_US", "USD", "zh", "$1,250.00"),
        ("en_US", "USD", "ar", "\u200f1,250.00\xa0$"),
        ("en_US", "CAD", "zh", "CA$1,250.00"),  # not of the territory: its full name
        ("en", "USD", "zh", "US$1,250.00"),  # no territory
        ("es_MX", "MXN", "en", "$1,250.00"),
        ("pl_PL", "PLN", "es", "zł1,250.00"),
        ("ja_JP", "JPY", "en", "￥125,000"),
        ("en_US", "JPY", "en", "¥125,000"),
        ("ar_KW", "KWD", "en", "KWD125.000"),  # letters that its reader may not know
        ("ar_KW", "KWD", "ar", "\u200f125.000\xa0د.ك.\u200f"),
    ],
)
def test_money_as_on_the_shelf_tags(home: str, currency: str, tag: str, words: str) -> None:
    assert languages(home, currency)[tag].money(125_000) == words


@pytest.mark.parametrize(
    ("tag", "day", "short", "span", "years", "clock"),
    [
        ("en", "Sun, Nov 19, 2017", "Nov 19", "Nov 6 – 19", "Dec 28 – Jan 10", "4:00 PM"),
        ("es", "dom, 19 de nov de 2017", "19 nov", "6–19 de nov", "28 de dic – 10 de ene",
         "4:00 p.m."),
        ("zh", "2017年11月19日周日", "11月19日", "11月6日至19日", "12月28日至1月10日", "16:00"),
        ("ar", "الأحد، 19 نوفمبر 2017", "19 نوفمبر", "6–19 نوفمبر", "28 ديسمبر – 10 يناير",
         "4:00 م"),
    ],
)  # fmt: skip
def test_days(tag: str, day: str, short: str, span: str, years: str, clock: str) -> None:
    language = languages()[tag]
    said = (
        language.short_day(LAST), language.span(FIRST, LAST),
        language.span(date(2017, 12, 28), date(2018, 1, 10)), language.clock(time(16)),
    )  # fmt: skip
    assert language.day(LAST) == day
    assert not any(" " in part for part in said)
    assert [part.replace("\xa0", " ") for part in said] == [short, span, years, clock]
    assert language.span(LAST, LAST) == language.short_day(LAST)


@pytest.mark.parametrize(
    ("tag", "number", "percent", "weight", "both", "either", "direction"),
    [
        ("en", "1,500", "12.5%", "1.5\xa0lb", "A, B, and C", "A or B", "ltr"),
        ("es", "1,500", "12.5%", "1.5\xa0lb", "A, B y C", "A o B", "ltr"),
        ("zh", "1,500", "12.5%", "1.5\xa0lb", "A、B和C", "A或B", "ltr"),
        ("ar", "1,500", "12.5%", "1.5\xa0رطل", "A وB وC", "A أو B", "rtl"),
    ],
)  # fmt: skip
def test_numbers_and_rows(
    tag: str, number: str, percent: str, weight: str, both: str, either: str,
    direction: str,
) -> None:  # fmt: skip
    language = languages()[tag]
    assert language.number(1500) == number
    assert language.percent(1250).replace("\u200e", "") == percent
    assert language.weight(1500, "lb") == weight
    assert language.listed(["A", "B", "C"]) == both
    assert language.listed(["A", "B"], "or") == either
    assert language.direction == direction


@pytest.mark.parametrize(
    ("items", "joined", "said"),
    [
        (["pan", "hielo"], "and", "pan y hielo"), (["pan", "hinojo"], "and", "pan e hinojo"),
        (["pan", "té", "Ibuprofeno"], "and", "pan, té e Ibuprofeno"),
        (["pan", "ollas"], "or", "pan u ollas"), (["pan", "Hongos"], "or", "pan u Hongos"),
        (["pan", "uvas"], "or", "pan o uvas"), (["pan"], "or", "pan"), ([], "or", ""),
    ],
)  # fmt: skip
def test_spanish_does_not_say_a_sound_twice(
    items: list[str], joined: Literal["and", "or"], said: str
) -> None:
    assert languages()["es"].listed(items, joined) == said


def test_a_chains_own_words_go_over_ours(tmp_path: Path) -> None:
    own = PO + 'msgid "once"\nmsgstr "una vez"\n\nmsgid "Hi {name}"\nmsgstr "Hola {name}"\n'
    (tmp_path / "locale").mkdir()
    (tmp_path / "locale" / "es.po").write_text(own, encoding="utf-8")
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "es.yaml").write_text(
        "words: {Bread: Pan}\nsizes: {oz: onzas}\n", encoding="utf-8"
    )
    language = languages(folder=tmp_path)["es-MX"]
    assert language.text("once") == "una vez"
    assert language.text("Hi {name}", name="{x}") == "Hola {x}"
    assert [language.word(word) for word in ("Bread", "bread", "Jam")] == [
        "Pan", "pan", "Jam",
    ]  # fmt: skip
    assert language.size("12 x 12 oz, ozone") == "12\xa0x 12\xa0onzas, ozone"
    assert language.title("Bread", {"es": "Pan"}) == "Pan"
    assert language.title("Bread", {"zh": "面包"}) == "Bread"


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ('msgid "Hi {name}"\nmsgstr "Hola {nombre}"\n', "has {nombre}; expected {name}"),
        ('msgid "Hi"\nmsgstr "Hola {name}"\n', "has {name}; expected no placeholder"),
        ('msgid "Hi {name}"\nmsgstr "Hola {name"\n', "is broken"),
        ('msgid "Hi {name}"\nmsgstr "Hola {name.x}"\n', "is no plain name in braces"),
        ('msgid "Hi {name}"\nmsgstr "Hola {}"\n', "is no plain name in braces"),
        ("msgid Hi\n", "is no catalogue of messages"),
        (
            'msgid ""\nmsgstr "Content-Type: text/plain; charset=bogus\\n"\n',
            "is no catalogue of messages",
        ),
    ],
)
def test_a_broken_catalogue_is_named(tmp_path: Path, message: str, fault: str) -> None:
    (tmp_path / "locale").mkdir()
    (tmp_path / "locale" / "es.po").write_text(PO + message, encoding="utf-8")
    with pytest.raises(Sentence, match=r"es\.po") as caught:
        languages(folder=tmp_path)["es"].text("Hi {name}", name="x")
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- Bread\n", "holds ['Bread']; expected the sections"),
        ("Bread: Pan\n", "holds ['Bread']; expected the sections"),
        ("words: [Pan]\n", "`words` is ['Pan']; expected lines such as"),
        ("words: {Bread: [Pan]}\n", "`words`: 'Bread' is ['Pan']"),
        ("sizes: {oz: ''}\n", "`sizes`: 'oz' is ''"), ("{", "is no YAML file"),
    ],
)  # fmt: skip
def test_broken_words_are_named(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "es.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Sentence, match=r"es\.yaml") as caught:
        languages(folder=tmp_path)["es"].word("Bread")
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("languages: {en: en_XX_Y}", "expected a locale"),
        ("languages: {english: en_US}", "expected language tags such as es or zh-Hans"),
        ("languages: {es: en_US}", "expected a locale of the language es, not en_US"),
    ],
)
def test_languages_in_the_settings(tmp_path: Path, line: str, fault: str) -> None:
    lines = (ROOT / "config.yaml").read_text(encoding="utf-8").splitlines()
    kept = [line if each.startswith("languages:") else each for each in lines]
    (tmp_path / "config.yaml").write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(Sentence, match=r"config\.yaml: `languages") as caught:
        load(tmp_path / "config.yaml")
    assert fault in str(caught.value)


def test_a_language_is_the_same_in_every_process() -> None:
    language = Language("es", "es_US")
    again = pickle.loads(pickle.dumps(language))
    assert again == language
    counts = (1, 2, 1500)
    said = [again.many("{count} point", "{count} points", count) for count in counts]
    assert said == ["1 punto", "2 puntos", "1,500 puntos"]
