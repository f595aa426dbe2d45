"""What store machines send of their journals, as types; like those of promo.checkout.bodies."""

from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter
from typing_extensions import TypedDict

MOST_RECORDS = 500  # in a batch
MOST_BATCH = 8 << 20  # bytes of a batch
MOST_HEAD = 4096  # characters
ASCII = r"^[ -~]+$"
CHAIN = "^[0-9a-f]{64}$"
CLOSED = ConfigDict(extra="forbid", strict=True)
Number = Annotated[int, Field(ge=1, le=2**53)]


class RecordSent(TypedDict):
    """A decision as a line of the journal has it: its JSON, and the chain of all lines up to it."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]
    seq: Number
    json: Annotated[str, Field(min_length=2, max_length=MOST_BATCH, pattern=ASCII)]
    chain: Annotated[str, Field(pattern=CHAIN)]


class JournalSent(TypedDict):
    """Decisions that follow each other; none, to ask how far the journal is taken in."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]
    head: Annotated[str, Field(min_length=2, max_length=MOST_HEAD, pattern=ASCII,
        description="The JSON of the journal's first line.")]  # fmt: skip
    records: Annotated[list[RecordSent], Field(max_length=MOST_RECORDS)]


class JournalTaken(TypedDict):
    """How far the journal is taken in now; the decision after it is expected next."""

    seq: Annotated[int, Field(ge=0)]
    chain: Annotated[str, Field(pattern=CHAIN,
        description="Of the decision `seq`, or of the journal's first line where that is 0. "
        "A journal that has another one there is not the one taken in.")]  # fmt: skip


JOURNAL_SENT: TypeAdapter[JournalSent] = TypeAdapter(JournalSent)
JOURNAL_TAKEN: TypeAdapter[JournalTaken] = TypeAdapter(JournalTaken)
