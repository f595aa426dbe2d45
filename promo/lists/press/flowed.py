"""Text as e-mail has it: short lines that a reader joins again (RFC 3676, format=flowed)."""

MOST = 72
"""Characters of a line. A word that is longer stays whole; the transfer encoding folds it."""


def flowed(text: str) -> str:
    """Every line of `text` as a paragraph of lines of MOST; all but its last end in a blank."""
    return "\n".join(_paragraph(line.rstrip()) for line in text.strip("\n").split("\n")) + "\n"


def _paragraph(text: str) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + len(word) > MOST - 1:
            lines.append(_stuffed(line))
            line = ""
        line += f"{word} "
    return "\n".join([*lines, _stuffed(line)]).rstrip(" ")


def _stuffed(line: str) -> str:
    """A line that would look like a quotation or an mbox's head, behind a blank."""
    return f" {line}" if line.startswith((" ", ">", "From ")) else line
