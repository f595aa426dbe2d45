"""The bars on which offers a basket gets together: `exact`, and the seconds of a `quote`.

.venv/bin/python scripts/bench/basket_bars.py           100,000 baskets; an hour on two processors
.venv/bin/python scripts/bench/basket_bars.py --quick   300; half a minute
"""

import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import get_args

import basket_brute
import baskets
import kit
import parts

from promo.checkout.basket.belt import Belt
from promo.checkout.basket.giving_back import Returned, give_back
from promo.checkout.basket.making import make
from promo.checkout.basket.model import WORK, Policy, Rules, Together
from promo.checkout.basket.sale import Sale
from promo.checkout.basket.search import Search
from promo.checkout.basket.together import together
from promo.checkout.basket.ways import Offer

STATES = 20_000  # that brute force may walk through; a basket that needs more is not compared
ALL = 10**6  # steps: a search that always goes through
MEDIAN, P99 = 0.020, 0.060  # seconds of a quote
PROCESSES = 2


@dataclass(frozen=True)
class Tried:
    """What came of one basket."""

    seed: int
    offers: int
    faults: list[str]
    compared: bool


def reckoned(case: baskets.Case, policy: Policy = "best_for_shopper", work: int = WORK) -> Together:
    """What a case's offers give together."""
    return together(case.lines, case.held, case.matches, at=baskets.AT, store=baskets.STORE,
                    rules=Rules(policy, work=work))  # fmt: skip


def greedy(case: baskets.Case) -> int:
    """What the greedy plan takes off: the use that gives most, again and again."""
    belt = Belt.of(case.lines)
    open_ = [h for h in case.held if all(left is None or left > 0 for left in h.left)]
    held = sorted(open_, key=lambda h: (h.coupon, -h.terms.priority, h.key))
    wanted = belt.wanted(case.matches)
    offers = [Offer(n, h, belt, wanted, Rules()) for n, h in enumerate(held)]
    sociable = [offer for offer in offers if not offer.exclusive]
    return make(Search(sociable, 0).greedy(belt.whole).steps, belt).discount


def broken(case: baskets.Case, chance: random.Random) -> list[str]:
    """The promises that a basket breaks."""
    faults = []
    for policy in get_args(Policy):
        given = reckoned(case, policy)
        faults += _unsound(case, given)
        mixed = reckoned(case.shuffled(chance, offers=policy != "in_order"), policy)
        if (mixed.discount, mixed.points) != (given.discount, given.points):
            faults.append(f"the order of lines or offers decides, {policy}")
        faults += _returns(case, given, chance)
        faults += _without(case, given, chance, policy)
    if reckoned(case).discount < greedy(case):
        faults.append("worse than greedy")
    return faults


def _without(
    case: baskets.Case, given: Together, chance: random.Random, policy: Policy
) -> list[str]:
    """The same where one of the offers used is taken out, as one is whose hard budget is spent."""
    used = [answer.key for answer in given.answers if answer.uses]
    if not used or policy != "best_for_shopper":
        return []
    out = chance.choice(used)
    rest = replace(case, held=[held for held in case.held if held.key != out])
    less = reckoned(rest, policy)
    return _unsound(rest, less) + _returns(rest, less, chance)


def _unsound(case: baskets.Case, given: Together) -> list[str]:
    faults = []
    shares = given.shares()
    if sum(share.off for share in shares.values()) != given.discount:
        faults.append("the shares do not add up to the discount")
    if any(not 0 <= share.off <= max(case.lines[n].amount, 0) for n, share in shares.items()):
        faults.append("a line goes below zero")
    if any(not 0 <= share.funder <= share.off for share in shares.values()):
        faults.append("the funder pays more than all or less than nothing")
    taken = Counter(unit for a in given.answers for use in a.uses for unit in use.units)
    if any(count > 1 for count in taken.values()):
        faults.append("a piece pays for two offers")
    if any((each.why is None) != bool(each.uses) for each in given.answers):
        faults.append("an offer that is not used has no reason")
    return faults


def _returns(case: baskets.Case, given: Together, chance: random.Random) -> list[str]:
    """Give everything back, in parts: it must come to what was paid."""
    sale = Sale.from_stored(Sale.of(case.lines, case.held, given).stored())
    terms = {held.terms.id: held.terms for held in case.held}
    units = [piece.unit for piece in sale.pieces]
    chance.shuffle(units)
    cut, done = chance.randint(0, len(units)), list[Returned]()
    for part in (units[:cut], units[cut:]):
        back = give_back(sale, part, done, terms, case.matches)
        done.append(Returned.from_stored(back.stored()))
    paid = sum(sale.prices.values()) - given.discount
    backs = [back for each in done for back in each.uses]
    faults = []
    if sum(each.refund for each in done) != paid or any(each.refund < 0 for each in done):
        faults.append("a full return does not give back what was paid")
    if (sum(b.discount for b in backs), sum(b.points for b in backs)) != (
        given.discount, given.points
    ):  # fmt: skip
        faults.append("a full return does not take back what was given")
    if sum(b.funder for b in backs) != sum(answer.funder for answer in given.answers):
        faults.append("a full return does not give the funder back its part")
    return faults


def _tried(seed: int) -> Tried:
    """One basket: the promises it breaks, and what brute force says to it."""
    chance = random.Random(seed)
    case = baskets.small(chance)
    faults = broken(case, chance)
    try:
        wanted = basket_brute.most_off(case.lines, case.held, case.matches, STATES)
    except basket_brute.TooMany:
        return Tried(seed, len(case.held), faults, compared=False)
    found = reckoned(case, work=ALL)
    if found.discount != wanted or not found.exact:
        faults.append("brute force finds another sum")
    return Tried(seed, len(case.held), faults, compared=True)


def exact(draws: int = 100_000, *, quick: bool = False) -> None:
    """No promise broken on any basket, and brute force finds nothing else."""
    faults, compared, offers = Counter[str](), 0, Counter[int]()
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        for tried in pool.map(_tried, range(draws), chunksize=min(500, draws // 4)):
            compared += tried.compared
            offers[tried.offers] += 1
            faults.update(tried.faults)
            if tried.faults:
                kit.note(f"seed {tried.seed}: {', '.join(tried.faults)}")
            if tried.seed % 5_000 == 4_999:
                kit.note(f"{tried.seed + 1} baskets, {compared} compared, {faults.total()} faults")
    value = {"baskets": draws, "with eight offers or more": sum(offers[n] for n in offers if n > 7),
             "compared with brute force": compared, "faults": faults.total()}  # fmt: skip
    kit.report("exact", value, 0, ok=not faults, quick=quick)


def quote(
    draw: Callable[[random.Random], baskets.Case], kind: str, draws: int, *, quick: bool = False
) -> None:
    """Seconds of one processor for 60 lines and 14 offers, and how many were searched through."""
    seconds, through, more = [], 0, []
    for seed in range(draws):
        case = draw(random.Random(seed))
        began = time.process_time()
        given = reckoned(case)
        seconds.append(time.process_time() - began)
        through += given.exact
        more.append(given.discount / max(greedy(case), 1))
    median, p99 = statistics.median(seconds), statistics.quantiles(seconds, n=100)[-1]
    value = {
        "median_ms": round(median * 1e3, 2), "p99_ms": round(p99 * 1e3, 2),
        "searched through": through / draws, "least over greedy": round(min(more), 4),
        "mean over greedy": round(statistics.mean(more), 4),
    }  # fmt: skip
    limit = {"median_ms": MEDIAN * 1e3, "p99_ms": P99 * 1e3}
    kit.report(f"quote, {kind}", value, limit,
               ok=median <= MEDIAN and p99 <= P99 and min(more) >= 1, quick=quick)  # fmt: skip


def judge() -> None:
    """All baskets; an hour or two."""
    quote(baskets.large, "realistic", 1_000)
    quote(baskets.dense, "dense overlap", 1_000)
    exact()


def judge_quickly() -> None:
    """A few hundred; half a minute."""
    quote(baskets.large, "realistic", 150, quick=True)
    quote(baskets.dense, "dense overlap", 100, quick=True)
    exact(300, quick=True)


def main() -> None:
    """Measure what the command line asks for."""
    parts.run({"exact": sys.modules[__name__]}, __doc__)


if __name__ == "__main__":
    main()
