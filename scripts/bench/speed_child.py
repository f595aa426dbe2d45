"""Forecast all pairs of a folder's profiles; say how many, how fast, in how much memory.

    speed_child.py FOLDER TIMES WORKERS DAY

FOLDER holds a model `bench` and profile rows `<TIMES>.parquet`. With two workers the households
are cut into two halves, each forecast on a thread of its own, as a night does with its buckets.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import polars as pl

from promo import calendar
from promo.shoppers import LEVELS, cycles, models
from promo.shoppers.models import Model


def forecast(days: pl.DataFrame, model: Model, day: date) -> tuple[int, int]:
    """Pairs forecast at both levels, and how many of them were bought twice or more."""
    window = calendar.window(day, 0)
    found = [cycles.forecast(days, level, model, day, window) for level in LEVELS]
    return sum(f.height for f in found), sum(int((f["n"] >= 2).sum()) for f in found)


def peak() -> float:
    """Megabytes at most so far; what `getrusage` tells may be the parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    folder, times, workers, day = sys.argv[1:]
    model = models.load(Path(folder) / "bench")
    days = pl.read_parquet(Path(folder) / f"{times}.parquet")
    half = pl.col("shopper").hash() % int(workers)
    parts = [days.filter(half == number) for number in range(int(workers))]
    began, worked = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(int(workers)) as pool:
        counts = list(pool.map(lambda part: forecast(part, model, date.fromisoformat(day)), parts))
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    pairs, repeats = (sum(count) for count in zip(*counts, strict=True))
    found = {"pairs": pairs, "repeats": repeats, "seconds": seconds, "processor": worked}
    print(json.dumps(found | {"peak_mb": peak()}))


if __name__ == "__main__":
    main()
