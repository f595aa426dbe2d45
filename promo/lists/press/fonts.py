"""The fonts of print: found in packages, read by the renderer itself, measured for the layout.

Fira Sans holds Latin, Greek and Cyrillic; Noto Sans SC Chinese, in one weight, so that emphasis
in Chinese is by size; Noto Sans Arabic Arabic, in all weights. Each is opened, and so much as
named, only in a document that needs it: the renderer looks a family that it does not have up among
the machine's own fonts, anew for every size of type. All three are under the SIL Open Font License.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory

import plutoprint

from promo.lists.press import widths
from promo.lists.press.font_file import without

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
ASCII = bytes(range(128))
CHINESE = re.compile("[\u2e80-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
# Programs that fit outlines to the pixels of a screen, and what only they read (OpenType 1.9).
HINTS = (b"fpgm", b"prep", b"cvt ", b"cvar", b"gasp", b"hdmx", b"LTSH", b"VDMX")
ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff]")


@cache
def resource(name: str) -> plutoprint.ResourceData:
    """A font, read by the library itself, so that the library owns the bytes.

    Its caches free fonts after the interpreter has ended; bytes of Python's would crash it then.
    Hints are left out: running them for every size of type took half the time of a single sheet,
    and paper has no pixels. No advance or outline is another without them.
    """
    own = FONTS[name]
    with as_file(files(own.package).joinpath(own.file)) as path, TemporaryDirectory() as folder:
        plain = Path(folder) / path.name
        plain.write_bytes(without(path.read_bytes(), HINTS))
        return plutoprint.default_resource_fetcher.fetch_url(plain.as_uri())


@cache
def advances(name: str) -> dict[str, float]:
    """The advance width of each character that a font holds, in ems."""
    own = FONTS[name]
    found = widths.advances(files(own.package).joinpath(own.file).read_bytes())
    return {chr(code): own.wider * width for code, width in found.items()}


def needed(text: str) -> tuple[str, ...]:
    """The names of the fonts that a text needs."""
    # Most is ASCII, and bytes are deleted much faster than characters are searched.
    others = text.encode("utf-8", "surrogatepass").translate(None, ASCII)
    text = others.decode("utf-8", "surrogatepass")
    chinese = ("chinese",) if CHINESE.search(text) else ()
    arabic = ("arabic", "arabic-bold") if ARABIC.search(text) else ()
    return ("regular", "bold", *chinese, *arabic)


def families(text: str) -> str:
    """The families that a text needs, as a style sheet names them."""
    return ", ".join(dict.fromkeys(f'"{FONTS[name].family}"' for name in needed(text)))


def faces(html: str) -> str:
    """The `@font-face` rules that a document needs: only what is named is opened."""
    return "".join(_face(name) for name in needed(html))


@cache
def _face(name: str) -> str:
    own = FONTS[name]
    place = f"font-weight:{own.weight};src:url({SCHEME}{name})"
    return f"@font-face{{font-family:'{own.family}';{place}}}"
