"""What a command says while it works: a live line on a terminal, plain key=value lines in cron."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

Item = TypeVar("Item")


class Progress:
    """Says which stage is at work. Times go here, never into a run's report."""

    def __init__(self, command: str, *, terminal: bool | None = None) -> None:
        self.command = command
        self.console = Console(stderr=True)
        self.terminal = self.console.is_terminal if terminal is None else terminal
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[dict[str, object]]:
        """Time a stage; what is put into the yielded dict is said when it ends."""
        facts: dict[str, object] = {}
        began = time.perf_counter()
        if self.terminal:
            with self.console.status(f"{name} ..."):
                yield facts
        else:
            yield facts
        self.seconds[name] = time.perf_counter() - began
        self._say(name, facts | {"seconds": f"{self.seconds[name]:.2f}"})

    def each(self, name: str, items: Sequence[Item], *, singly: bool = True) -> Iterator[Item]:
        """The items one after the other: a bar on a terminal, in cron a line an item, or in all."""
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(),
                   TimeElapsedColumn())  # fmt: skip
        with Bar(*columns, console=self.console, disable=not self.terminal, transient=True) as bar:
            task = bar.add_task(name, total=len(items))
            first = time.perf_counter()
            for item in items:
                bar.update(task, description=f"{name} {item}")
                began = time.perf_counter()
                yield item
                bar.advance(task)
                if singly:
                    self._ended(name, str(item).replace(" ", "_"), began)
            if not singly:
                self._ended(name, len(items), first)

    def _ended(self, name: str, what: object, began: float) -> None:
        if not self.terminal:
            seconds = time.perf_counter() - began
            self._say(name, {"of": what, "seconds": f"{seconds:.2f}"})

    @contextmanager
    def tally(self, name: str, total: int) -> Iterator[Callable[[int, str], None]]:
        """A bar that what is yielded moves on, by so many; in cron a line each time."""
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(),
                   TimeRemainingColumn(), TimeElapsedColumn())  # fmt: skip
        with Bar(*columns, console=self.console, disable=not self.terminal, transient=True) as bar:
            task = bar.add_task(name, total=total)

            def done(count: int, what: str) -> None:
                bar.advance(task, count)
                if not self.terminal:
                    self._say(name, {"of": what, "lists": count})

            yield done

    def _say(self, stage: str, facts: dict[str, object]) -> None:
        pairs = " ".join(f"{key}={value}" for key, value in facts.items())
        if self.terminal:
            self.console.print(f"  {stage:<12} {pairs}", highlight=False, markup=False)
        else:
            print(f"promo={self.command} stage={stage} {pairs}", file=sys.stderr, flush=True)
