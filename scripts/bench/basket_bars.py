"""The bars on which offers a basket gets together: `exact`, and the seconds of a `quote`.

.venv/bin/python scripts/bench/basket_bars.py           100,000 baskets; hours
.venv/bin/python scripts/bench/basket_bars.py --quick   2,000; a minute or two
"""

import argparse
import random
import statistics
import time
from collections import Counter
from typing import Any, get_args

import basket_brute
import baskets
import kit

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
Bar = dict[str, Any]


def reckoned(case: baskets.Case, policy: Policy = "best_for_shopper", work: int = WORK) -> Together:
    """What a case's offers give together."""
    return together(case.lines, case.held, case.matches, at=baskets.AT, store=baskets.STORE,
                    rules=Rules(policy, work=work))  # fmt: skip


def greedy(case: baskets.Case) -> int:
    """What the greedy plan takes off: the use that gives most, again and again."""
    belt = Belt.of(case.lines)
    open_ = [h for h in case.held if all(left is None or left > 0 for left in h.left)]
    held = sorted(open_, key=lambda h: (h.coupon, -h.terms.priority, h.key))
    offers = [Offer(n, h, belt, case.matches, Rules()) for n, h in enumerate(held)]
    sociable = [offer for offer in offers if not offer.exclusive]
    return make(Search(sociable, 0).greedy(belt.whole).steps, belt).discount


def broken(case: baskets.Case, chance: random.Random) -> list[str]:
    """The promises that a basket breaks."""
    faults = []
    for policy in get_args(Policy):
        given = reckoned(case, policy)
        faults += _unsound(case, given)
        mixed = reckoned(case.shuffled(chance), policy)
        if policy != "in_order" and (mixed.discount, mixed.points) != (
            given.discount, given.points
        ):  # fmt: skip
            faults.append("the order of lines or offers decides")
        faults += _returns(case, given, chance)
    if reckoned(case).discount < greedy(case):
        faults.append("worse than greedy")
    return faults


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
        done.append(give_back(sale, part, done, terms, case.matches))
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


def exact(draws: int = 100_000) -> Bar:
    """No promise broken on any basket, and brute force finds nothing else."""
    faults, compared = Counter[str](), 0
    for seed in range(draws):
        chance = random.Random(seed)
        case = baskets.small(chance)
        faults.update(broken(case, chance))
        try:
            wanted = basket_brute.most_off(case.lines, case.held, case.matches, STATES)
        except basket_brute.TooMany:
            continue
        compared += 1
        found = reckoned(case, work=ALL)
        if found.discount != wanted or not found.exact:
            faults["brute force finds another sum"] += 1
            kit.note(f"seed {seed}: {found.discount}, brute force {wanted}")
    for fault, count in faults.items():
        kit.note(f"{fault}: {count}")
    value = {"baskets": draws, "compared with brute force": compared, "faults": faults.total()}
    return {"bar": "exact", "value": value, "limit": 0, "ok": not faults}


def quote(draws: int = 1_000) -> Bar:
    """Seconds of one processor for 60 lines and 14 offers, and how many were searched through."""
    seconds, through, more = [], 0, []
    for seed in range(draws):
        case = baskets.large(random.Random(seed))
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
    return {"bar": "quote", "value": value, "limit": {"median_ms": 20, "p99_ms": 60},
            "ok": median <= MEDIAN and p99 <= P99 and min(more) >= 1}  # fmt: skip


def main() -> None:
    """Measure both bars."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="2,000 baskets")
    quick = parser.parse_args().quick
    for bar in (quote(300 if quick else 1_000), exact(2_000 if quick else 100_000)):
        kit.report(bar["bar"], bar["value"], bar["limit"], ok=bar["ok"])


if __name__ == "__main__":
    main()
