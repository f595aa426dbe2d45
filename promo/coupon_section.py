"""The section of config.yaml about manufacturers' coupons."""

from typing import Literal

from pydantic import Field

from promo.sections import Section


class Coupons(Section):
    """Manufacturers' coupons that are handed over at the till."""

    handling: int = Field(ge=0)
    families: Literal["prefix", "refuse"]
    rule_three: Literal["first_or_others", "third_and_other"] | None
    returns: Literal["keep", "restore", "reclaim"]
