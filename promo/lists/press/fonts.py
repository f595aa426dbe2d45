"""The fonts of print: found in packages, read by the renderer itself, measured for the layout.

Fira Sans holds Latin, Greek and Cyrillic; Noto Sans SC Chinese, in one weight, so that emphasis
in Chinese is by size; Noto Sans Arabic Arabic, in all weights. Each is opened only for a page that
needs it. All three are under the SIL Open Font License.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import plutoprint

from promo.lists.press import widths

SCHEME = "promo-font:"
ARABIC_PACKAGE, ARABIC_FILE = "fontpkg_noto_sans_arabic", "files/NotoSansArabic[wdth,wght].ttf"


@dataclass(frozen=True)
class Font:
    """A font file in a package, and the weight as which a page asks for it."""

    family: str
    weight: int
    package: str
    file: str
    wider: float = 1.0  # than the file's own widths, where another weight is drawn from them


FONTS = {
    "regular": Font("Fira Sans", 400, "fontpkg_fira_sans", "files/FiraSans-Regular.ttf"),
    "bold": Font("Fira Sans", 700, "fontpkg_fira_sans", "files/FiraSans-Bold.ttf"),
    "chinese": Font("Noto Sans SC", 400, "pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf"),
    # One file under two names: a face keeps the weight that it was first drawn with.
    "arabic": Font("Noto Sans Arabic", 400, ARABIC_PACKAGE, ARABIC_FILE),
    "arabic-bold": Font("Noto Sans Arabic", 700, ARABIC_PACKAGE, ARABIC_FILE, wider=1.12),
}
FAMILIES = ", ".join(dict.fromkeys(f'"{font.family}"' for font in FONTS.values()))
CHINESE = re.compile("[\u2e80-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff]")


@cache
def resource(name: str) -> plutoprint.ResourceData:
    """A font, read by the library itself, so that the library owns the bytes.

    Its caches free fonts after the interpreter has ended; bytes of Python's would crash it then.
    """
    own = FONTS[name]
    with as_file(files(own.package).joinpath(own.file)) as font:
        return plutoprint.default_resource_fetcher.fetch_url(font.as_uri())


@cache
def advances(name: str) -> dict[str, float]:
    """The advance width of each character that a font holds, in ems."""
    own = FONTS[name]
    found = widths.advances(files(own.package).joinpath(own.file).read_bytes())
    return {chr(code): own.wider * width for code, width in found.items()}


def faces(html: str) -> str:
    """The `@font-face` rules that a document needs: only what is named is opened."""
    needed = ["regular", "bold"]
    needed += ["chinese"] if CHINESE.search(html) else []
    needed += ["arabic", "arabic-bold"] if ARABIC.search(html) else []
    return "".join(_face(name) for name in needed)


@cache
def _face(name: str) -> str:
    own = FONTS[name]
    place = f"font-weight:{own.weight};src:url({SCHEME}{name})"
    return f"@font-face{{font-family:'{own.family}';{place}}}"
