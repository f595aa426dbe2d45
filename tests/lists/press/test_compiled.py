"""Templates that were compiled before: the same page, sooner; and never a stale one."""

from pathlib import Path

import pytest
from jinja2 import Environment
from jinja2.environment import Template

from promo.lists.press.render import Renderer

NAME = "say.txt.j2"


def say(templates: Path, cache: Path) -> str:
    renderer = Renderer(templates, "Main Street", cache)
    template: Template = renderer._environment(()).get_template(NAME)
    return template.render(word="<b>")


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / NAME).write_text("Say {{ word }}")
    return folder


def test_a_template_is_compiled_once(
    templates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    assert say(templates, cache) == "Say &lt;b&gt;"
    [file] = cache.iterdir()
    with monkeypatch.context() as patch:
        patch.delattr(Environment, "compile")
        assert say(templates, cache) == "Say &lt;b&gt;"
    (templates / NAME).write_text("Shout {{ word }}")
    assert say(templates, cache) == "Shout &lt;b&gt;"
    for broken in (b"", b"x" * 100, file.read_bytes()[:-20]):
        file.write_bytes(broken)
        assert say(templates, cache) == "Shout &lt;b&gt;"


def test_where_nothing_may_be_written_it_is_compiled_each_time(
    templates: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    cache.write_text("a file, not a folder")
    assert say(templates, cache) == say(templates, cache) == "Say &lt;b&gt;"
