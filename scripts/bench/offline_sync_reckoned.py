"""The bench's own reckoning of what head office must hold: plain, and from the journals alone.

Head office says in which order it booked; everything else is counted anew with dictionaries.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from checkout_shop import faults as of_counters
from offline_sync_plan import BUDGET, STOPPED, Chain
from sqlalchemy import Engine, text

from promo.checkout.pack.journal_reading import records, verify

Key = tuple[str, str, str]  # store, transaction, verb
Direct = Mapping[Key, tuple[str, int, bytes]]
ROWS = """select id, kind, store, "transaction", offer, counter, uses, money, reverses
from redemptions order by id"""
ANSWERS = 'select store, "transaction", verb, answer from till_answers'
CONFLICTS = 'select kind, store, "transaction", verb, offer, uses, money from conflicts'


class Decided(NamedTuple):
    """What a till was answered by its store."""

    said: bytes
    told: dict[str, Any]

    @property
    def given(self) -> dict[str, tuple[int, int]]:
        """Uses and minor units by offer."""
        found: dict[str, tuple[int, int]] = {}
        for each in self.told["offers"]:
            if each["uses"] or each["off"]:
                found[each["offer"]] = each["uses"], each["off"]
        return found


class Reckoned:
    """Head office's books beside what the stores decided."""

    def __init__(
        self, engine: Engine, chain: Chain, folders: Mapping[str, Path], direct: Direct
    ) -> None:
        self.engine, self.chain, self.folders, self.direct = engine, chain, folders, direct
        self.decided = dict(self._decided())
        with engine.connect() as connection:
            self.rows = connection.execute(text(ROWS)).all()
            said = connection.execute(text(ANSWERS)).all()
            found = connection.execute(text(CONFLICTS)).all()
        self.answers = {tuple(row[:3]): bytes(row[3]) for row in said}
        self.found = Counter(tuple(row) for row in found)

    def _decided(self) -> Iterator[tuple[Key, Decided]]:
        for store, folder in self.folders.items():
            verify(folder / "journal")
            for record in records(folder / "journal"):
                for change in record.content["changes"]:
                    row = change.get("row", {})
                    if change["table"] == "till_answers" and change["do"] == "insert":
                        said = bytes.fromhex(row["answer"]["hex"])
                        key = store, row["transaction"], row["verb"]
                        yield key, Decided(said, json.loads(said))

    @property
    def counts(self) -> dict[str, int]:
        """How much there was of what."""
        uses = sum(uses for (_, _, verb), each in self.decided.items() if verb == "redeem"
                   for uses, _ in each.given.values())  # fmt: skip
        kinds = Counter(each[0] for each in self.found)
        return {"decisions": len(self.decided), "redemptions": uses, **kinds}

    def faults(self) -> "Counter[str]":
        """What is wrong, and how often."""
        found = Counter(each for each in of_counters(self.engine) if each.startswith("the counter"))
        found.update(self._lost())
        found.update(self._unbooked())
        expected = Counter(self._expected())
        found["a conflict that is not reported"] += (expected - self.found).total()
        found["a conflict that is none, or told twice"] += (self.found - expected).total()
        return +found

    def _lost(self) -> Iterator[str]:
        """Acknowledged answers that are not in the journal, or not at head office."""
        for store, folder in self.folders.items():
            plan = list(self.chain.plan(store))
            lines = (folder / "acknowledged").read_text().splitlines()
            if len(lines) != len(plan):
                yield "a request that was never acknowledged"
            for line in lines:
                number, _, said = line.partition(" ")
                item = plan[int(number)]
                key = store, item.transaction, item.verb
                if key not in self.decided or self.decided[key].said.hex() != said:
                    yield "acknowledged, and not in the journal"
        for key, each in self.decided.items():
            if key not in self.answers:
                yield "decided, and not at head office"
            elif self.answers[key] != each.said and not self._is_otherwise(key):
                yield "at head office in other bytes"

    def _is_otherwise(self, key: Key) -> bool:
        """Whether head office had decided on it before, and not the same."""
        _, status, said = self.direct.get(key, ("", 0, b""))
        return status == HTTPStatus.OK and said != self.decided[key].said

    def _unbooked(self) -> Iterator[str]:
        """Sales whose rows are not what the till was told; rows of no sale."""
        booked: dict[Key, Counter[tuple[str, str]]] = {}
        for row in self.rows:
            if row.kind == "redeem":
                sums = booked.setdefault((row.store, row.transaction, "redeem"), Counter())
                sums[row.offer, "uses"] += row.uses
                sums[row.offer, "off"] += row.money
        for key, each in self.decided.items():
            if key[2] != "redeem" or self._is_otherwise(key):
                continue
            told = Counter({(offer, "uses"): uses for offer, (uses, _) in each.given.items()})
            told.update({(offer, "off"): off for offer, (_, off) in each.given.items()})
            if booked.get(key, Counter()) != told:
                yield "booked otherwise than the till was told, or not once"
        for key in booked:
            if key not in self.decided and key not in self.direct:
                yield "booked, and nobody sold it"

    # --- conflicts ----------------------------------------------------------------------------

    def _expected(self) -> Iterator[tuple[Any, ...]]:
        for (store, transaction, verb), (kind, status, said) in self.direct.items():
            if status != HTTPStatus.OK:
                continue
            if verb == "redeem":
                yield from self._both(kind, (store, transaction, verb), said)
            elif verb == "return":
                key = store, f"b{transaction}", "return"
                refund = self.decided[key].told["refund"]
                yield "returned_twice", *key, "", 0, refund
            elif not json.loads(said)["known"]:
                key = store, transaction, "redeem"
                given = self.decided[key].given.values()
                uses, off = (sum(each[i] for each in given) for i in (0, 1))
                yield "voided_before", *key, "", uses, off
        yield from self._of_uses()

    def _both(self, kind: str, key: Key, said: bytes) -> Iterator[tuple[Any, ...]]:
        mine = self.decided[key]
        if said == mine.said:
            return
        if kind == "other":
            for offer, figures in mine.given.items():
                yield "identity", *key, offer, *figures
            return
        theirs, none = Decided(said, json.loads(said)).given, (0, 0)
        for offer in mine.given.keys() | theirs.keys():
            one, other = mine.given.get(offer, none), theirs.get(offer, none)
            if one != other:
                yield "differs", *key, offer, one[0] - other[0], one[1] - other[1]
        if mine.given == theirs:
            yield "differs", *key, "", 0, 0

    def _of_uses(self) -> Iterator[tuple[Any, ...]]:
        """Uses one after the other, as head office booked them."""
        used, spent = Counter[tuple[int, str]](), Counter[str]()
        found: dict[tuple[Any, ...], list[int]] = {}
        for row in self.rows:
            on = row.counter, row.offer
            if row.kind == "redeem" and self._is_late(row):
                key = row.store, row.transaction, "redeem", row.offer
                kind = None
                if row.offer == STOPPED:
                    kind = "withdrawn"
                elif row.counter is not None and used[on] >= 1:
                    kind = "used_elsewhere"
                elif row.offer.startswith("web") and spent[row.offer] >= BUDGET:
                    kind = "over_budget"
                if kind is not None:
                    sums = found.setdefault((kind, *key), [0, 0])
                    sums[0] += row.uses
                    sums[1] += row.money
            used[on] += row.uses if row.counter is not None else 0
            spent[row.offer] += row.uses
        for named, sums in found.items():
            yield *named, *sums

    def _is_late(self, row: Any) -> bool:
        """Whether a store decided it, and it was not made void before it came."""
        key = row.store, row.transaction, "redeem"
        if key not in self.decided or self._is_otherwise(key):
            return False
        _, status, said = self.direct.get((row.store, row.transaction, "void"), ("", 0, b"{}"))
        return status != HTTPStatus.OK or bool(json.loads(said)["known"])
