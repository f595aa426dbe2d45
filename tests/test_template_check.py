"""`promo templates check`: what a chain may break in its own templates is named."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from promo import config
from promo.cli import main
from promo.config import Settings
from promo.lists.press import measure
from promo.template_check import Case, Unchecked, Worker, cases, prepared

PLAIN = "an ordinary list"
WEB = ("phone.html.j2", "web.html.j2")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house's folder with templates of its own."""
    root, folder = Path(__file__).parent.parent, tmp_path_factory.mktemp("shop")
    shutil.copy(root / "config.yaml", folder)
    shutil.copytree(root / "templates", folder / "templates")
    return folder


@pytest.fixture(scope="module")
def settings_(shop: Path) -> Settings:
    return prepared(config.load(shop / "config.yaml"), None, None)


@pytest.fixture(scope="module")
def plain(settings_: Settings) -> Case:
    """An ordinary list."""
    return next(case for case in cases(settings_, None, ()) if case.name == PLAIN)


@pytest.fixture
def change(shop: Path) -> Iterator[Callable[[str, str, str], None]]:
    """Replace text in a template; undone after the test."""
    kept: dict[Path, str] = {}

    def replace(name: str, old: str, new: str) -> None:
        path = shop / "templates" / name
        text = kept.setdefault(path, path.read_text(encoding="utf-8"))
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    yield replace
    for path, text in kept.items():
        path.write_text(text, encoding="utf-8")


def found(
    settings: Settings, case: Case, folder: Path, forms: tuple[str, ...] = (), seconds: int = 10
) -> list[str]:
    with Worker(settings, folder, seconds) as worker:
        worker.forms = forms or worker.forms
        return [str(broken) for broken in worker.check(case)]


def test_the_shipped_templates_are_well(settings_: Settings, plain: Case, tmp_path: Path) -> None:
    assert found(settings_, plain, tmp_path) == []
    endings = sorted(path.suffix for path in tmp_path.iterdir())
    assert endings == [".bin", ".bin", ".eml", ".html", ".pdf", ".pdf", ".pdf"]


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("parts/offers.html.j2", "{{ apart(line.terms) }}", "{{ apart(line.tems) }}",
         "(en), sheet: The template parts/offers.html.j2, line 6 cannot be rendered: "),
        ("phone.html.j2", "<section", "{% include 'parts/nosuch.html.j2' %}<section",
         "there is no parts/nosuch.html.j2 in paths.templates"),
        ("parts/offers.html.j2", "<span>{{ apart(line.terms) }}</span>", "",
         "sheet: 'on one item.' is missing"),
        ("print.css", ".code {", ".code svg { width: 60mm; } .code {",
         "the code is not printed in its size"),
        ("print.css", ".code {", ".code { background: #888; } .code {",
         "the code is covered, cut off or pale"),
        ("print.css", ".code {", ".code { display: none; } .code {",
         "the code is not printed in its size"),
        ("print.css", "h2 {", "h2 { color: #fff; } h2 {",
         "not to be seen: covered, cut off, or in"),
        ("print.css", "h2 {", "h2 { margin-left: -12mm; } h2 {",
         "nearer than 5 mm to the paper's edge"),
        ("print.css", "h2 {", "h2 { background: url(http://127.0.0.1/x.png); } h2 {",
         "its styles fetch 'http://127.0.0.1/x.png'"),
        ("print.css", "h2 {", "article { min-height: 400mm } h2 {",
         "takes 2 pages; the layout has room for it on 1"),
        ("web.html.j2", "</body>", "<script>x()</script></body>", "html: it has a <script>"),
        ("web.html.j2", "</body>", "<img src='//a.example/p.gif'></body>",
         "<img> fetches '//a.example/p.gif'"),
    ],
)  # fmt: skip
def test_what_breaks_is_named(
    settings_: Settings, plain: Case, tmp_path: Path, change: Callable[[str, str, str], None],
    name: str, old: str, new: str, said: str,
) -> None:  # fmt: skip
    change(name, old, new)
    faults = found(settings_, plain, tmp_path, ("html" if name in WEB else "sheet",))
    assert any(said in fault for fault in faults), faults


def test_a_template_that_never_ends_is_stopped_and_named(
    settings_: Settings, plain: Case, tmp_path: Path, change: Callable[[str, str, str], None]
) -> None:
    change(
        "phone.html.j2", "<section", "{% for x in range(10 ** 12) if x < 0 %}{% endfor %}<section"
    )
    faults = found(settings_, plain, tmp_path, ("html", "receipt-80"), seconds=2)
    assert len(faults) == 1
    assert "html: the template phone.html.j2, line " in faults[0]
    assert "was not done after 2 seconds" in faults[0]


def test_the_command_says_a_fault_once(
    shop: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[str, str, str], None]
) -> None:
    settings = prepared(config.load(shop / "config.yaml"), None, None)
    few = [case for case in cases(settings, "en", ()) if case.name in (PLAIN, "a Chinese name")]
    monkeypatch.setattr("promo.template_check.cases", lambda *_: few)
    change("parts/offers.html.j2", "{{ apart(line.terms) }}", "{{ apart(line.tems) }}")
    done = CliRunner().invoke(main, ["--config", str(shop / "config.yaml"), "templates", "check"])
    assert done.exit_code == 1
    first, second, last = done.stdout.splitlines()
    assert first == ("html, sheet, mail, large: The template parts/offers.html.j2, line 6 cannot "
                     "be rendered: what stands there has no attribute 'tems'.")  # fmt: skip
    assert second == f"  in 2 cases: {few[0]}, {few[1]}"
    assert last == "2 cases in 7 formats: 1 fault, in 2 cases."
    assert re.fullmatch(r"promo=check stage=check of=2 seconds=[\d.]+\n", done.stderr)


def test_the_command(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def two(*_: object) -> list[Case]:
        return cases(settings, None, ())[:1]

    settings = prepared(config.load(shop / "config.yaml"), "Corner Shop", None)
    monkeypatch.setattr("promo.template_check.cases", two)
    words = ["--config", str(shop / "config.yaml"), "templates", "check", "--banner", "Corner Shop",
             "--output", str(tmp_path / "seen")]  # fmt: skip
    done = CliRunner().invoke(main, words)
    assert (done.exit_code, done.stdout) == (0, "1 case in 7 formats: no faults.\n")
    seen = next((tmp_path / "seen").glob("*.html")).read_text(encoding="utf-8")
    assert "Corner Shop" in seen


def test_what_is_not_there_cannot_be_checked(settings_: Settings) -> None:
    with pytest.raises(
        Unchecked, match=r"There is no language 'tlh' in `languages`; expected en, "
    ):
        prepared(settings_, None, "tlh")
    with pytest.raises(Unchecked, match=r"There is no club 'nosuch' in content\.yaml; it has "):
        cases(settings_, None, ["nosuch"])


@pytest.mark.parametrize("option", ["--banner", "--language", "--club", "--output"])
def test_an_empty_value_is_refused(shop: Path, option: str) -> None:
    words = ["--config", str(shop / "config.yaml"), "templates", "check", option, ""]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert f"Invalid value for '{option}': it is empty" in done.stderr


def test_without_the_measure_it_says_what_to_install(
    settings_: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pypdfium2", None)
    with pytest.raises(measure.NoMeasure, match=r"pip install 'promo\[check\]'"):
        prepared(settings_, None, None)


def test_cases_of_clubs_languages_and_articles(settings_: Settings) -> None:
    names = [str(case) for case in cases(settings_, None, ())]
    assert len(names) == len(set(names))
    for part in (
        "an ordinary list (es)",
        "the tier top (en)",
        "(ar)",
        "the article bean-soup (en)",
    ):
        assert any(part in name for name in names)
    assert {case.language for case in cases(settings_, "zh", ())} == {"zh"}


def test_lists_that_are_full_to_the_brim_are_checked(settings_: Settings) -> None:
    names = [case.name for case in cases(settings_, "en", ())]
    assert [name for name in names if name.endswith(": full to the brim")] == [
        "sheet: full to the brim", "mail: full to the brim", "large: full to the brim",
    ]  # fmt: skip
