"""Why a pack is not taken: one error, with a name for programs and a sentence for people."""

from typing import Literal

from promo.errors import Sentence

Reason = Literal[
    "not_there", "not_a_pack", "tampered", "unknown_key", "other_format", "other_kind",
    "other_base", "other_region", "not_yet", "expired", "older", "replaced",
]  # fmt: skip


class PackError(Sentence):
    """A pack, or its keys, cannot be used; `reason` names why."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
