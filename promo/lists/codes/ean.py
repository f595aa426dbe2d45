"""A list's code as an EAN-13 in a restricted-circulation range, for tills that read nothing else.

Thirteen digits: prefix (2, what the national GS1 leaves to the trade), ten free digits and a check
digit. Ten digits have no room for a tag beside the counter, so the counter itself is hidden: a
keyed permutation of the ten-digit numbers, another for each key and store. It is a Feistel network
of ten rounds of HMAC-SHA256 on two halves of five digits, in the manner of FF1 (NIST SP 800-38G).

The numbers of a store's n lists in force lie scattered among 10**10, so a guess opens one of them
with a chance of n in 10**10: at 5,000 lists one in two million. The digits alone do not tell a
number of ours from any other; only the register can, hence `Desk`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from promo.lists.codes.keys import MAX_COUNTER, CodeKeys, ForgedCode, MistypedCode, Opened
from promo.scans.gtin import CodeError, check_digit, shown

PREFIX = "02|04|2[0-9]"
"""What the two digits in front may be: 02 and 20 to 29 by national rule, 04 inside a company."""
HALF = 10**5
ROUNDS = 10


@dataclass(frozen=True)
class Desk:
    """Where an EAN-13 is handed in: the store, the chain's prefix, and its register's answer.

    `in_force` says whether a list is one of this store's, published, and good today. Without a
    desk no EAN-13 is opened.
    """

    store: str
    prefix: str
    in_force: Callable[[Opened], bool]


def ean_code(keys: CodeKeys, counter: int, store: str, prefix: str) -> str:
    """Make the thirteen digits of a store's list, under the active key.

    Raises CodeError if the counter is outside 0 to MAX_COUNTER or the prefix is not PREFIX.
    """
    if not 0 <= counter <= MAX_COUNTER:
        raise CodeError(f"A list's counter must be 0 to {MAX_COUNTER}, but got {counter}.")
    return made(keys, Opened(keys.active, counter), store, prefix)


def made(keys: CodeKeys, opened: Opened, store: str, prefix: str) -> str:
    """The thirteen digits of a list under the key that it was made with."""
    if not re.fullmatch(PREFIX, prefix):
        raise CodeError(f"The prefix of an EAN-13 is 02, 04 or 20 to 29, but got {shown(prefix)}.")
    payload = f"{prefix}{_hidden(keys, opened, store):010d}"
    return payload + check_digit(payload)


def of_list(keys: CodeKeys, opened: Opened, store: str, prefix: str | None) -> str:
    """The thirteen digits of a list; none for a chain that has no prefix."""
    return made(keys, opened, store, prefix) if prefix else ""


def open_ean(keys: CodeKeys, text: str, body: str, desk: Desk | None) -> Opened:
    """Check thirteen digits, `body`, of what was handed in, `text`, and say what they hold."""
    if desk is None:
        raise MistypedCode(
            f"The code {shown(text)} is an EAN-13, as products have; it opens a list only at a "
            "till that says which store it stands in, and where `lists.ean_prefix` is set."
        )
    if check_digit(body[:12]) != body[12]:
        raise MistypedCode(
            f"The list code {shown(text)} was mistyped, as its last digit does not fit "
            "the twelve before it; please try again."
        )
    if body[:2] != desk.prefix:
        raise ForgedCode(
            f"The code {shown(text)} is not on one of our lists: it begins with {body[:2]}, "
            f"and ours with {desk.prefix}."
        )
    numbers = [Opened(key, _shown(keys, key, desk.store, int(body[2:12]))) for key in keys.secrets]
    fits = [each for each in numbers if each.counter <= MAX_COUNTER and desk.in_force(each)]
    if not fits:
        raise ForgedCode(
            f"The code {shown(text)} opens no list of this store that is good today; "
            "please do not accept it."
        )
    if len(fits) > 1:
        raise MistypedCode(
            f"The list code {shown(text)} fits two lists; please type the short code instead."
        )
    return fits[0]


def _hidden(keys: CodeKeys, opened: Opened, store: str) -> int:
    left, right = divmod(opened.counter, HALF)
    for turn in range(ROUNDS):
        mixed = keys.tag(opened.key_id, right, f"ean:{store}:{turn}")
        left, right = right, (left + mixed) % HALF
    return left * HALF + right


def _shown(keys: CodeKeys, key_id: int, store: str, number: int) -> int:
    """Undo `_hidden`: a number below 10**10, which is a counter one time in ten."""
    left, right = divmod(number, HALF)
    for turn in reversed(range(ROUNDS)):
        mixed = keys.tag(key_id, left, f"ean:{store}:{turn}")
        left, right = (right - mixed) % HALF, left
    return left * HALF + right
