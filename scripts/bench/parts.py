"""One command for a bench of several parts: `judge`, or `judge_quickly` with --quick, of each.

Solvers run on one thread, and their seconds are processor seconds.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Mapping
from typing import Protocol

from kit import note

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "NUMBA_NUM_THREADS")


class Part(Protocol):
    """A module that measures some bars and reports each."""

    def judge(self) -> None:
        """All of it."""

    def judge_quickly(self) -> None:
        """Less work, in a minute or two."""


class Later:
    """A part whose module is imported when it is its turn, so that others do without."""

    def __init__(self, module: str) -> None:
        self.module = module

    def judge(self) -> None:
        """All of it."""
        importlib.import_module(self.module).judge()

    def judge_quickly(self) -> None:
        """Less work."""
        importlib.import_module(self.module).judge_quickly()


def on_one_thread() -> None:
    """Start again with one thread everywhere: libraries ask the environment when imported."""
    wanted = dict.fromkeys(THREADS, "1")
    if not wanted.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **wanted})


def run(parts: Mapping[str, Part], description: str | None) -> None:
    """Measure what the command line asks for."""
    on_one_thread()
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small versions, in a minute or two")
    parser.add_argument("--only", choices=parts, help="one part")
    words = parser.parse_args()
    for name in [words.only] if words.only else parts:
        note(f"part {name}")
        part = parts[name]
        part.judge_quickly() if words.quick else part.judge()
