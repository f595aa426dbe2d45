"""Which stack for the service? Lookups a second, and processor an answer, on one core.

    python scripts/bench/stack.py

Needs fastapi, granian, blacksheep and psycopg-pool, which promo itself does without.

The same SQL and the same sixteen connections for all; rounds take turns, so that what else the
machine does falls on each alike. docs/decisions.md has what it said.
"""

import statistics
import sys
from pathlib import Path

from sqlalchemy import create_engine, make_url
from till_kit import CLIENT_CORE, Load, Served, code, fill, free_port, on_core, postgresql, posts
from till_kit import server as serving

from promo import database

LISTS, SECONDS, ROUNDS = 10_000, 2.0, 3
CASES = (
    *((stack, "async", "postgresql") for stack in
      ("bare/uvicorn", "starlette/uvicorn", "starlette/granian", "blacksheep/uvicorn",
       "fastapi/uvicorn")),
    *(("starlette/uvicorn", access, "postgresql") for access in
      ("threads", "driver_sql", "core", "orm")),
    *(("starlette/uvicorn", access, "sqlite") for access in
      ("loop", "threads", "driver_sql", "core", "orm")),
)  # fmt: skip


def main() -> None:
    """Measure all, and print a table."""
    import tempfile

    with postgresql() as url, tempfile.TemporaryDirectory() as folder:
        file = f"sqlite:///{folder}/bench.db"
        for each in (url, file):
            fill(database.connect(each), LISTS)
        with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("vacuum analyze")
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        urls = {"postgresql": plain, "sqlite": file}
        on_core(CLIENT_CORE)
        load = posts("/v1/lookup", [{"code": code(n)} for n in range(LISTS)])
        seen: dict[tuple[str, str, str], list[Served]] = {case: [] for case in CASES}
        for _ in range(ROUNDS):
            for case in CASES:
                seen[case].append(measure(*case, urls[case[2]], load))
    for (stack, access, base), served in seen.items():
        rate = statistics.median(each.rate for each in served)
        cost = statistics.median(each.cost for each in served)
        wait = statistics.median(each.median_ms for each in served)
        print(f"| {stack} | {access} | {base} | {rate:,.0f} | {cost:,.0f} | {wait:.1f} |")


def measure(stack: str, access: str, base: str, url: str, load: list[bytes]) -> Served:
    """One case, once."""
    port = free_port()
    script = str(Path(__file__).with_name("stack_server.py"))
    with serving([sys.executable, script, stack, access, url, f"{port}"], port) as process:
        return Load(load).run(port, process, SECONDS)


if __name__ == "__main__":
    main()
