"""Publishing a night: its files are handed over, and from then on nothing moves."""

import json
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select, update

from promo import tables
from promo.errors import Sentence
from promo.files import sha256
from promo.house import House


class PublishError(Sentence):
    """A night cannot be published; the message says why and what to do."""


def publish(house: House, night: date) -> dict[str, Any]:
    """Freeze a draft whose files are whole. Publishing twice is no error and changes nothing."""
    with house.engine.begin() as connection:
        query = select(tables.Run).where(tables.Run.night == night).with_for_update()
        run = connection.execute(query).one_or_none()
        if run is None:
            raise PublishError(f"There is no draft of {night}: run `promo nightly --day {night}`.")
        if run.state == "draft":
            lists = connection.execute(
                select(func.count()).where(tables.ShopperList.night == night)
            ).scalar_one()
            _check(house, night, run.report, lists + run.forgotten)
            _check_offers(connection, night)
            connection.execute(
                update(tables.Run).where(tables.Run.night == night).values(state="published")
            )
        return dict(run.report)


def _check(house: House, night: date, report: dict[str, Any], lists: int) -> None:
    again = f"Run `promo nightly --day {night}` again, then publish."
    if not report:
        raise PublishError(f"The night of {night} died before its lists were printed. {again}")
    if report["counts"]["lists"] != lists:
        raise PublishError(f"The night of {night} printed other lists than are stored. {again}")
    folder = house.settings.paths.out / night.isoformat()
    try:
        written = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        written = None
    if written != report:
        raise PublishError(f"{folder / 'run.json'} is not what the night wrote. {again}")
    for file in report["files"]:
        path = folder / file["path"]
        if not path.is_file() or sha256(path) != file["sha256"]:
            raise PublishError(f"{path} is missing or is not what the night wrote. {again}")


def _check_offers(connection: Connection, night: date) -> None:
    """No sheet leaves with an offer that was stopped or paused since it was drafted."""
    promise, offer = tables.Promise, tables.Offer
    query = (
        select(offer.id)
        .join(promise, promise.offer == offer.id)
        .where(promise.night == night, offer.state != "live")
    )
    gone = sorted(connection.execute(query.with_for_update(read=True, of=offer)).scalars())
    if gone:
        raise PublishError(
            f"The lists of {night} hold what is stopped or paused: {', '.join(gone[:5])}. "
            f"Run `promo nightly --day {night}` again, then publish."
        )
