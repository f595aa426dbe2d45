"""Stored lists: their nights, codes, windows, offers, earlier issues, and what they promise."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Row, Text, and_, cast, func, literal, or_, select

from promo import tables
from promo.checking import sheets
from promo.checking.findings import LOOK, Check, Finding, several
from promo.checking.look import Look
from promo.checking.sheets import EARLIER, SHEET
from promo.lists.codes import list_code
from promo.lists.codes.keys import CodeKeys, load_keys
from promo.lists.items import OfferItem
from promo.scans.gtin import CodeError

RESTORE = sheets.RESTORE


# --- nights ---------------------------------------------------------------------------------------


def nights(look: Look) -> Iterator[Finding]:
    """What a night reported is what is stored of its lists: counts, days, buckets."""
    for run in look.runs:
        if not run.report:
            if look.holder is None:
                yield _died(look, run)
            continue
        yield from _counts(look, run)
        yield from _window(look, run)
        yield from _buckets(look, run)


def _died(look: Look, run: Row[Any]) -> Finding:
    level = "wrong" if run.state == "published" else LOOK
    return Finding(
        f"the night of {run.night}", "its lists are registered, and it has", "no report",
        "a report, written when all is printed",
        f"It died before it was done: run `promo nightly --day {run.night}` again.", level,
    )  # fmt: skip


def _counts(look: Look, run: Row[Any]) -> Iterator[Finding]:
    where, said = f"the night of {run.night}", run.report.get("counts", {})
    found = sheets.night(look, run.night)
    gone = sheets.forgotten(run)
    stored = found.counts | {"stores": len(found.stores), "lists": found.counts["lists"] + gone}
    names = ["lists"]
    if not gone:  # what stood on lists that are gone is known no more
        # A content that cannot be read is a finding of its own.
        names += ["stores"] if found.unread else ["due", "offers", "worth", "stores"]
    for name in names:
        if said.get(name) != stored[name]:
            yield Finding(
                where, f"its report counts for `{name}`", f"{said.get(name)}",
                f"{stored[name]}, as is stored of its lists", RESTORE,
            )  # fmt: skip


def _window(look: Look, run: Row[Any]) -> Iterator[Finding]:
    where, report = f"the night of {run.night}", run.report
    said = (date.fromisoformat(report["first_day"]), date.fromisoformat(report["last_day"]))
    for days, code in sheets.night(look, run.night).windows.items():
        if days != said:
            yield Finding(f"list {code}", "it is good", f"{days[0]} to {days[1]}",
                          f"{said[0]} to {said[1]}, as all lists of {run.night}",
                          RESTORE)  # fmt: skip
    now = look.settings.window(run.night)
    if run.state == "draft" and said != (now.first, now.last):
        yield Finding(
            where, "its lists are good", f"{said[0]} to {said[1]}",
            f"{now.first} to {now.last}, as config.yaml says now",
            f"Run `promo nightly --day {run.night}` again before it is published.", LOOK,
        )  # fmt: skip


def _buckets(look: Look, run: Row[Any]) -> Iterator[Finding]:
    shopper = tables.Shopper
    query = (
        select(shopper.bucket, func.count())
        .join(tables.ShopperList, tables.ShopperList.shopper == shopper.id)
        .where(SHEET.night == run.night, shopper.bucket.not_in(run.report["buckets"]))
        .where(sheets.own(SHEET))
        .group_by(shopper.bucket)
        .order_by(shopper.bucket)
    )
    found = [f"{count:,} of bucket {bucket}" for bucket, count in look.rows(query)]
    if found:
        yield Finding(f"the night of {run.night}", "it has lists of households that were not its:",
                      several(found), "households of its wave's buckets", RESTORE)  # fmt: skip


# --- codes ----------------------------------------------------------------------------------------


def codes(look: Look) -> Iterator[Finding]:
    """Each list's code is the one that its key makes of its counter; counters only rise."""
    yield from _counters(look)
    try:
        keys = _keys(look)
    except CodeError as error:
        yield Finding("code.key", "the keys of the list codes cannot be used:", str(error),
                      "a line `key id:secret` for each key",
                      "Restore code.key: without it no list opens.")  # fmt: skip
        return
    own = {number: CodeKeys(keys.document_type, keys.secrets, number) for number in keys.secrets}
    unknown = dict[int, int]()
    for run in look.runs:
        query = select(SHEET.key_id, SHEET.counter, SHEET.code).where(SHEET.night == run.night)
        for row in look.rows(query.order_by(SHEET.key_id, SHEET.counter)):
            if row.key_id not in own:
                unknown[row.key_id] = unknown.get(row.key_id, 0) + 1
            elif row.code != (made := list_code(own[row.key_id], row.counter)):
                yield Finding(
                    f"list {row.key_id}/{row.counter} of {run.night}", "its code is", row.code,
                    f"{made}, as key {row.key_id} makes it",
                    "No till opens it. Restore code.key or the database, from one backup.",
                )  # fmt: skip
    for number, count in sorted(unknown.items()):
        yield Finding("code.key", f"{count:,} lists have codes of a key that is not there:",
                      f"key {number}", "every key that printed a list",
                      "Restore that key: without it these lists do not open.")  # fmt: skip


def _keys(look: Look) -> CodeKeys:
    text = look.settings.secret("PROMO_CODE_KEYS", "code.key")
    if not text:
        raise CodeError("There are none.")
    return load_keys(look.settings.lists.document_type, text)


def _counters(look: Look) -> Iterator[Finding]:
    """A key that has forgotten how far it counted would print a serial twice."""
    counter = tables.KeyCounter
    query = (
        select(SHEET.key_id, func.max(SHEET.counter).label("highest"), counter.last)
        .outerjoin(counter, counter.key_id == SHEET.key_id)
        .group_by(SHEET.key_id, counter.last)
    )
    for key_id, highest, last in look.rows(query):
        if last is None or last < highest:
            yield Finding(
                f"key_counters, key {key_id}", "the last counter given out is", f"{last}",
                f"{highest} or more, the highest on a list",
                "A night would give serials out twice. Set it to the highest on a list; if lists "
                "were lost, higher.",
            )  # fmt: skip


# --- contents -------------------------------------------------------------------------------------


def contents(look: Look) -> Iterator[Finding]:
    """What stands on lists can be read, is worth what they say, and was good on their days."""
    offer = tables.Offer
    known = {
        row.id: row for row in look.rows(select(offer.id, offer.starts, offer.ends, offer.hard))
    }
    for run in look.runs:
        found = sheets.night(look, run.night)
        yield from found.odd
        for (name, again), code in sorted(found.offers.items()):
            where = f"the lists of {run.night}, {code} among them"
            if name not in known:
                yield Finding(where, "an offer on them is not there:", name,
                              "an offer of the table", RESTORE)  # fmt: skip
            elif known[name].hard:
                yield Finding(where, "an offer on them is hard:", name, "none: a printed promise "
                              "is honoured, and hard offers are refused at their limit",
                              "Give the offer more budget than all its promises.")  # fmt: skip
            elif run.report:
                yield from _in_date(where, run.report, known[name], again=again)


def _in_date(
    where: str, report: dict[str, Any], row: Row[Any], *, again: bool
) -> Iterator[Finding]:
    """Whether an offer is good on all days of lists; what came later need not be from the first."""
    first, last = (date.fromisoformat(report[name]) for name in ("first_day", "last_day"))
    if row.starts > (last if again else first) or row.ends < last:
        yield Finding(
            where, f"offer {row.id} on them is good", f"{row.starts} to {row.ends}",
            f"all days of the lists, {first} to {last}",
            "Restore the offer's dates: tills honour what is printed by them.",
        )  # fmt: skip


# --- overlaps -------------------------------------------------------------------------------------


def overlaps(look: Look) -> Iterator[Finding]:
    """No offer stands on two lists of a household that are open on the same day."""
    one, two = (tables.ShopperList.__table__.alias(name) for name in ("one", "two"))
    query = select(
        one.c.code, two.c.code, cast(one.c.content, Text), cast(two.c.content, Text)
    ).where(
        one.c.shopper == two.c.shopper,
        or_(one.c.night < two.c.night,
            and_(one.c.night == two.c.night, one.c.counter < two.c.counter)),
        one.c.last_day >= two.c.first_day,
        one.c.first_day <= two.c.last_day,
        sheets.own(one.c), sheets.own(two.c),
        one.c.night.in_([run.night for run in look.runs]),
    )  # fmt: skip
    for first, second, *contents in look.rows(query.order_by(one.c.code, two.c.code)):
        on = [_offers(content) for content in contents]
        if both := sorted(on[0] & on[1]):
            yield Finding(
                f"lists {first} and {second}", "of one household and open together, both have",
                several(both), "an offer on one of them",
                "Its budget holds it twice. If one is a draft, run `promo nightly` for it again.",
            )  # fmt: skip


def _offers(content: str) -> set[str]:
    try:
        packed = sheets.READ(content)["offers"]
        return {OfferItem.unpacked(item).offer for item in packed}
    except sheets.UNREAD:
        return set()  # the check `contents` names it


# --- issues ---------------------------------------------------------------------------------------


def issues(look: Look) -> Iterator[Finding]:
    """Of a list that was issued anew all earlier issues are kept, and can be read."""
    count, highest = func.count(EARLIER.issue), func.coalesce(func.max(EARLIER.issue), literal(0))
    query = (
        select(SHEET.code, SHEET.issue, count, highest)
        .outerjoin(
            tables.EarlierIssue,
            (EARLIER.key_id == SHEET.key_id) & (EARLIER.counter == SHEET.counter),
        )
        .group_by(SHEET.key_id, SHEET.counter, SHEET.code, SHEET.issue)
        .having((count != SHEET.issue - 1) | (highest != SHEET.issue - 1))
        .order_by(SHEET.key_id, SHEET.counter)
    )
    for code, issue, kept, last in look.rows(query):
        yield Finding(
            f"list {code}", f"it is issue {issue}, and of earlier ones there are",
            f"{kept}, up to {last}", f"{issue - 1}",
            "Paper of the earlier issue may still come to a till. " + RESTORE,
        )  # fmt: skip
    rows = select(EARLIER.key_id, EARLIER.counter, EARLIER.issue,
                  cast(EARLIER.content, Text).label("content"),
                  literal("").label("shopper"), literal("").label("store"))  # fmt: skip
    for row in look.rows(rows.order_by(EARLIER.key_id, EARLIER.counter, EARLIER.issue)):
        try:
            sheets.unpacked(row, row.content)
        except sheets.UNREAD as error:
            yield Finding(f"list {row.key_id}/{row.counter}, issue {row.issue}",
                          "its content cannot be read:", str(error), "due items and offers",
                          RESTORE)  # fmt: skip


CHECKS = (
    Check("nights", "what nights reported is what is stored of their lists", nights),
    Check("codes", "each list's code is what its key makes of its counter", codes),
    Check("contents", "what stands on lists can be read, adds up, and is good on their days",
          contents),
    Check("overlaps", "no offer is on two lists of a household that are open together", overlaps),
    Check("issues", "of lists issued anew all earlier issues are kept", issues),
)  # fmt: skip
