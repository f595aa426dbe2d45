"""Sell baskets in several threads, and say the number of each that was acknowledged.

    offline_journal_child.py FOLDER FIRST

It ends when it is killed.
"""

import itertools
import sys
import threading
from hashlib import sha256
from pathlib import Path

from offline_sales import Till, start

THREADS = 4


def main() -> None:
    folder, first = Path(sys.argv[1]), int(sys.argv[2])
    journal, numbers, saying = start(folder), itertools.count(first), threading.Lock()

    def sell() -> None:
        till = Till(folder, journal)
        for number in numbers:
            answer = sha256(till.sell(number)).hexdigest()
            with saying:
                print(number, answer, flush=True)

    for _ in range(THREADS):
        threading.Thread(target=sell).start()


if __name__ == "__main__":
    main()
