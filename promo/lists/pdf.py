"""HTML to PDF, behind one function: PlutoPrint with fonts of our own and no network."""

from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

import plutoprint

from promo.files import replacing

FONT_SCHEME = "promo-font:"
FONTS = {
    "regular": ("fontpkg_fira_sans", "files/FiraSans-Regular.ttf"),
    "bold": ("fontpkg_fira_sans", "files/FiraSans-Bold.ttf"),
}
# The page itself names only families, so that a browser uses its own; these are for print.
FACES = "".join(
    f"@font-face{{font-family:'Fira Sans';font-weight:{weight};src:url({FONT_SCHEME}{name})}}"
    for name, weight in (("regular", 400), ("bold", 700))
)


@cache
def _font(name: str) -> bytes:
    package, path = FONTS[name]
    return files(package).joinpath(path).read_bytes()


class OnlyOurFonts(plutoprint.ResourceFetcher):
    """Fetches the bundled fonts and refuses everything else: files, network, data of others."""

    def fetch_url(self, url: str) -> plutoprint.ResourceData:
        """The font that `promo-font:NAME` names. Raises PermissionError for any other URL."""
        name = url.removeprefix(FONT_SCHEME)
        if name == url or name not in FONTS:
            raise PermissionError(f"A page may not fetch {url[:80]!r}.")
        return plutoprint.ResourceData(_font(name), "font/ttf")


def write_pdf(html: str, path: Path, *, title: str, day: date) -> int:
    """Write a PDF of `html`, complete or not at all; returns its pages.

    The same HTML, title and day give the same bytes: the only dates in the file are `day`'s.
    """
    book = plutoprint.Book(plutoprint.PAGE_SIZE_LETTER, plutoprint.PAGE_MARGINS_NONE)
    book.custom_resource_fetcher = OnlyOurFonts()
    book.load_html(html, user_style=FACES)
    pages = book.get_page_count()
    # After loading: a document sets its own metadata, and "now" where it has none.
    stamp = f"{day.isoformat()}T00:00:00"
    book.set_metadata(plutoprint.PDF_METADATA_TITLE, title)
    book.set_metadata(plutoprint.PDF_METADATA_CREATION_DATE, stamp)
    book.set_metadata(plutoprint.PDF_METADATA_MODIFICATION_DATE, stamp)
    with replacing(path) as temporary:
        book.write_to_pdf(temporary)
    return pages
