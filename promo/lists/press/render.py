"""From pages to HTML, through the chain's own Jinja2 templates."""

import re
import traceback
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.exceptions import TemplateNotFound, TemplateSyntaxError
from markupsafe import Markup

from promo.errors import Sentence
from promo.lists.press.page import Page

MAIN = "lists.html.j2"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class RenderError(Sentence):
    """A template cannot be rendered; the message names the template, the line and the fault."""


class Renderer:
    """The templates of a folder. A name that a template misspells is an error, not a blank."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
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
        return self.text(MAIN, pages=pages, banner=banner, paper=paper, title=title)

    def text(self, name: str, **values: object) -> str:
        """What the template `name` makes of `values`. Raises RenderError."""
        try:
            return self.environment.get_template(name).render(values)
        except Exception as error:  # whatever a chain's own template may do wrong
            raise RenderError(
                f"The template {self._place(error, name)} cannot be rendered: {_fault(error)}."
            ) from error

    def _place(self, error: Exception, name: str) -> str:
        """Template and line of a fault: the innermost template that was at work."""
        if isinstance(error, TemplateSyntaxError):
            return f"{error.name}, line {error.lineno}"
        known = {str(self.folder / name): name for name in self.environment.list_templates()}
        frames = traceback.extract_tb(error.__traceback__)
        at_work = [f"{known[f.filename]}, line {f.lineno}" for f in frames if f.filename in known]
        return at_work[-1] if at_work else name


def _fault(error: Exception) -> str:
    if isinstance(error, TemplateNotFound):
        return f"there is no {error.name} in paths.templates"
    return str(error).rstrip(".") or type(error).__name__


def _printable(value: object) -> object:
    """Take control and direction-override characters out of whatever a template prints."""
    if not isinstance(value, str):
        return value
    clean = CONTROL.sub("", value)
    return Markup(clean) if isinstance(value, Markup) else clean
