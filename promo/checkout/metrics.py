"""Counters for Prometheus, in its text format 0.0.4: what was answered, and how fast.

Labels are routes, statuses and refusals, each of a closed set; never a store, a card or a code.
"""

from bisect import bisect_left
from collections import Counter

from promo.exposition import head

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # seconds


class Metrics:
    """What one process has done since it began. Only the event loop's thread may touch it."""

    def __init__(self) -> None:
        self.answers: Counter[tuple[str, int, str]] = Counter()
        self.within: dict[str, list[int]] = {}
        self.seconds: Counter[str] = Counter()
        self.guesses = 0
        self.many_baskets = 0
        self.budgets_spent = 0
        self.decisions = 0
        self.conflicts = 0
        self.uses = 0
        self.off = 0  # minor units
        self.at_work = 0

    def answered(self, route: str, status: int, refused: str, seconds: float) -> None:
        """Count an answer. refused: its code, or nothing."""
        self.answers[route, status, refused] += 1
        counts = self.within.setdefault(route, [0] * (len(BOUNDS) + 1))
        counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds[route] += seconds  # type: ignore[assignment]

    def text(self, waiting: int) -> str:
        """All of it, as /metrics gives it; waiting: requests that no thread works on yet."""
        queue = [
            *head("promo_requests_waiting", "gauge", "Requests that wait for the database."),
            f"promo_requests_waiting {waiting}",
        ]
        return "\n".join([*self._answers(), *self._seconds(), *self._others(), *queue, ""])

    def _answers(self) -> list[str]:
        lines = head("promo_answers_total", "counter", "Requests answered.")
        for (route, status, refused), count in sorted(self.answers.items()):
            labels = f'route="{route}",status="{status}",refused="{refused}"'
            lines.append(f"promo_answers_total{{{labels}}} {count}")
        return lines

    def _seconds(self) -> list[str]:
        name = "promo_answer_seconds"
        lines = head(name, "histogram", "Seconds from a request to its answer.")
        for route, counts in sorted(self.within.items()):
            total = 0
            for bound, count in zip((*BOUNDS, "+Inf"), counts, strict=True):
                total += count
                lines.append(f'{name}_bucket{{route="{route}",le="{bound}"}} {total}')
            lines.append(f'{name}_sum{{route="{route}"}} {self.seconds[route]:.6f}')
            lines.append(f'{name}_count{{route="{route}"}} {total}')
        return lines

    def _others(self) -> list[str]:
        return [
            *head("promo_failed_codes_total", "counter", "Codes and cards we never gave out."),
            f"promo_failed_codes_total {self.guesses}",
            *head("promo_many_baskets_total", "counter", "Households with many baskets at a till."),
            f"promo_many_baskets_total {self.many_baskets}",
            *head("promo_budgets_spent_total", "counter", "Budgets that a redemption spent."),
            f"promo_budgets_spent_total {self.budgets_spent}",
            *head("promo_journal_decisions_total", "counter", "Decisions of stores taken in."),
            f"promo_journal_decisions_total {self.decisions}",
            *head("promo_conflicts_total", "counter", "Conflicts found in stores' journals."),
            f"promo_conflicts_total {self.conflicts}",
            *head("promo_redemptions_total", "counter", "Uses of offers, of sales paid."),
            f"promo_redemptions_total {self.uses}",
            *head("promo_discount_total", "counter", "Minor units that they took off."),
            f"promo_discount_total {self.off}",
            *head("promo_requests_at_work", "gauge", "Requests being answered."),
            f"promo_requests_at_work {self.at_work}",
        ]
