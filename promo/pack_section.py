"""The section of config.yaml about offline packs; their keys are secrets, and not here."""

from pydantic import Field, field_validator

from promo.sections import Section

BANNER = "banner"
"""The region of all stores, which is always there."""


class Packs(Section):
    """What head office makes for stores whose line may fall, and how such a store uses it."""

    good_hours: int = Field(ge=1, le=24 * 31)
    regions: dict[str, tuple[str, ...]]
    past_days: int = Field(ge=0, le=366)
    head_office_seconds: float = Field(gt=0, le=60)
    send_seconds: float = Field(gt=0, le=3600)

    @field_validator("regions")
    @classmethod
    def _named(cls, regions: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for name, stores in regions.items():
            if name == BANNER:
                raise ValueError("banner is the region of all stores: give this one another name")
            if not stores:
                raise ValueError(f"the region {name} names no store")
        return regions

    def stores(self, region: str) -> tuple[str, ...] | None:
        """The ids of a region's stores; None for all. Raises KeyError."""
        return None if region == BANNER else self.regions[region]
