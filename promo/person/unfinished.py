"""Changes of households that were killed: the next command that changes the house ends them."""

from collections.abc import Iterator

from promo.house import House
from promo.person import jobs


def finish(house: House) -> Iterator[str]:
    """Do what is left of each, and say so; looks once and does nothing where all is done."""
    for job in jobs.unfinished(house.engine):
        if not job.work:
            jobs.end(house.engine, job)
            yield f"The {job.kind} begun on {job.day} has been cleaned up after."
            continue
        from promo.person import forgetting, households  # slow, and hardly ever needed

        if job.kind == "forget":
            found = forgetting.go_on(house, job).found
            left = "".join(f"\nLeft: {each.kind} in {each.place}" for each in found)
            yield f"The forgetting begun on {job.day} is finished.{left}"
        else:
            households.go_on(house, job)
            yield f"The {job.kind} of households begun on {job.day} is finished."
