"""Read damaged documents; say as JSON how many were read, refused by name, and anything else.

    poslog_child.py FROM TO

A process of its own, so that a crash of the parser is one of the child.
"""

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

import polars as pl
import poslog_plain
from kit import ROOT
from poslog_damage import document

from promo import config
from promo.errors import Sentence
from promo.scans import canonical, poslog
from promo.scans.item_codes import layouts_of


class Reader:
    """Reads documents as `promo ingest` does, up to the lake."""

    def __init__(self, folder: Path) -> None:
        settings = config.load(ROOT / "config.yaml")
        self.path = folder / "log.xml"
        self.tills = poslog.Tills("USD", dict.fromkeys("123", "America/New_York"), folder / "lake")
        self.rules = canonical.rules(settings, frozenset("123"), settings.current_day())
        self.layouts = layouts_of(settings.checkout.item_codes)

    def scans(self, content: bytes) -> pl.DataFrame:
        """The good lines of a document. Raises SourceError."""
        self.path.write_bytes(content)
        good = [pl.DataFrame(schema=canonical.SCHEMA)]
        for batch in poslog.read(self.path, self.tills):
            assert batch.frame.height + batch.rejects["line"].n_unique() == batch.lines
            found = canonical.read(batch.frame, self.rules, self.layouts, self.path.name)
            batch.placed(found.rejects)
            good.append(found.good.select(list(canonical.SCHEMA)))
        return pl.concat(good)


def differs(reader: Reader, scans: pl.DataFrame) -> bool:
    """Whether a second reading of a sound document finds other sums."""
    plain = poslog_plain.sums(reader.path)
    ours = {name: scans[name].sum() for name in ("quantity", "paid", "regular")}
    return any(plain[name] != value for name, value in (ours | {"lines": scans.height}).items())


def main() -> None:
    counts, odd = Counter[str](), []
    with tempfile.TemporaryDirectory() as folder:
        reader = Reader(Path(folder))
        for seed in range(int(sys.argv[1]), int(sys.argv[2])):
            kind, content = document(seed)
            try:
                scans = reader.scans(content)
            except Sentence as error:
                counts["refused"] += 1
                if "log.xml" not in str(error):
                    odd.append(f"{seed} ({kind}): {error}")
            except Exception as error:
                odd.append(f"{seed} ({kind}): {type(error).__name__}: {error}"[:300])
            else:
                counts["read"] += 1
                if kind == "sound":
                    counts["sound"] += 1
                    if differs(reader, scans):
                        odd.append(f"{seed} ({kind}): other sums")
    print(json.dumps({"counts": counts, "odd": odd}))


if __name__ == "__main__":
    main()
