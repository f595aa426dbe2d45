"""Packs of a house: where they lie, whose they are, and what can be said of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from promo.checkout.pack import building, keys
from promo.checkout.pack.building import Order
from promo.checkout.pack.faults import PackError
from promo.checkout.pack.filling import UnknownRegion
from promo.checkout.pack.footer import Footer
from promo.checkout.pack.reading import Scope
from promo.config import Settings
from promo.files import only_one, replacing
from promo.pack_section import BANNER


@dataclass(frozen=True)
class Made:
    """A pack that was written."""

    path: Path
    footer: Footer
    bytes: int


def base_path(settings: Settings, region: str) -> Path:
    """Where a region's pack lies."""
    return settings.paths.packs / f"{region}.pack"


def delta_path(settings: Settings, region: str) -> Path:
    """Where the newest delta over it lies."""
    return settings.paths.packs / f"{region}.delta"


def build(settings: Settings, engine: Engine, region: str, now: datetime) -> Made:
    """Make a region's pack anew; a delta over the old one goes.

    Raises UnknownRegion, PackKeyError, DatabaseError, Busy.
    """
    order, path = _order(settings, region, now), base_path(settings, region)
    with _alone(settings, region, "pack build"):
        footer = building.build(engine, order, path)
        delta_path(settings, region).unlink(missing_ok=True)
    return Made(path, footer, path.stat().st_size)


def build_delta(settings: Settings, engine: Engine, region: str, now: datetime) -> Made:
    """Make the delta over a region's pack anew. Raises PackError, and as `build` does."""
    order, path = _order(settings, region, now), delta_path(settings, region)
    base = base_path(settings, region)
    if not base.is_file():
        raise PackError("not_there", f"There is no pack {base} to add to. Run `promo pack build "
                        f"--region {region}` first.")  # fmt: skip
    with _alone(settings, region, "pack delta"):
        footer = building.build_delta(engine, order, base, path)
    return Made(path, footer, path.stat().st_size)


def _alone(settings: Settings, region: str, who: str) -> Any:
    return only_one(settings.paths.packs / f".{region}.lock", who)


def _order(settings: Settings, region: str, now: datetime) -> Order:
    try:
        stores = settings.packs.stores(region)
    except KeyError:
        known = ", ".join((BANNER, *settings.packs.regions))
        raise UnknownRegion(f"There is no region {region!r}; expected one of {known}.") from None
    scope = Scope(region, stores, settings.current_day(), settings.packs.past_days)
    return Order(settings, scope, keys.private_of(settings), now)


def add_key(settings: Settings) -> tuple[Path, int]:
    """Put a new key at the end of packs.key, which is made if need be; its path and the key's id.

    Raises PackKeyError.
    """
    text = settings.secret("PROMO_PACK_KEYS", "packs.key")
    path = settings.folder / "packs.key"
    if text and not path.is_file():
        raise keys.PackKeyError("The keys stand in PROMO_PACK_KEYS: add the new one there.")
    known = keys.load_private(text) if text else keys.PackKeys({})
    more = known.with_new()
    with replacing(path) as temporary:
        temporary.touch(mode=0o600)
        temporary.write_text(more.text(), encoding="utf-8")
    return path, more.active


def facts(path: Path, footer: Footer, now: datetime) -> Mapping[str, Any]:
    """What can be said of a pack, ready for JSON."""
    age = now - footer.made_at
    return {
        "file": str(path), "bytes": path.stat().st_size, "kind": footer.kind,
        "region": footer.region, "stores": len(footer.stores), "version": footer.version,
        "base": footer.base, "made": footer.made, "age_hours": round(age.total_seconds() / 3600, 1),
        "expires": footer.expires, "expired": footer.expires_at <= now, "key": footer.key,
        "counts": footer.counts,
    }  # fmt: skip


def in_words(said: Mapping[str, Any]) -> str:
    """The same in lines."""
    kind = f"delta over {said['base']}" if said["base"] else "pack"
    until = "expired" if said["expired"] else "good until"
    counts = ", ".join(f"{count:,} {name}" for name, count in said["counts"].items() if count)
    return (
        f"{said['file']}: {kind}, {said['bytes'] / 1e6:,.1f} MB\n"
        f"  region   {said['region']}, {said['stores']:,} stores\n"
        f"  version  {said['version']}, {said['age_hours']:,} hours old\n"
        f"  {until:<8} {said['expires']}\n"
        f"  key      {said['key']}\n"
        f"  holds    {counts or 'nothing that the base has not'}"
    )


def now() -> datetime:
    """This moment: how old a pack is, no settings' `today` decides."""
    return datetime.now(UTC)
