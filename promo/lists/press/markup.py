"""What is wrong with an HTML document before anybody looks at it: fetches, scripts, lost words."""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

from promo.lists.press.faults import joined

MOST_CHARACTERS = 2_000_000
FETCHING = {"src", "srcset", "poster", "data", "background", "formaction", "action"}
LINKING = {"link", "use", "image", "feimage", "base"}  # href of these is fetched; of `a` it is not
OWN = ("data:", "#", "cid:", "promo-font:")
IN_STYLES = re.compile(r"url\(\s*['\"]?([^'\")]*)|@import\s+['\"]?([^'\";]*)", re.IGNORECASE)
SILENT = {"style", "script", "title", "template"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
        "track", "wbr"}  # fmt: skip


class _Reader(HTMLParser):
    """Collects a document's words, what it fetches and runs, and elements left open."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.faults: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("script", "iframe", "object", "embed", "form"):
            self.faults.append(f"it has a <{tag}>, which a list may not have")
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on"):
            self.faults.append(f"<{tag}> has {name}={value[:60]!r}, which would run as a script")
        fetches = name in FETCHING or (name in ("href", "xlink:href") and tag in LINKING)
        if fetches and not value.startswith(OWN):
            self.faults.append(f"<{tag}> fetches {value[:80]!r}; lists fetch nothing")
        if name == "href" and value.strip().lower().startswith("javascript:"):
            self.faults.append(f"<{tag}> runs {value[:60]!r}")
        if name == "style":
            self._style(value)

    def _style(self, text: str) -> None:
        for match in IN_STYLES.finditer(text):
            url = (match[1] or match[2] or "").strip()
            if not url.startswith(OWN):
                self.faults.append(f"its styles fetch {url[:80]!r}; lists fetch nothing")

    def handle_endtag(self, tag: str) -> None:
        """An element ends; all that were open in it must have ended."""
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            line, _ = self.getpos()
            self.faults.append(
                f"</{tag}> in line {line} of the document closes nothing that is open"
            )
            self.open = (
                self.open[: len(self.open) - self.open[::-1].index(tag) - 1]
                if (tag in self.open)
                else self.open
            )

    def handle_data(self, data: str) -> None:
        """Words, or styles."""
        if self.open and self.open[-1] == "style":
            self._style(data)
        elif not (self.open and self.open[-1] in SILENT):
            self.words.append(data)


def of_html(html: str, texts: Iterable[str]) -> Iterator[str]:
    """What is wrong with a document that ought to say `texts`."""
    if len(html) > MOST_CHARACTERS:
        yield f"the document of one list has {len(html):,} characters"
        return
    reader = _Reader()
    reader.feed(html)
    reader.close()
    yield from dict.fromkeys(reader.faults)
    yield from (f"<{tag}> is never closed" for tag in reader.open)
    yield from lost("".join(reader.words), texts)


def lost(document: str, texts: Iterable[str]) -> Iterator[str]:
    """What a document's words do not hold of `texts`."""
    said = joined(document)
    for text in dict.fromkeys(texts):
        if joined(text) not in said:
            yield f"{text!r} is missing"
