"""From pages to HTML, through the chain's own Jinja2 templates."""

import re
import traceback
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from jinja2 import Environment, Template
from jinja2.exceptions import TemplateNotFound, TemplateSyntaxError
from markupsafe import Markup, escape

from promo.errors import Sentence
from promo.language import Language
from promo.lists.press.compiled import Compiled
from promo.lists.press.direction import apart
from promo.lists.press.environment import PressEnvironment
from promo.lists.press.page import Page

CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
ASCII = bytes(range(2**7))
ASCII_CONTROL = bytes(code for code in ASCII if CONTROL.match(chr(code)))
OUR_OBJECT = re.compile(r"'promo\.[\w.]+ object'")
# Of one list; the document's own is MEDIUM.html.j2.
LIST = {"print": "sheet.html.j2", "web": "phone.html.j2"}
BOX = {"print": Markup("<i></i>"), "web": Markup('<input type="checkbox">')}


class RenderError(Sentence):
    """A template cannot be rendered; the message names the template, the line and the fault."""


class Renderer:
    """The templates of a folder. A name that a template misspells is an error, not a blank.

    A template is looked up in the folders of a list's club and language, then in the banner's, then
    in the folder itself; a document and its style sheet only in the banner's and the folder itself.
    """

    def __init__(self, folder: Path, banner: str, cache: Path | None = None) -> None:
        self.folder, self.banner = folder, banner
        self._common = [
            path for path in (folder / "banners" / slug(banner), folder) if path.is_dir()
        ]
        self._compiled = Compiled(cache) if cache else None
        self._environments: dict[tuple[str, ...], Environment] = {}
        self._lists: dict[tuple[str, tuple[str, ...]], Template] = {}

    def lists(self, medium: str, pages: Iterable[Page]) -> Markup:
        """The body of a document: all pages, in their order. Raises RenderError."""
        made: list[str] = []
        for page in pages:
            try:
                made.append(self._list(medium, page))
            except Exception as error:  # whatever a chain's own template may do wrong
                raise self._failed(error) from error
        return Markup("".join(made))

    def document(
        self, medium: str, body: Markup, *, title: str, language: str, **look: object
    ) -> str:
        """One document around a body. Raises RenderError.

        Control characters and direction overrides, whoever's text they stand in, are taken out of
        the whole at once.
        """
        try:
            frame = self._environment(()).get_template(f"{medium}.html.j2")
            made = frame.render(
                body=body, title=title, banner=self.banner, language=language, **look
            )
        except Exception as error:  # whatever a chain's own template may do wrong
            raise self._failed(error) from error
        return printable(made)

    def one(self, name: str, page: Page) -> str:
        """What the template `name` makes of one list: a receipt, a part of an e-mail.

        A template that is no markup (`.txt.j2`) is given its words unescaped. Raises RenderError.
        """
        say = page.tongue.text if name.endswith(".txt.j2") else speaker(page.tongue)
        try:
            template = self._environment(page.folders).get_template(name)
            made = template.render(
                page=page, _=say, apart=apart(page.direction), banner=self.banner
            )
        except Exception as error:  # whatever a chain's own template may do wrong
            raise self._failed(error) from error
        return printable(made)

    def _failed(self, error: Exception) -> RenderError:
        where = self._place(error)
        return RenderError(f"The template {where} cannot be rendered: {_fault(error)}.")

    def _list(self, medium: str, page: Page) -> str:
        key = medium, page.folders
        template = self._lists.get(key)
        if template is None:
            template = self._environment(page.folders).get_template(LIST[medium])
            self._lists[key] = template
        return template.render(
            page=page,
            _=speaker(page.tongue),
            apart=apart(page.direction),
            banner=self.banner,
            box=BOX[medium],
        )

    def _environment(self, folders: tuple[str, ...]) -> Environment:
        """The templates for lists with folders of their own; the same for all that have none."""
        own = [path for path in (self.folder / name for name in folders) if path.is_dir()]
        key = tuple(map(str, own))
        if key not in self._environments:
            self._environments[key] = PressEnvironment([*own, *self._common], self._compiled)
        return self._environments[key]

    def _place(self, error: Exception) -> str:
        """Template and line of a fault: the innermost template that was at work."""
        if isinstance(error, TemplateSyntaxError):
            return f"{error.name}, line {error.lineno}"
        root = str(self.folder) + "/"
        frames = [
            f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(root)
        ]
        if not frames:
            return "of a list"
        return f"{frames[-1].filename.removeprefix(root)}, line {frames[-1].lineno}"


def printable(text: str) -> str:
    """A text without control characters and direction overrides."""
    # Most is ASCII, and bytes are deleted much faster than characters are searched.
    data = text.encode("utf-8", "surrogatepass")
    others = data.translate(None, ASCII).decode("utf-8", "surrogatepass")
    clean = len(data) == len(data.translate(None, ASCII_CONTROL)) and not CONTROL.search(others)
    return text if clean else CONTROL.sub("", text)


@cache
def speaker(language: Language) -> Callable[[str], Markup]:
    """What `_("...")` says in a template, in one language."""

    @cache
    def say(message: str) -> Markup:
        return escape(language.text(message))

    return say


def slug(name: str) -> str:
    """A name as a folder's: `Main Street Market` -> `main-street-market`."""
    return re.sub(r"[^\w]+", "-", name.casefold()).strip("-")


def _fault(error: Exception) -> str:
    if isinstance(error, TemplateNotFound):
        return f"there is no {error.name} in paths.templates"
    # The class is ours; who writes a template knows what has the attribute by the line.
    said = OUR_OBJECT.sub("what stands there", str(error))
    return said.rstrip(".") or type(error).__name__
