"""A store whose line is cut: decides what its plan says, and sends its journal all the while.

    offline_sync_child.py FOLDER STORE STORES BASKETS SHARED URL

What a till was answered goes into FOLDER/acknowledged: number in the plan, then the answer in
hexadecimal. Killed and started again it goes on there; what was not acknowledged is asked again.
"""

import os
import sys
import threading
from datetime import UTC, date, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from checkout_shop import DAY
from offline_sales import NOW, driver_of
from offline_sync_plan import Chain, Item
from till_kit import KEYS

from promo import config
from promo.checkout import selling, taking_back
from promo.checkout.pack import journaled
from promo.checkout.pack.journaled import Journaled
from promo.checkout.pack.syncing import Sender, Where
from promo.checkout.request import Request
from promo.checkout.service_address import Address
from promo.checkout.statements import Statements
from promo.checkout.store_keys import StoreKey
from promo.language import Languages

EVERY = 0.2  # seconds between looks for what is to be sent


def main() -> None:
    folder, store, url = Path(sys.argv[1]), sys.argv[2], sys.argv[6]
    chain = Chain(*map(int, sys.argv[3:6]))
    driver = driver_of(folder / "store.db")
    journal = journaled.start(driver, folder / "journal", [store], datetime.now(UTC))
    till = Till(folder, Journaled(driver, journal, lambda: datetime.now(UTC)), store)
    where = Where(Address.of(url), (folder / "key").read_text(), seconds=5.0)
    sender = Sender(folder / "journal", where, batch=100_000)
    threading.Thread(target=sender.run, args=(threading.Event(), EVERY), daemon=True).start()
    log = os.open(folder / "acknowledged", os.O_RDWR | os.O_APPEND | os.O_CREAT)
    done = os.pread(log, 1 << 30, 0).count(b"\n")
    for number, item in islice(enumerate(chain.plan(store)), done, None):
        os.write(log, f"{number} {till.ask(item).hex()}\n".encode())
    (folder / "done").touch()
    threading.Event().wait()  # the rest is sent until we are killed


class Till:
    """Asks the store's own statements."""

    def __init__(self, folder: Path, statements: Journaled, store: str) -> None:
        settings = config.load(folder.parent / "config.yaml")
        self.house, self.statements = selling.House(settings, KEYS), statements
        self.language = Languages.of(settings)["en"]
        self.key = StoreKey(1, store, frozenset(), "", "", NOW, None, None, "UTC", "en")

    def ask(self, item: Item) -> bytes:
        """What the till is answered."""
        request = Request(item.verb, item.body, self.key, NOW, date.fromisoformat(DAY),
                          self.language)  # fmt: skip
        return self.statements.in_transaction(partial(self._do, request=request))

    def _do(self, statements: Statements, request: Request) -> bytes:
        if request.verb == "redeem":
            return selling.redeem(statements, self.house, request).answer
        take = taking_back.bring_back if request.verb == "return" else taking_back.void
        return take(statements, self.house.settings, request)


if __name__ == "__main__":
    main()
