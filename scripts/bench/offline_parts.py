"""The bars of the offline pack. One line of JSON a bar; `quick` where only the long run can tell.

.venv/bin/python scripts/bench/offline.py                  all
.venv/bin/python scripts/bench/offline.py --quick          small versions, in some minutes
.venv/bin/python scripts/bench/offline.py --only pack      one of the parts below
"""

import parts

PARTS = {
    "pack": "offline_pack",
    "tampered": "offline_tampered",
    "same": "offline_same",
    "journal": "offline_journal",
    "killed": "offline_killed",
    "sync": "offline_sync",
}


def main() -> None:
    """Measure the parts that the command line asks for."""
    parts.run({name: parts.Later(module) for name, module in PARTS.items()}, __doc__)
