"""The key with which a store machine sends its journal: from the environment, or a file."""

import os
from pathlib import Path

from promo.errors import Sentence

VARIABLE = "PROMO_SYNC_KEY"


class SyncKeyMissing(Sentence):
    """There is no key to send a journal with."""

    exit_code = 2


def key(file: Path | None, beside: Path) -> str:
    """The key, which is never an argument: others could read it in the list of processes.

    file: where it was said to be; else the environment has it, or the file `beside` the settings.
    Raises SyncKeyMissing.
    """
    given = file or (beside if VARIABLE not in os.environ and beside.is_file() else None)
    said = given.read_text(encoding="utf-8") if given else os.environ.get(VARIABLE, "")
    if not said.strip():
        raise SyncKeyMissing(
            f"There is no key to send a journal with: set {VARIABLE}, or put it into a file "
            "sync.key beside config.yaml; at head office `promo stores key add --store S --verb "
            "sync` makes one."
        )
    return said.strip()
