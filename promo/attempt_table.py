"""The table of attempts: what the commands that change the house did, and how that ended."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from promo import stored


class Attempt(stored.Base):
    """One run of a command. Without `ended` it is at work, or it was killed.

    `night` is the day a night, a fit or a publication is for. `stages` are in the order in which
    they began, each with its seconds (none where it did not end) and facts; `facts` is what else
    the command says of itself. `code` is what it left with.
    """

    __tablename__ = "attempts"
    id: Mapped[int] = mapped_column(stored.Sequential, primary_key=True)
    command: Mapped[str]
    night: Mapped[date | None]
    process: Mapped[int]
    began: Mapped[datetime]
    ended: Mapped[datetime | None]
    outcome: Mapped[str | None]
    code: Mapped[int | None]
    sentence: Mapped[str | None]
    stages: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    facts: Mapped[dict[str, Any]]
    __table_args__ = (
        CheckConstraint("outcome in ('done', 'set_aside', 'failed')", name="outcome"),
        CheckConstraint("(ended is null) = (outcome is null)", name="ended"),
        Index("ix_attempts_command_night", "command", "night"),
    )
