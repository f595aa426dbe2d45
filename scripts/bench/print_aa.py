"""The bar `aa`: web pages in every language against WCAG 2.2 AA, by axe-core in Chromium.

.venv/bin/python scripts/bench/print.py --only aa
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import chromium
import kit

from promo import config
from promo.config import Settings
from promo.lists.press.edge_cases import edge_cases, with_right_to_left
from promo.lists.press.press import Press
from promo.lists.sheet import Sheet

VIEWS = {
    "phone": (chromium.PHONE, False),
    "phone, dark": (chromium.PHONE, True),
    "desktop": (chromium.DESKTOP, False),
}
FEW = ("an ordinary list", "nothing at all", "all that a list may hold", "three articles")


def cases(settings: Settings, press: Press, *, quick: bool) -> Iterator[tuple[str, Sheet]]:
    """Edge cases in every language; all of them in each but where it has to be quick."""
    clubs = [club.words[0] for club in press.content.clubs]
    for tag in settings.languages:
        found = edge_cases(settings, tag, clubs, press.library.ids)
        yield from ((f"{name} ({tag})", found[name]) for name in (FEW if quick else found))


def judged(settings: Settings, *, quick: bool) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each page in each view with its violations."""
    press = Press(settings)
    with TemporaryDirectory() as folder, chromium.browser() as browser:
        file = Path(folder, "list.html")
        for name, sheet in cases(settings, press, quick=quick):
            file.write_text(press.html([press.page(sheet)], title="Your list"), encoding="utf-8")
            for view, (size, dark) in VIEWS.items():
                browser.show(file, size, dark=dark)
                yield f"{name}, {view}", browser.violations()


def _judge(*, quick: bool) -> None:
    """The bar: no violation on any page."""
    settings = with_right_to_left(config.load(kit.ROOT / "config.yaml"))
    pages, guilty = 0, 0
    for name, violations in judged(settings, quick=quick):
        pages += 1
        guilty += bool(violations)
        for found in violations:
            kit.note(f"{name}: {found['rule']}: {found['help']}: {found['nodes'][0]}")
    value = f"{guilty} of {pages}"
    kit.report("aa: pages with a violation", value, 0, ok=not guilty)


def judge() -> None:
    """All of it."""
    _judge(quick=False)


def judge_quickly() -> None:
    """Fewer."""
    _judge(quick=True)
