"""The clock of the machine, held against what the house has seen."""

from datetime import date

from sqlalchemy import func, select

from promo import tables
from promo.house import House
from promo.scans import lake


def doubt(house: House, today: date) -> str | None:
    """A sentence where the clock says a day that the house is past already.

    A night made again on purpose names its day; one that goes by a clock that was set back would
    make again what is long out, or nothing, and not say that tonight's lists are missing.
    """
    with house.engine.connect() as connection:
        night = connection.execute(select(func.max(tables.Run.night))).scalar()
    sold = lake.newest_day(house.settings.paths.lake, house.last_delivery)
    seen = []
    if night is not None and night > today:
        seen.append(f"there is a night of {night}")
    if sold is not None and sold > today:
        seen.append(f"the till logs reach {sold}")
    if not seen:
        return None
    return (
        f"The clock says {today}, but {' and '.join(seen)}: was it set back? The night of {today} "
        "is made; set the clock right, or name the night that is meant with --day."
    )
