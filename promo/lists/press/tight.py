"""Chinese as it is set: no blanks between its characters, and none of them alone on a last line.

After GB/T 15834 and the W3C's "Requirements for Chinese Text Layout" (3.1.3, 3.1.6): marks stand
close to what they follow, and a paragraph's last line holds more than one character.
"""

import re

JOINER = "\N{WORD JOINER}"
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
MARKS = "\u3001-\u3003\u3008-\u3011\u3014-\u301b\u2014\u2018-\u201d\u2026\uff01-\uff0f\uff1a-\uff1f"
CLOSED, OPENED = "((?:</(?:strong|em)>)*)", "((?:<(?:strong|em)>)*)"
BLANK = re.compile(
    rf"(?<=[\u3001-\u3003\uff01-\uff0f\uff1a-\uff1f]){CLOSED}\s+{OPENED}(?=\S)"
    rf"|(?<=[{HAN}{MARKS}]){CLOSED}\s+{OPENED}(?=[{HAN}{MARKS}])"
)
LAST = re.compile(rf"(?<=[{HAN}])(?=[{HAN}][{MARKS}]*(?:</(?:strong|em)>)*(?:$|</(?:p|li|h\d)>))")


def tight(text: str) -> str:
    """A text, or what Markdown made of it, with its Chinese set close."""
    if text.isascii():
        return text
    close = BLANK.sub(lambda found: "".join(part or "" for part in found.groups()), text)
    return LAST.sub(JOINER, close)
