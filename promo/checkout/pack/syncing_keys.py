"""The key with which a store machine sends its journal: from the environment, or a file."""

from pathlib import Path

from promo.checkout.store_keys import parted
from promo.config import Settings, secret_of
from promo.errors import Sentence

VARIABLE, FILE = "PROMO_SYNC_KEY", "sync.key"


class SyncKeyMissing(Sentence):
    """There is no key to send a journal with, or what is there is none."""

    exit_code = 2


def key(settings: Settings, file: Path | None = None) -> str:
    """The key, which is never an argument: others could read it in the list of processes.

    file: where it is, if it is not among the settings' secrets. Raises SyncKeyMissing, ConfigError.
    """
    said = secret_of(file) if file else settings.secret(VARIABLE, FILE)
    if not said or not said.strip():
        raise SyncKeyMissing(
            f"There is no key to send a journal with: set {VARIABLE}, or put it into a file "
            f"{FILE} beside config.yaml; at head office `promo stores key add --store S --verb "
            "sync` makes one."
        )
    if parted(said.strip()) is None:
        raise _no_key(file)
    return said.strip()


def _no_key(file: Path | None) -> SyncKeyMissing:
    """What was read is not shown: most of it may be a key."""
    where = f"{file}" if file else f"{VARIABLE}, or {FILE} beside config.yaml,"
    return SyncKeyMissing(
        f"{where} holds no store key: expected one line, promo-NUMBER- and 43 letters, digits, "
        "- or _, as `promo stores key add` prints it."
    )
