"""Offers: the bars of terms, response, allocation and budgets. One line of JSON a bar.

    .venv/bin/python scripts/bench/offers.py                 all; about half an hour
    .venv/bin/python scripts/bench/offers.py --quick         a minute or two, without the last word
    .venv/bin/python scripts/bench/offers.py --only replay   one of the parts below

Solvers run on one thread, and their seconds are processor seconds.
"""

import argparse
import os
import sys
from types import ModuleType

import lp
import replay
import response_bar
import risk_bar
import segments_bar
import terms_bar
from kit import note

PARTS: dict[str, ModuleType] = {
    "lp": lp,
    "replay": replay,
    "response": response_bar,
    "risk": risk_bar,
    "terms": terms_bar,
    "segments": segments_bar,
}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "NUMBA_NUM_THREADS")


def on_one_thread() -> None:
    """Start again with one thread everywhere: libraries ask the environment when imported."""
    wanted = dict.fromkeys(THREADS, "1")
    if not wanted.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **wanted})


def main() -> None:
    """Measure what the command line asks for."""
    on_one_thread()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small versions, in a minute or two")
    parser.add_argument("--only", choices=PARTS, help="one part")
    words = parser.parse_args()
    for name in [words.only] if words.only else PARTS:
        note(f"part {name}")
        part = PARTS[name]
        part.judge_quickly() if words.quick else part.judge()
