"""The bare loop of checkout_speed: recorded statements played with 16 connections.

In a process of its own, which needs nothing but psycopg, on the service's core. Says how many
redeems that were, in how many seconds, and of those the processor's.
"""

import json
import os
import pickle
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg
from till_kit import CONNECTIONS, SERVER_CORE


def play(connection: "psycopg.Connection[Any]", redeems: list[list[tuple[str, Any]]]) -> None:
    """Play some redeems' statements."""
    for statements in redeems:
        for sql, values in statements:
            got = connection.execute(sql, values)
            if got.description:
                got.fetchall()


def main(url: str, path: str) -> None:
    """Play all redeems of a file; a tenth of them before counting, so that all is warm."""
    psutil.Process().cpu_affinity([SERVER_CORE % (os.cpu_count() or 1)])
    redeems: list[list[tuple[str, Any]]] = pickle.loads(Path(path).read_bytes())
    connections = [psycopg.connect(url, autocommit=True) for _ in range(CONNECTIONS)]
    warm = max(len(redeems) // 10, CONNECTIONS)
    _all(connections, redeems[:warm])
    began, processor = time.perf_counter(), time.process_time()
    _all(connections, redeems[warm:])
    took, used = time.perf_counter() - began, time.process_time() - processor
    print(json.dumps({"answers": len(redeems) - warm, "seconds": took, "processor": used}))


def _all(connections: "list[psycopg.Connection[Any]]", redeems: list[Any]) -> None:
    threads = [
        threading.Thread(target=play, args=(connection, redeems[n::CONNECTIONS]))
        for n, connection in enumerate(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
