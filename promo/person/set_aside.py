"""Files of rejected lines and of notices: the rows that quote something of a household."""

from collections.abc import Sequence
from pathlib import Path

from promo.person import csv_rows, whom
from promo.person.csv_rows import Row
from promo.person.whom import Whom


def files(state: Path) -> list[Path]:
    """The files of lines that were set aside."""
    return sorted((state / "rejects").glob("*.csv"))


def give(state: Path, people: Sequence[Whom]) -> list[Row]:
    """The rows that quote one of a household's values."""
    values = _values(people)
    return [row for path in files(state) for row in csv_rows.read(path) if row["value"] in values]


def erase(state: Path, people: Sequence[Whom]) -> None:
    """Leave these rows out; a file of which nothing is left goes."""
    values = _values(people)
    for path in files(state):
        before = list(csv_rows.read(path))
        after = [row for row in before if row["value"] not in values]
        if len(after) == len(before):
            continue
        if not after:
            path.unlink()
            continue
        csv_rows.write(path, list(after[0]), after)


def _values(people: Sequence[Whom]) -> set[str]:
    """Ids that are short may be another field's value; a row of rejects is no loss."""
    found = {*whom.shoppers(people), *whom.cards(people), *whom.codes(people)}
    found |= {value for person in people for _, value in person.facts}
    return found | {code for p in people for each in p.lists for code in (each.short, each.ean)} - {
        ""
    }
