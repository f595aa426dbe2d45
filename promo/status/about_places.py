"""Folders of the house that are gone, though the database says what stands in them."""

from collections.abc import Iterable, Iterator

from promo.counting import counted
from promo.status.facts import Finding, Gone, Level

KINDS = {"lake-gone": Level.ACT, "out-gone": Level.ACT}


def gone(found: Iterable[Gone]) -> Iterator[Finding]:
    """Folders without which nights are made of nothing, or lists cannot be handed over."""
    for one in found:
        kind = f"{one.place}-gone"
        yield Finding(KINDS[kind], kind, one.path, _sentence(one))


def _sentence(one: Gone) -> str:
    if one.night is None:
        lines = f"The till lines of {counted(one.deliveries, 'delivery', 'deliveries')}"
        return (
            f"{lines} are gone: there is no folder {one.path}. See whether its disk is there "
            "(paths.lake), or bring the newest backup back with `promo restore`. Make no night "
            "before that: it would know no household."
        )
    again = (
        f"`promo nightly --day {one.night}`" if one.state == "draft"
        else f"`promo lists print --night {one.night}`"
    )  # fmt: skip
    return (
        f"What the night of {one.night} wrote is gone: there is no folder {one.path}. See whether "
        f"its disk is there (paths.out), bring it back from a backup, or make it anew: {again}."
    )
