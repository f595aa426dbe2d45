"""A store machine put together: keys, pack, journal, `store.db`, head office, and the service."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from promo.checkout.pack import keys as pack_keys
from promo.checkout.pack import syncing_keys
from promo.checkout.pack.faults import PackError
from promo.checkout.pack.found_packs import FoundPacks
from promo.checkout.pack.head_office import HeadOffice
from promo.checkout.pack.opened import Pack
from promo.checkout.pack.sending import Sending
from promo.checkout.pack.store_house import JOURNAL, StoreHouse
from promo.checkout.pack.store_service import StoreService
from promo.checkout.pack.syncing import Sender, Where
from promo.checkout.service_address import Address
from promo.checkout.watching import Write, write_line
from promo.config import Settings
from promo.errors import Sentence
from promo.lists.codes.keys import CodeKeys

FOLDER, PACKS = "line-down", "packs"  # in paths.state; in that


class WhichStore(Sentence):
    """Nobody said in which store the machine stands."""

    exit_code = 2


class Asked(NamedTuple):
    """What `promo serve --pack` was told; stores: where the machine stands."""

    pack: Path
    delta: Path | None = None
    journal: Path | None = None
    stores: tuple[str, ...] = ()
    head_office: Address | None = None
    till: bool = False


@contextmanager
def opened(
    settings: Settings, codes: CodeKeys, asked: Asked, write: Write = write_line
) -> Iterator[StoreService]:
    """A store machine's service, ready to be served.

    Raises PackError, PackKeyError, JournalError, NoAddress, WhichStore, SyncKeyMissing, Stuck,
    Busy.
    """
    folder = asked.journal or settings.paths.state / FOLDER
    packs = FoundPacks(
        asked.pack, asked.delta, pack_keys.public_of(settings), codes, folder / PACKS, asked.stores
    )
    pack = packs.first(datetime.now(UTC), lambda error: _say(write, error))
    stores = packs.stores = asked.stores or _only(pack)
    head_office = sending = None
    if asked.head_office is not None:
        seconds, threads = settings.packs.head_office_seconds, settings.service.threads
        head_office = HeadOffice(asked.head_office, seconds, threads)
        where = Where(asked.head_office, syncing_keys.key(settings))
        sender = Sender(folder / JOURNAL, where)
        sending = Sending(sender, settings.packs.send_seconds, write)
    house = StoreHouse.open(folder, sorted(stores), pack)
    for mended in filter(None, (house.mended, house.journal.mended)):
        write({"level": "warning", "message": mended})
    service = StoreService(
        settings, codes, house, packs, head_office=head_office, sending=sending, write=write,
        till=asked.till,
    )  # fmt: skip
    try:
        yield service
    finally:
        service.close()


def _only(pack: Pack) -> tuple[str, ...]:
    stores = pack.about.stores
    if len(stores) > 1:
        some = ", ".join(stores[:5])
        raise WhichStore(
            f"The pack of region {pack.about.region} is for {len(stores)} stores ({some} …). "
            "Say in which of them this machine stands: --store."
        )
    return tuple(stores)


def _say(write: Write, error: PackError) -> None:
    write({"level": "error", "refused_pack": error.reason, "message": str(error)})
