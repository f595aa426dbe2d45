"""config.yaml: the shipped one loads, and every fault is a sentence that names the key."""

import os
import re
from datetime import date
from pathlib import Path

import pytest

from promo import config
from promo.calendar import BUCKETS, FORTNIGHT
from promo.config import ConfigError, Settings


def load(folder: Path, old: str = "", new: str = "") -> Settings:
    """The project's settings with one change."""
    path = folder / "config.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return config.load(path)


def test_the_shipped_file_loads(settings: Settings, folder: Path) -> None:
    assert settings.folder == folder
    assert settings.paths.lake == folder / "lake"
    assert settings.calendar.nights == tuple(range(FORTNIGHT))
    assert settings.lists.window_days == 14
    assert settings.database_url == f"sqlite:///{folder / 'promo.db'}"
    assert settings.in_words(125) == "$1.25"


def test_settings_are_frozen(settings: Settings) -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings.seed = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("days", "weekly", "currency", "minor"),
    [
        ("91", "25.00", "USD", 32500),
        ("7", "25.00", "USD", 2500),
        ("90", "25.00", "USD", 32143),
        ("91", "2500", "JPY", 32500),
        ("91", "7.125", "KWD", 92625),
        ("91", "0", "USD", 0),
    ],
)
def test_least_spend(folder: Path, days: str, weekly: str, currency: str, minor: int) -> None:
    load(folder, "spend_days: 91 ", f"spend_days: {days} ")
    load(folder, "min_weekly_spend: 25.00", f"min_weekly_spend: {weekly}")
    assert load(folder, "currency: USD", f"currency: {currency}").min_spend == minor


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("banner:", "baner:", "unknown key `baner`"),
        ("banner:", "baner:", "`banner` is missing"),
        ("late_days:", "late_day:", r"unknown key `ingest\.late_day`"),
        ("late_days:", "late_day:", r"`ingest\.late_days` is missing"),
        ("seed: 1", "folder: /", "unknown key `folder`"),
        ("today: null", "today: 2017-02-30", "no YAML file: day is out of range for month"),
        ("seed: 1", "1: 2", r"`(1|\[1\])`.*expected a key that is text"),
        ("margin:", "margins:", "`margin` is missing"),
        ("currency: USD", "currency: USX", r"`currency` is 'USX': .*ISO 4217"),
        ("currency: USD", "currency: usd", "`currency` is 'usd': expected"),
        ("cp437: 0", "utf-8: 0", r"code_pages.*: expected a table of 256 characters"),
        ("cp437: 0", "cp864: 0", r"code_pages.*: expected a table of 256 characters"),
        ("cp437: 0", "cp999: 0", r"code_pages.*: expected a table of 256 characters"),
        ("cp437: 0", "cp437: 256", r"`receipt\.code_pages\.cp437` is 256"),
        ("{80: 576", "{80: 570", r"`receipt\.dots\[80\]` is 570: .*multiple of 8"),
        ("cjk: raster", "cjk: big5", r"`receipt\.cjk` is 'big5'"),
        ("sender: lists@example.com", "sender: lists", r"`email\.sender` is 'lists': expected"),
        (
            "sender: lists@example.com",
            "sender: 'a@[127.0.0.1]'",
            r"`email\.sender` is .*: expected",
        ),
        ("unsubscribe: null", "unsubscribe: a@b", r"`email\.unsubscribe` is 'a@b': expected"),
        ("locale: en_US", "locale: xx_YY", "`locale` is 'xx_YY': expected a locale such as"),
        ("time_zone: America/New_York", "time_zone: Mars/One", "'Mars/One': expected a time zone"),
        ("time_zone: America/New_York", "time_zone: /etc", "`time_zone` is '/etc': expected"),
        ("today: null", "today: soon", "`today` is 'soon': expected a day such as"),
        ("seed: 1", "seed: one", "`seed` is 'one': expected a whole number"),
        ("state: .", "state:", r"`paths\.state` is None: .*path"),
        ("nights: [0,", "nights: [1,", r"`calendar\.nights` is \[1, 1, .*rise and not repeat"),
        ("12, 13]", "12, 14]", r"`calendar\.nights\[13\]` is 14: expected a number below 14"),
        (
            "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]",
            "[]",
            r"`calendar\.nights` is \[\]: .*at least 1",
        ),
        ("max_reject_rate: 0.02", "max_reject_rate: 2", r"`ingest\.max_reject_rate` is 2: .* 1"),
        ("symbology: gs1-128", "symbology: pdf417", r"`lists\.symbology` is 'pdf417': .*'qr-link'"),
        ("symbology: gs1-128", "symbology: qr-link", "'qr-link' needs a link_host such as"),
        ("symbology: gs1-128", "symbology: ean-13", "'ean-13' needs an ean_prefix: 02, 04 or 20"),
        ("link_host: null", "link_host: https://a.b/", r"'https://a\.b/': expected a host such as"),
        (
            "ean_prefix: null",
            'ean_prefix: "30"',
            r"`lists\.ean_prefix` is '30': expected one of 02",
        ),
        ("ean_prefix: null", "ean_prefix: 20", r"`lists\.ean_prefix` is 20: expected text"),
        ("matrix_mm: 0.60", "matrix_mm: 0.39", r"`lists\.matrix_mm` is 0\.39: .*0\.4"),
        ("max_amount: 10000.00", "max_amount: many", r"`ingest\.max_amount` is 'many'"),
        ("max_amount: 10000.00", "max_amount: 10.001", r"ingest\.max_amount: '10.001' .*2 decimal"),
        ("max_amount: 10000.00", "max_amount: .inf", r"`ingest\.max_amount` is inf: .*finite"),
        ("late_days: 28", "late_days: -1", r"`ingest\.late_days` is -1: .*0"),
        ("keep_days: 364", "keep_days: 60", "keep_days 60 .*not be below .*spend_days 91"),
        ("way: kiosk", "way: foot", "`delivery`: way 'foot' has no entry in lead_days"),
        ("mail: 5", "mail: 50", r"`delivery\.lead_days\.mail` is 50: .*28"),
        ("paper: Letter", "paper: A5", r"`lists\.paper` is 'A5': expected A4 or Letter"),
        ('"9501101530003"', '"٩501101530003"', r"`lists\.document_type` is .*expected 13 digits"),
        ("module_mm: 0.40", "module_mm: 0.33", r"`lists\.module_mm` is 0.33: .*0.4"),
        ("document_type: ", "document_type: 1 #", r"`lists\.document_type` is 1: expected text"),
        ("top: 0.025", "top: 0.5", r"tiers .*0\.5.* top's share the smaller"),
        ("heavy_share: 0.20", "heavy_share: 0.60", "medium_share 0.5 .*not below heavy_share 0.6"),
        ("loyal_share: 0.70", "loyal_share: 0.5", r"`segments\.loyal_share` is 0.5: .* above"),
        ("hysteresis: 0.15", "hysteresis: 1", r"`segments\.hysteresis` is 1: .* below 1"),
        ("number: 12", "number: 1", r"`clubs\.number` is 1: .*2"),
        ("big_basket: 60.00", "big_basket: 60.001", r"states\.big_basket: '60.001' .*2 decimals"),
        ("change: 0.25", "change: 25", r"`states\.change` is 25: .* 1"),
        ("worse_by: 0.001", "worse_by: -0.001", r"`models\.worse_by` is -0.001: .*0"),
        ("watch_tolerance: 0.03", "watch_tolerance: 3", r"`models\.watch_tolerance` is 3: .* 1"),
        ("watch_errors: 3", "watch_errors: -1", r"`models\.watch_errors` is -1: .*0"),
        ("worse_by:", "worst_by:", r"unknown key `models\.worst_by`"),
        ("by_category: {}", "by_category: {X: 3}", r"`margin\.by_category\.X` is 3: .* 1"),
        ("anyway_odds: 5.0", "anyway_odds: 0.5", r"`response\.anyway_odds` is 0.5: .*1"),
        ("kept: 0.5", "kept: 2", r"`response\.kept` is 2: .*1"),
        ("discovery_candidates: 8", "discovery_candidates: 41", "41 are part .* more than 40"),
        ("    trial: {", "    try: {", "weights must be those of retain, convert"),
        ("subsidy: 1.0", "subsidy: -1", r"`response\.weights\.trial\.subsidy` is -1: .*0"),
        ("stores: all ", "stores: [1, 2] ", r"`night\.stores` is \[1, 2\]: expected all, or store"),
        ("stores: all ", "stores: some ", r"`night\.stores` is 'some': expected all, or store ids"),
        (
            "closed: {}",
            "closed: {all: [sunday]}",
            r"`night\.closed\.all` is .*weekdays such as sun",
        ),
        ('wait_until: "04:00"', "wait_until: 16:00", r"`night\.wait_until` is 960: .*in quotes"),
        ('wait_until: "04:00"', 'wait_until: "24:00"', r"`night\.wait_until` is '24:00': expected"),
        ("look_every_seconds: 60", "look_every_seconds: 0", r"look_every_seconds` is 0: .*1"),
        ("missing: go_on", "missing: hope", r"`night\.missing` is 'hope': .*'go_on' or 'stop'"),
        ("most_missing: 0.50", "most_missing: 5", r"`night\.most_missing` is 5: .* 1"),
        (
            "{look: 0.10, act: 0.03}",
            "{look: 0.1, act: 0.2}",
            "act 0.2 comes after look 0.1: not ab",
        ),
        ("mail_to: []", "mail_to: [cron]", r"`status\.mail_to\[0\]` is 'cron': .* an address"),
        ("banner: Main", "banner: [Main", "no YAML file"),
    ],
)
def test_a_fault_is_a_sentence(folder: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load(folder, old, new)
    assert "config.yaml" in str(caught.value)


def test_every_fault_is_told_at_once(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(folder, "seed: 1", "seed: x\nsed: 1\nlooks: 1")
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no settings file .*config.yaml"),
        (b"", "holds None; expected sections"),
        (b"- 1\n", r"holds \[1\]; expected sections"),
        (b"banner: \xff\n", "no YAML file"),
    ],
)
def test_no_settings(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "config.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        config.load(path)


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        config.load(tmp_path)


@pytest.mark.parametrize(
    ("environment", "file", "secret"),
    [
        (None, None, None),
        (None, "from the file", "from the file"),
        ("from outside", "from the file", "from outside"),
        ("from outside", None, "from outside"),
        ("", "from the file", "from the file"),
    ],
)
def test_a_secret_comes_from_the_environment_before_the_file(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    environment: str | None,
    file: str | None,
    secret: str | None,
) -> None:
    if environment is not None:
        monkeypatch.setenv("PROMO_TEST_SECRET", environment)
    if file is not None:
        (settings.folder / "test.secret").write_text(file, encoding="utf-8")
    assert settings.secret("PROMO_TEST_SECRET", "test.secret") == secret


def test_a_secret_that_is_no_text(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    path = settings.folder / "test.secret"
    path.write_bytes(b"hush \xff hush")
    expected = " is no text: what stands at place 6 is not UTF-8; expected a secret"
    with pytest.raises(ConfigError, match=re.escape(f"{path}{expected}")) as found:
        settings.secret("PROMO_TEST_SECRET", "test.secret")
    assert "hush" not in str(found.value)
    monkeypatch.setitem(os.environb, b"PROMO_TEST_SECRET", b"hush \xff hush")
    with pytest.raises(ConfigError, match=re.escape(f"PROMO_TEST_SECRET{expected}")) as found:
        settings.secret("PROMO_TEST_SECRET", "test.secret")
    assert "hush" not in str(found.value)


def test_the_database_url_is_a_secret(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (settings.folder / "database.url").write_text("postgresql://file/a\n", encoding="utf-8")
    assert settings.database_url == "postgresql://file/a"
    monkeypatch.setenv("PROMO_DATABASE_URL", "postgresql://outside/b")
    assert settings.database_url == "postgresql://outside/b"


@pytest.mark.parametrize("way", ["kiosk", "email", "mail"])
def test_the_way_of_delivery_moves_the_window(folder: Path, way: str) -> None:
    settings = load(folder, "way: kiosk", f"way: {way}")
    found = settings.window(date(2017, 11, 6))
    assert found.first == date(2017, 11, 11 if way == "mail" else 6)
    assert found.days == 14


def test_the_wave_of_a_night(folder: Path) -> None:
    first, second = date(2017, 1, 2), date(2017, 1, 3)
    settings = load(folder, "nights: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]", "nights: [0]")
    assert len(settings.wave(first).buckets) == BUCKETS
    assert settings.wave(second).number is None


def test_a_fixed_day_is_today(folder: Path) -> None:
    assert load(folder, "today: null", "today: 2017-11-06").current_day() == date(2017, 11, 6)


def test_some_things_are_never_said(settings: Settings) -> None:
    found = settings.categories
    assert {"PHARMACY", "LIQUOR"} <= found.never_said
    assert "FUEL" not in found.never_said
    assert {"PHARMACY", "LIQUOR", "FUEL", "COUPON"} <= found.never_due


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("banner: A\nlists: {paper: A4,\n  paper: Letter}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="the key 'paper' stands twice in what begins on line 2"):
        config.load(path)
