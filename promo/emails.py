"""What an e-mail address may look like: the plain form of RFC 5322 (section 3.2.3, dot-atom).

One address, in ASCII, and nothing that the header of a message could read as more than one.
"""

import re

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
PATTERN = rf"^{ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})*$"
MOST = 254  # characters (RFC 5321, section 4.5.3.1.3, less the angle brackets)
_ADDRESS = re.compile(PATTERN)


def is_address(text: str | None) -> bool:
    """Whether mail can be sent to what stands as an address."""
    return bool(text) and len(text or "") <= MOST and _ADDRESS.fullmatch(text or "") is not None
