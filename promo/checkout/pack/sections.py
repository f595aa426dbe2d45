"""The settings that a store must share with head office: they travel in the pack."""

from typing import Any

from pydantic import BaseModel, ValidationError

from promo.checkout.pack.faults import PackError
from promo.config import Settings

WHOLE = ("currency", "locale", "checkout", "coupons", "categories")
OF_LISTS = ("document_type", "ean_prefix")


def said(settings: Settings) -> dict[str, Any]:
    """What pricing, opening and refusing take of head office's settings, as JSON has it."""
    raw = settings.model_dump(mode="json", include={*WHOLE, "lists"})
    raw["lists"] = {name: raw["lists"][name] for name in OF_LISTS}
    for name, value in raw["categories"].items():
        raw["categories"][name] = sorted(value)  # sets have no order of their own
    return raw


def laid_over(settings: Settings, sections: dict[str, Any]) -> Settings:
    """A store machine's settings with head office's in their places. Raises PackError."""
    try:
        update = {name: _read(getattr(settings, name), sections[name]) for name in WHOLE}
        of_lists = {name: sections["lists"][name] for name in OF_LISTS}
    except (ValidationError, KeyError) as error:
        raise PackError(
            "other_format", f"The settings in the pack are not those of this promo: {error}"
        ) from None
    update["lists"] = settings.lists.model_copy(update=of_lists)
    return settings.model_copy(update=update)


def _read(own: object, said: Any) -> object:
    return type(own).model_validate(said) if isinstance(own, BaseModel) else said
