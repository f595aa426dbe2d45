"""Files of rejected lines and of notices: the rows that quote something of a household."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from promo.files import replacing
from promo.person import whom
from promo.person.whom import Whom

Row = dict[str, str]


def files(state: Path) -> list[Path]:
    """The files of lines that were set aside."""
    return sorted((state / "rejects").glob("*.csv"))


def give(state: Path, people: Sequence[Whom]) -> list[Row]:
    """The rows that quote one of a household's values."""
    values = _values(people)
    return [row for path in files(state) for row in _read(path) if row["value"] in values]


def erase(state: Path, people: Sequence[Whom]) -> None:
    """Leave these rows out; a file of which nothing is left goes."""
    values = _values(people)
    for path in files(state):
        before = list(_read(path))
        after = [row for row in before if row["value"] not in values]
        if len(after) == len(before):
            continue
        if not after:
            path.unlink()
            continue
        with (
            replacing(path) as temporary,
            temporary.open("w", encoding="utf-8", newline="") as file,
        ):
            writer = csv.DictWriter(file, list(after[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(after)


def _read(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: value or "" for name, value in row.items()}


def _values(people: Sequence[Whom]) -> set[str]:
    """Ids that are short may be another field's value; a row of rejects is no loss."""
    found = {*whom.shoppers(people), *whom.cards(people), *whom.codes(people)}
    found |= {value for person in people for _, value in person.facts}
    return found | {code for p in people for each in p.lists for code in (each.short, each.ean)} - {
        ""
    }
