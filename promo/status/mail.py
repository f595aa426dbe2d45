"""The morning's report as a mail of plain text: what to do first, then the night in short.

The message is RFC 5322 in ASCII, so that `sendmail -t` takes it as it is.
"""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from textwrap import shorten, wrap

from promo.config import Settings
from promo.status import words
from promo.status.facts import Report

WIDTH = 76  # columns
MOST_LINES = 45  # of the body; with its head the message stays under 60
MOST_OF_BANNER = 60  # characters of it in the subject
ROOM = 24  # lines of it that findings may take
PLAIN = SMTP.clone(linesep="\n", cte_type="7bit")
OFFERS = 5


def message(report: Report, settings: Settings, money: words.Money) -> str:
    """The whole message: header, empty line, body."""
    mail = EmailMessage(PLAIN)
    facts = report.facts
    banner = shorten(facts.banner, MOST_OF_BANNER, placeholder="...")  # a header is one line
    mail["Subject"] = f"[promo] {banner}, {facts.day}: {words.headline(report)}"
    mail["From"] = settings.email.sender
    if settings.status.mail_to:
        mail["To"] = ", ".join(settings.status.mail_to)
    mail["Date"] = format_datetime(facts.at)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n".join(body(report, money)) + "\n")
    return mail.as_string()


def body(report: Report, money: words.Money) -> list[str]:
    """Its lines, at most MOST_LINES of at most WIDTH columns."""
    facts = report.facts
    lines = [*_findings(report), "", *wrap(words.night(facts, money), WIDTH)]
    for table, most in (
        (words.stages(facts), 8), (words.rejects(report), 3), (words.logs(facts), 3),
        (words.offers(facts, OFFERS, money, short=True), OFFERS),
    ):  # fmt: skip
        if table.rows:
            head = f"{table.title} ({', '.join(table.columns)}):"
            lines += ["", *wrap(head, WIDTH), *(_line(row) for row in table.rows[:most])]
    tail = [
        *wrap(words.model(facts), WIDTH)[:3],
        *(" ".join(disk.split())[:WIDTH] for disk in words.disks(facts)[:4]),
    ]
    return [*lines[: MOST_LINES - len(tail) - 1], "", *tail]


def _findings(report: Report) -> list[str]:
    """The findings, the gravest first, as many as there is room for."""
    lines: list[str] = []
    for number, finding in enumerate(report.findings):
        said = wrap(finding.sentence, WIDTH, initial_indent=f"{finding.level.word.upper()}: ",
                    subsequent_indent="  ")  # fmt: skip
        if len(lines) + len(said) >= ROOM:
            left = len(report.findings) - number
            return [*lines, f"... and {left:,} more: see `promo status`."]
        lines += said
    return lines or ["All is well."]


def _line(row: tuple[str, ...]) -> str:
    text = "  " + "  ".join(" ".join(cell.split()) for cell in row if cell)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."
