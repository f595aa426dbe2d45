"""A decision of a journal in one line, for whoever looks into it."""

from collections import Counter

from promo.checkout.pack.chain import Record


def in_words(record: Record) -> str:
    """Such as `12  2017-11-08 10:30:00  redeem  store 1, till 3, 2017-11-08, 4711: milk 1`.

    Uses of offers as they are booked: what was given back is negative.
    """
    said = record.content
    uses = Counter[str]()
    for change in record.changes:
        if change.table == "redemptions" and change.row is not None:
            uses[change.row["offer"]] += change.row["uses"]
    name = "no transaction"
    if said["name"] is not None:
        name = "store {}, till {}, {}, {}".format(*said["name"])
    what = ", ".join(f"{offer} {count}" for offer, count in uses.items()) or "no uses"
    at = said["at"][:19].replace("T", " ")
    return f"{record.seq:,}  {at}  {said['verb'] or 'other'}  {name}: {what}"
