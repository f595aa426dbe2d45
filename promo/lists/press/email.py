"""A list as an e-mail: text and HTML beside each other, and the code as a picture inside.

Nothing is fetched when it is opened, and nothing in it tells that it was: no link, no picture from
elsewhere. The same list gives the same bytes, so that a night can be made again.
"""

from datetime import UTC, date, datetime, time
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from hashlib import sha256

from promo.config import Settings
from promo.emails import is_address
from promo.errors import Sentence
from promo.lists.codes.symbologies import named
from promo.lists.codes.symbols import content, matrix, narrow
from promo.lists.press.flowed import flowed
from promo.lists.press.page import Page
from promo.lists.press.png import png
from promo.lists.press.press import Press
from promo.lists.press.render import CONTROL

WIDTH_MM = 60
"""Room for the code on a phone's screen: a symbol that needs more is GS1 DataMatrix instead."""
PIXELS, BARS = 8, 60
"""Of a module's side, and modules of the height of linear bars."""
POLICY = SMTP.clone(max_line_length=78)
HOUR = time(12, tzinfo=UTC)
"""Of the message's date: noon in UTC is the same day nearly everywhere."""


class AddressError(Sentence):
    """What stands as a household's address is none."""


def message(page: Page, press: Press, *, to: str, day: date) -> bytes:
    """The message with the list of a page, ready for any MTA: RFC 5322, CRLF, all ASCII.

    `to`: the household's address; `day`: the message's date. Raises AddressError, and RenderError
    for a mistake in the chain's templates.
    """
    settings = press.settings
    text = flowed(press.renderer.one("email.txt.j2", page))
    html = press.renderer.one("email.html.j2", page)
    made = EmailMessage(POLICY)
    identity = sha256("\0".join((to, text, html)).encode()).hexdigest()[:32]
    _head(made, page, settings, to)
    made["Date"] = datetime.combine(day, HOUR)
    made["Message-ID"] = f"<{identity}@{_sender(settings).domain}>"
    made.set_content(text, cte="quoted-printable", params={"format": "flowed"})
    made.add_alternative(html, subtype="html", cte="quoted-printable")
    _, page_part = made.iter_parts()
    _add_code(page_part, page, settings)
    made["Content-Language"] = page.language
    for part in (made, page_part):
        part.set_boundary(f"={part.get_content_subtype()}={identity}")
    return made.as_bytes()


def _head(made: EmailMessage, page: Page, settings: Settings, to: str) -> None:
    made["From"] = _sender(settings)
    made["To"] = _recipient(page.name, to)
    language = page.tongue
    subject = language.text("{banner}: your list and offers", banner=settings.banner)
    made["Subject"] = _one_line(subject)
    # Holiday notices and the like are not to be sent back (RFC 3834).
    made["Auto-Submitted"] = "auto-generated"
    if settings.email.unsubscribe:
        made["List-Unsubscribe"] = f"<mailto:{settings.email.unsubscribe}?subject=unsubscribe>"


def _sender(settings: Settings) -> Address:
    return Address(settings.email.name or settings.banner, addr_spec=settings.email.sender)


def _recipient(name: str, to: str) -> Address:
    """Who the message goes to. A name of any kind is quoted, and cannot begin another header."""
    if not is_address(to):
        # Not quoted: it is somebody's.
        raise AddressError("A household's e-mail address cannot be written to.")
    return Address(_one_line(name), addr_spec=to)


def _one_line(text: str) -> str:
    """Text for a header. `=?` would begin an encoded word, and the library opens those:
    `=?utf-8?q?=0D=0ABcc:?=` as a name would be a header of its own.
    """
    return " ".join(CONTROL.sub("", text).split()).replace("=?", "= ?")


def _add_code(part: MIMEPart, page: Page, settings: Settings) -> None:
    """The symbol, which the HTML shows as `cid:code`."""
    kind = named(narrow(settings.lists.symbology, WIDTH_MM))
    code = content(kind.name, page.list_code, page.ean)
    rows = matrix(kind.name, code, host=settings.lists.link_host)
    quiet = max(kind.quiet.left, kind.quiet.right)
    picture = png(rows, PIXELS, quiet, 1 if kind.is_matrix else BARS)
    part.add_related(
        picture, "image", "png", cid="<code>", disposition="inline", filename="code.png"
    )
