"""Repurchase cycles: how good the forecasts are, and what they cost. One line of JSON a bar.

    .venv/bin/python scripts/bench/cycles.py                 all; the better part of an hour
    .venv/bin/python scripts/bench/cycles.py --quick         a minute or two, without the last word
    .venv/bin/python scripts/bench/cycles.py --only spans    one of the parts below

Everything runs on one thread but the pairs a second; seconds of one thread are processor seconds.
Bars with "ok": null are told, not judged.
"""

import argparse
import os
import sys
from collections.abc import Callable

import known
import newcomers
import quality
import speed
import taste_bar
from kit import note, report

PARTS: dict[str, Callable[[], None]] = {
    "published": known.judge_published,
    "worlds": known.judge_worlds,
    "quality": quality.judge,
    "spans": quality.judge_spans,
    "newcomers": newcomers.judge,
    "taste": taste_bar.judge,
    "learners": speed.judge_learners,
    "night": speed.judge_night,
}


def quickly() -> None:
    """Small versions; what only the long run can tell says so."""
    known.judge_published()
    known.judge_worlds(known.FEW)
    quality.judge_quickly()
    speed.judge_learners(("category",))
    newcomers.judge(newcomers.CUTS[:1])
    for part in ("spans", "taste", "night"):
        report(f"part {part}", "quick", None, ok=None)


def on_one_thread() -> None:
    """Start again with one thread everywhere: libraries ask the environment when imported."""
    wanted = dict.fromkeys(speed.THREADS, "1")
    if not wanted.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **wanted})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small versions, in a minute or two")
    parser.add_argument("--only", choices=PARTS, help="one part")
    words = parser.parse_args()
    if words.quick:
        quickly()
        return
    for name in [words.only] if words.only else PARTS:
        note(f"part {name}")
        PARTS[name]()


if __name__ == "__main__":
    on_one_thread()
    main()
