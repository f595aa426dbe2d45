"""The bars of operating. One line of JSON a bar; `quick` where only the long run can tell.

.venv/bin/python scripts/bench/operate.py                  all; about an hour
.venv/bin/python scripts/bench/operate.py --quick          small versions, in some minutes
.venv/bin/python scripts/bench/operate.py --only killed    one of the parts below
"""

import parts

PARTS = {
    "killed": "operate_killed",
    "trouble": "operate_trouble",
    "same": "operate_same",
    "poslog": "operate_poslog",
    "forgotten": "operate_forgotten",
    "restore": "operate_restore",
}


def main() -> None:
    """Measure the parts that the command line asks for."""
    parts.run({name: parts.Later(module) for name, module in PARTS.items()}, __doc__)
