"""The section of config.yaml about the database; its URL is a secret, and not here."""

from pydantic import Field

from promo.sections import Section


class Database(Section):
    """How a night treats its database."""

    wait_seconds: int = Field(ge=0, le=3600)
