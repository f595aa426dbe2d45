"""Redemptions: counted once, within what offers and lists allow, shares that add up, taken back."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Row, String, Text, case, cast, func, or_, select

from promo import tables
from promo.checking import journals, sheets
from promo.checking.findings import LOOK, WRONG, Check, Finding
from promo.checking.look import Look
from promo.checking.sheets import EARLIER, SHEET
from promo.offers.terms import Terms

USED = tables.Redemption.__table__.c
FIGURES = ("uses", "units", "money", "funder_money", "promised")
RESTORE = "Restore the database from a backup and import what was redeemed since."
# Of the till's service: a file of redemptions says nothing of lines.
IMPORTED = func.max(case((cast(USED.lines, Text) == "{}", 1), else_=0))


def _named(row: Row[Any]) -> str:
    return (f"redemption {row.id} of offer {row.offer} (store {row.store}, till {row.till}, "
            f"{row.day}, transaction {row.transaction})")  # fmt: skip


Excused = Mapping[tuple[object, ...], tuple[int, int]]
NAMED = (USED.id, USED.offer, USED.store, USED.till, USED.day, USED.transaction)


# --- counters -------------------------------------------------------------------------------------


def counters(look: Look) -> Iterator[Finding]:
    """Each offer's counter is the sum of its redemptions, to the minor unit."""
    table = tables.OfferCounter.__table__
    counted = sheets.by_offer(look, select(table))
    sums = select(USED.offer, func.sum(USED.uses).label("uses"),
                  func.sum(USED.money).label("money")).group_by(USED.offer)  # fmt: skip
    used = sheets.by_offer(look, sums)
    for offer in sorted(counted.keys() | used.keys()):
        for name in ("uses", "money"):
            held, found = (
                int(rows[offer]._mapping[name]) if offer in rows else 0 for rows in (counted, used)
            )
            if held != found:
                yield Finding(
                    f"offer_counters, {offer}", f"`{name}` is", f"{held:,}",
                    f"{found:,}, the sum of its redemptions",
                    "Its budget is held against the wrong sum. " + RESTORE,
                )  # fmt: skip


# --- limits ---------------------------------------------------------------------------------------


def limits(look: Look) -> Iterator[Finding]:
    """Hard offers keep to their budgets, and no offer is used more often than it may be."""
    counter, offer = tables.OfferCounter, tables.Offer
    query = (
        select(offer.id, counter.uses, counter.money, offer.budget_redemptions, offer.budget_money)
        .join(counter, counter.offer == offer.id)
        .where(offer.hard, or_(counter.uses > offer.budget_redemptions,
                               counter.money > offer.budget_money))
        .order_by(offer.id)
    )  # fmt: skip
    excused = journals.excused(look)
    for row in look.rows(query):
        uses, money = excused.get((row.id,), (0, 0))
        if row.uses - uses <= row.budget_redemptions and row.money - money <= row.budget_money:
            continue  # `promo conflicts` has it
        yield Finding(
            f"offer {row.id}", "it is hard, and spent are",
            f"{row.money:,} minor units in {row.uses:,} redemptions",
            f"at most {row.budget_money:,} in {row.budget_redemptions:,}",
            "Give it more budget, or settle the rest with its funder.",
        )  # fmt: skip
    yield from _on_lists(look, excused)
    yield from _of_households(look, excused)


def _on_lists(look: Look, excused: Excused) -> Iterator[Finding]:
    """Uses on one list beyond what it says, and beyond what is a conflict."""
    query = (
        select(USED.offer, SHEET.code, SHEET.key_id, SHEET.counter,
               cast(SHEET.content, Text).label("content"),
               func.sum(USED.uses).label("uses"), IMPORTED.label("imported"))
        .join(tables.ShopperList, (SHEET.key_id == USED.key_id) & (SHEET.counter == USED.counter))
        .group_by(USED.offer, SHEET.code, SHEET.key_id, SHEET.counter, cast(SHEET.content, Text))
        .having(func.sum(USED.uses) > 1)
        .order_by(SHEET.key_id, SHEET.counter, USED.offer)
    )  # fmt: skip
    for row in look.rows(query):
        try:
            items = sheets.READ(row.content)["offers"]
            most = max((i.get("uses", 1) for i in items if i["offer"] == row.offer), default=1)
        except sheets.UNREAD:
            continue  # the check `contents` names it
        if row.uses - excused.get((row.offer, row.key_id, row.counter), (0, 0))[0] > most:
            yield _too_often(f"list {row.code}, offer {row.offer}", row, f"{most}, as it says")


def _too_often(where: str, row: Row[Any], expected: str) -> Finding:
    todo = ("A till let it through: see the service's version and log." if not row.imported
            else "It was imported: see what the tills before let through.")  # fmt: skip
    level = LOOK if row.imported else WRONG
    return Finding(where, "the uses are", f"{row.uses}", f"at most {expected}", todo, level)


def _of_households(look: Look, excused: Excused) -> Iterator[Finding]:
    """Uses of one household, in all or on a day, beyond what terms say.

    What is taken back counts for the day of its use. Households may have joined since.
    """
    origin = tables.Redemption.__table__.alias("origin")
    day = func.coalesce(origin.c.day, USED.day)
    for name, terms in _terms(look):
        spans = ((terms.uses.per_household, (USED.shopper,), "in all"),
                 (terms.uses.per_day, (USED.shopper, day), "on a day"))  # fmt: skip
        for most, keys, said in spans:
            if most is None:
                continue
            query = (
                select(*keys, func.sum(USED.uses).label("uses"), IMPORTED.label("imported"))
                .select_from(tables.Redemption.__table__.outerjoin(
                    origin, origin.c.id == USED.reverses))
                .where(USED.offer == name, USED.shopper.is_not(None))
                .group_by(*keys)
                .having(func.sum(USED.uses) > most)
                .order_by(*keys)
            )  # fmt: skip
            for row in look.rows(query):
                if row.uses - excused.get((name, row[0]), (0, 0))[0] <= most:
                    continue
                yield Finding(
                    f"household {row[0]}, offer {name}", f"the uses {said} are", f"{row.uses}",
                    f"at most {most}, as its terms say",
                    "Was it imported, or have two households joined? Else see the tills.", LOOK,
                )  # fmt: skip


def _terms(look: Look) -> Iterator[tuple[str, Terms]]:
    """The offers whose terms say how often a household may use them."""
    offer = tables.Offer
    said = cast(offer.terms, Text).contains('"per_')
    for row in look.rows(select(offer.id, offer.terms).where(said).order_by(offer.id)):
        try:
            yield row.id, Terms.from_stored(row.terms)
        except ValueError:
            continue  # the check `offers` names it


# --- reversals ------------------------------------------------------------------------------------


def reversals(look: Look) -> Iterator[Finding]:
    """Each void or return takes back a use of its own offer and list, and not more than it was."""
    yield from _signs(look)
    origin = tables.Redemption.__table__.alias("origin")
    same = ("offer", "key_id", "counter", "shopper")
    other = [
        func.coalesce(cast(USED[name], String), "") != func.coalesce(cast(origin.c[name], String),
                                                                     "")
        for name in same
    ]  # fmt: skip
    query = (
        select(*NAMED, USED.kind, origin.c.id.label("of"), origin.c.kind.label("of_kind"))
        .join(origin, origin.c.id == USED.reverses)
        .where(or_(origin.c.kind != "redeem", *other))
        .order_by(USED.id)
    )
    for row in look.rows(query):
        yield Finding(
            _named(row), f"this {row.kind} is of", f"{row.of_kind} {row.of}",
            "a redemption of the same offer, list and household", RESTORE,
        )  # fmt: skip
    yield from _beyond(look)


def _signs(look: Look) -> Iterator[Finding]:
    """Figures that fit no kind: what is used is positive, what is taken back negative."""
    back = USED.kind != "redeem"
    bad = or_(
        *(back & (USED[name] > 0) for name in FIGURES),
        *(~back & (USED[name] < 0) for name in FIGURES),
        ~back & ((USED.uses < 1) | (USED.promised > USED.uses)),
        func.abs(USED.funder_money) > func.abs(USED.money),
    )
    figures = [USED[name] for name in FIGURES]
    for row in look.rows(select(*NAMED, USED.kind, *figures).where(bad).order_by(USED.id)):
        said = ", ".join(f"{name} {row._mapping[name]}" for name in FIGURES)
        yield Finding(
            _named(row), f"the figures of this {row.kind} are", said,
            "at least one use and nothing negative when redeemed, nothing positive when taken "
            "back, and funder_money no more than money", RESTORE,
        )  # fmt: skip


def _beyond(look: Look) -> Iterator[Finding]:
    """Uses of which more was taken back than they were, or not all by a void."""
    origin = tables.Redemption.__table__.alias("origin")
    left = {name: origin.c[name] + func.sum(USED[name]) for name in FIGURES}
    void = func.max(case((USED.kind == "void", 1), else_=0))
    open_ = [left[name] != 0 for name in ("uses", "money", "funder_money")]
    own = [origin.c[name] for name in ("id", "offer", "store", "till", "day", "transaction")]
    query = (
        select(*own, *(sum_.label(name) for name, sum_ in left.items()))
        .select_from(tables.Redemption.__table__.join(origin, origin.c.id == USED.reverses))
        .group_by(*own, *(origin.c[name] for name in FIGURES))
        .having(or_(*(sum_ < 0 for sum_ in left.values()), (void == 1) & or_(*open_)))
        .order_by(origin.c.id)
    )
    for row in look.rows(query):
        said = ", ".join(f"{name} {row._mapping[name]}" for name in FIGURES)
        yield Finding(_named(row), "of it are left after what was taken back", said,
                      "nothing below zero, and nothing after a void", RESTORE)  # fmt: skip


# --- shares ---------------------------------------------------------------------------------------


def shares(look: Look) -> Iterator[Finding]:
    """The shares of a redemption's lines add up to its money, and to the manufacturer's part."""
    query = select(*NAMED, USED.money, USED.funder_money, cast(USED.lines, Text).label("said"))
    for row in look.rows(query.where(cast(USED.lines, Text) != "{}").order_by(USED.id)):
        try:
            lines = json.loads(row.said).get("lines", [])
            sums = [sum(line[name] for line in lines) for name in ("off", "manufacturer", "store")]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            yield Finding(_named(row), "its lines cannot be read:", f"{error!r}",
                          "shares by line", RESTORE)  # fmt: skip
            continue
        expected = [row.money, row.funder_money, row.money - row.funder_money]
        if sums != expected:
            yield Finding(
                _named(row), "its lines' shares are (off, manufacturer, store)",
                "/".join(map(str, sums)), "/".join(map(str, expected)), RESTORE,
            )  # fmt: skip


# --- promised -------------------------------------------------------------------------------------


def promised(look: Look) -> Iterator[Finding]:
    """What uses took from promises is what their lists of published nights had promised."""
    issued = (
        select(EARLIER.key_id, EARLIER.counter, EARLIER.issue,
               cast(EARLIER.content, Text).label("content"))
        .subquery()
    )  # fmt: skip
    query = (
        select(*NAMED, USED.night, USED.worth, USED.probability, USED.shopper,
               USED.key_id, USED.counter,
               SHEET.night.label("of_night"), SHEET.shopper.label("of_shopper"),
               cast(SHEET.content, Text).label("content"), issued.c.content.label("earlier"))
        .join(tables.ShopperList, (SHEET.key_id == USED.key_id) & (SHEET.counter == USED.counter))
        .join(tables.Run, tables.Run.night == SHEET.night)
        .outerjoin(issued, (issued.c.key_id == USED.key_id) & (issued.c.counter == USED.counter))
        .where(USED.kind == "redeem", tables.Run.state == "published")
        .order_by(USED.id, issued.c.issue.desc())
    )  # fmt: skip
    sound, last = set[int](), None
    for row in look.rows(query):
        if last is not None and row.id != last.id:
            yield from _unpromised(last, sound)
        if _is_promised(row):
            sound = {row.id}
        last = row
    if last is not None:
        yield from _unpromised(last, sound)


def _is_promised(row: Row[Any]) -> bool:
    """Whether an issue of the list says what the redemption says of it."""
    if row.night not in (None, row.of_night) or row.shopper not in (None, row.of_shopper):
        return False
    for content in (row.content, row.earlier):
        try:
            items = [] if content is None else sheets.READ(content)["offers"]
        except sheets.UNREAD:
            return True  # the checks `contents` and `issues` name it
        for item in items:
            same = (row.worth, row.probability) == (item["worth"], item["probability"])
            if item["offer"] == row.offer and (same or row.night is None):
                return True
    return False


def _unpromised(row: Row[Any], sound: set[int]) -> Iterator[Finding]:
    if row.id not in sound:
        yield Finding(
            _named(row), "it says that its list promised",
            f"{row.worth} with probability {row.probability} on {row.night}",
            f"what an issue of the list {row.key_id}/{row.counter} of {row.of_night} says of the "
            "offer, to its household",
            "Budgets count the promise wrongly. " + RESTORE,
        )  # fmt: skip


CHECKS = (
    Check("counters", "offers' counters are the sums of their redemptions", counters),
    Check("limits", "hard offers keep to their budgets, and uses to what lists and terms say",
          limits),
    Check("reversals", "voids and returns take back what was used, and not more", reversals),
    Check("shares", "the shares of redemptions' lines add up to their money", shares),
    Check("promised", "what uses took from promises is what their lists promised", promised),
)  # fmt: skip
