"""Fuzz: schemathesis over the API of a live service, with a valid key and a chain's real data.

No answer is a fault of ours, none is undocumented: statuses, media types, headers and schemas, in
which each verb's refusals stand one by one.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from checkout_shop import make_house, open_shop, served
from kit import note, report
from till_kit import postgresql

from promo import database
from promo.checkout import store_keys

CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_headers_conformance", "response_schema_conformance", "unsupported_method",
          "allow_header_conformance", "ignored_auth")  # fmt: skip
ANSWERS = re.compile(r'promo_answers_total{route="(.*?)",status="(\d+)",refused="(.*?)"} (\d+)')
FUZZERS = 2
COUPONS = 3
BEHIND = 0.25  # of all answers that must be a yes: else the fuzzer has only knocked


def judge() -> None:
    """Ten minutes."""
    fuzz(600, lists=60)


def judge_quickly() -> None:
    """Half a minute."""
    fuzz(30, lists=10)


def fuzz(seconds: int, lists: int) -> None:
    """Measure and report."""
    with postgresql() as url, tempfile.TemporaryDirectory() as folder:
        engine = database.connect(url)
        open_shop(engine, lists, coupons=COUPONS, uses=lists)
        with engine.begin() as connection:
            key = store_keys.add(connection, "1", store_keys.VERBS, datetime.now(UTC))
        engine.dispose()
        house = make_house(Path(folder))
        _open_wide(house / "config.yaml")
        with served(house, url) as (process, port):
            ended = _schemathesis(f"http://127.0.0.1:{port}", key, seconds, lists, folder)
            metrics = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
            note(f"memory of the service: {process.memory_info().rss >> 20} MiB")
    _report(ended, metrics, seconds)


def _open_wide(config: Path) -> None:
    """Guesses are what a fuzzer sends; it must not be told to wait."""
    said = config.read_text(encoding="utf-8")
    said = said.replace("failed_codes_per_minute: 20 ", "failed_codes_per_minute: 100000000 ", 1)
    config.write_text(said, encoding="utf-8")


def _schemathesis(url: str, key: str, seconds: int, lists: int, folder: str) -> list[int]:
    """The exit codes of fuzzers that ask at once; what they have to say goes to standard error.

    Processes of one thread each: CPython 3.11 cannot parse sources in several.
    """
    words = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/v1/openapi.json",
             "--checks", ",".join(CHECKS), "--max-time", f"{seconds}", "--workers", "1",
             "--header", f"Authorization: Bearer {key}", "--no-color", "--no-shrink",
             "--generation-database", "none", "--suppress-health-check", "all",
             "--continue-on-failure", "--warnings", "off"]  # fmt: skip
    known = {"SCHEMATHESIS_HOOKS": "checkout_fuzz_hooks", "PROMO_FUZZ_LISTS": f"{lists}"}
    path = os.pathsep.join(filter(None, (str(Path(__file__).parent), os.environ.get("PYTHONPATH"))))
    environment = os.environ | known | {"PYTHONPATH": path}
    started = [
        subprocess.Popen(words, env=environment, cwd=folder, stdout=sys.stderr)
        for _ in range(FUZZERS)
    ]
    return [each.wait() for each in started]


def _report(ended: list[int], metrics: str, seconds: int) -> None:
    found = [(route, int(status), refused, int(count))
             for route, status, refused, count in ANSWERS.findall(metrics)]  # fmt: skip
    by_verb: dict[str, Counter[str]] = {}
    statuses = Counter[int]()
    for route, status, refused, count in found:
        by_verb.setdefault(route, Counter())[refused or f"{status}"] += count
        statuses[status] += count
    for route, counts in sorted(by_verb.items()):
        note(f"{route}: {json.dumps(dict(counts.most_common()))}")
    faults = sum(count for status, count in statuses.items() if status >= 500)
    value = {"seconds": seconds, "answers": statuses.total(), "faults": faults,
             "schemathesis": ended, "by_status": _sorted(statuses)}  # fmt: skip
    deep = statuses[200] >= BEHIND * statuses.total()
    report(
        "fuzz: no 5xx, no undocumented answer", value, 0, ok=not faults and not any(ended) and deep
    )


def _sorted(statuses: Mapping[int, int]) -> dict[str, int]:
    return {f"{status}": statuses[status] for status in sorted(statuses)}


if __name__ == "__main__":
    judge_quickly()
