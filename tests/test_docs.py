"""What the README and docs/ tell people to type: every `promo …` in them is a command there is."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from promo.cli import main

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SCRIPTS = sorted((ROOT / "scripts" / "operating").glob("*"))
INLINE = re.compile(r"`(promo [a-z][^`]*)`")
# After a prompt, a `cd … &&`, in a unit's ExecStart, with a folder before it.
TYPED = re.compile(r"(?:^|[\s/=(])(promo (?:--config \S+ )?[a-z][^#;|&\n)]*)")
ENDS = "…[]{}"  # a word that says something of this is no word to type


class Typed(NamedTuple):
    """A command, and where it is told."""

    page: str
    line: int
    words: str


def _told() -> Iterator[Typed]:
    for page in (*PAGES, *SCRIPTS):
        fenced, text = False, page.read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            fenced ^= line.startswith("```")
            code = fenced or line.startswith("    ") if page.suffix == ".md" else line[:1] != "#"
            for found in (TYPED if code else INLINE).findall(line):
                yield Typed(page.name, number, found)


def _words(typed: str) -> list[str]:
    """The words up to the first that only stands for something."""
    words = []
    for word in shlex.split(typed.replace("'", "")):
        if any(sign in word for sign in ENDS):
            break
        words.append(word)
    return words


@pytest.mark.parametrize("typed", list(_told()), ids=lambda typed: f"{typed.page}:{typed.line}")
def test_what_is_told_can_be_typed(typed: Typed) -> None:
    command: click.Command = main
    words = _words(typed.words)[1:]
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
            assert word.partition("=")[0] in known | {"--help"}, f"{typed.words}: {word}"
            takes = [each for each in command.params if word in each.opts]
            if takes and isinstance(takes[0], click.Option) and not takes[0].is_flag and words:
                words.pop(0)
        elif isinstance(command, click.Group):
            assert word in command.commands, f"{typed.words}: {word}"
            command = command.commands[word]
