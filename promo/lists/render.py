"""From pages to HTML, through the chain's own Jinja2 templates."""

import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from promo.errors import Sentence
from promo.lists.page import Page

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class RenderError(Sentence):
    """A template cannot be rendered; the message names the template, the line and the fault."""


class Renderer:
    """The templates of a folder. A name that a template misspells is an error, not a blank."""

    def __init__(self, folder: Path) -> None:
        self.environment = Environment(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_printable,
        )

    def html(self, pages: Sequence[Page], *, banner: str, paper: str, title: str) -> str:
        """One document of all pages, in their order. Raises RenderError."""
        try:
            template = self.environment.get_template("lists.html.j2")
            return template.render(pages=pages, banner=banner, paper=paper, title=title)
        except TemplateError as error:
            where = getattr(error, "name", None) or "lists.html.j2"
            line = getattr(error, "lineno", None)
            at = f"{where}, line {line}" if line else where
            raise RenderError(f"The template {at} cannot be rendered: {error}.") from None


def _printable(value: object) -> object:
    """Take control and direction-override characters out of whatever a template prints."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return CONTROL.sub("", value)
