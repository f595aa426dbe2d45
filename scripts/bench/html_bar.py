"""HTML of 1,000 lists, from stored lists to a file, against the template engine's own speed.

The bare side is Jinja2 as anybody would call it, and nothing of the press: an Environment of its
own on the same template files, strict and autoescaping, compiled once and never reloaded; one
`render` of the list's template for each page, the renders joined, one `render` of the document's
template around them. Pages are ready, their strings the press's. It makes the very same document,
or the bench stops. What the press does besides (view model, barcodes, phrases, folders of a club
or a language, control characters, the file flushed to disk) is its own to pay.

Both by processor time in one process, in turns, after one run of each; what was there before is
kept from the garbage collector, which would otherwise count the bench's own lists.
"""

import gc
import statistics
import tempfile
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from kit import note, report
from markupsafe import Markup
from print_house import NIGHT, house, read, seconds

from promo.config import Settings
from promo.lists.press.formats import FORMATS, Heading
from promo.lists.press.page import Page
from promo.lists.press.press import Press
from promo.lists.press.render import BOX, LIST, speaker

LIMIT = 0.8


def judge() -> None:
    """1,000 lists, 25 times."""
    _measure(lists=1000, rounds=25)


def judge_quickly() -> None:
    """200 lists, 15 times."""
    _measure(lists=200, rounds=15)


class Bare:
    """Jinja2 alone."""

    def __init__(self, settings: Settings) -> None:
        self.banner = settings.banner
        environment = Environment(
            loader=FileSystemLoader(settings.paths.templates), undefined=StrictUndefined,
            autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False,
        )  # fmt: skip
        self.list = environment.get_template(LIST["web"])
        self.document = environment.get_template("web.html.j2")

    def html(self, pages: list[Page], title: str) -> str:
        """The document of ready pages."""
        render, box, banner = self.list.render, BOX["web"], self.banner
        body = Markup("".join([
            render(page=page, _=speaker(page.tongue), banner=banner, box=box) for page in pages
        ]))  # fmt: skip
        language = pages[0].language
        return self.document.render(body=body, title=title, banner=banner, language=language)


def _measure(*, lists: int, rounds: int) -> None:
    note(f"html: {lists} lists, {rounds} times")
    with house(lists) as (shop, found), tempfile.TemporaryDirectory() as folder:
        press, bare, sheets = Press(shop.settings), Bare(shop.settings), read(shop, found)
        heading, out = Heading("Bench", NIGHT), Path(folder) / "lists.html"
        ready = [press.page(sheet) for sheet in sheets]
        FORMATS["html"].write(iter(sheets), out, press, heading)
        if out.read_text(encoding="utf-8") != bare.html(ready, "Bench"):
            raise SystemExit("bench: the press's document is another than the bare one")
        gc.collect()
        gc.freeze()
        own, engine, drawn = [], [], []
        for _ in range(rounds):
            own.append(seconds(lambda: FORMATS["html"].write(iter(sheets), out, press, heading)))
            engine.append(seconds(lambda: bare.html(ready, "Bench")))
            drawn.append(seconds(lambda: press.html(ready, title="Bench")))
        gc.unfreeze()
    _say("from stored lists to a file", engine, own, LIMIT)
    _say("from ready pages", engine, drawn, None)


def _say(what: str, bare: list[float], own: list[float], limit: float | None) -> None:
    value = statistics.median(b / o for b, o in zip(bare, own, strict=True))
    bar = f"html: speed to the template engine's own on the bare template, {what}"
    report(bar, round(value, 3), limit, ok=None if limit is None else value >= limit)
