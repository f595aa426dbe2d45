"""Replay a fortnight of Complete Journey: history first, then night after night."""

import json
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ROOT / "demo"
FIRST, NIGHTS = date(2017, 11, 6), 14
# A demo's lists open nothing of value, so that every demo may print the same codes.
KEY = "1:only-for-the-demo-never-in-a-shop\n"

# A household that gets a list in any demo, and what it buys: items of the list by their numbers.
CARD = "718"
SALE = f"card {CARD}\n2*#1\n2*#3\n2*#5\npay\nvoid\n"


def make_house() -> None:
    """A house in demo/: the shipped settings, with the calendar stopped at the last night."""
    shutil.rmtree(HOUSE, ignore_errors=True)
    HOUSE.mkdir()
    last = FIRST + timedelta(NIGHTS - 1)
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    text = text.replace("today: null ", f"today: {last} ", 1)
    text = text.replace("stores: all ", "stores: [] ", 1)  # a sample's stores sell not every day
    text = text.replace("templates: templates", "templates: ../templates", 1)
    (HOUSE / "config.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "models" / "prior", HOUSE / "models" / "prior")
    (HOUSE / "code.key").write_text(KEY, encoding="utf-8")
    (HOUSE / "code.key").chmod(0o600)


def promo(*words: str, typed: str | None = None, good: int = 0) -> None:
    """Run a promo command as an operator would, and stop when it leaves with more than `good`."""
    print(f"\n$ promo {' '.join(words)}", flush=True)
    done = subprocess.run(command(*words), check=False, input=typed, text=True)
    if done.returncode > good:
        sys.exit(f"demo: promo {words[0]} left with exit code {done.returncode}")


def command(*words: str) -> list[str]:
    """A promo command in the demo's house."""
    return [str(ROOT / ".venv/bin/promo"), "--config", str(HOUSE / "config.yaml"), *words]


def compile_ahead() -> "subprocess.Popen[bytes]":
    """Compile what the first night needs while history comes in, on the other core."""
    return subprocess.Popen([ROOT / ".venv/bin/python", ROOT / "scripts/compile.py"])


def replay() -> None:
    """Feed each night the till log that has come since the one before, then make its lists."""
    journey = ("ingest", "installed", "--format", "complete-journey")
    yesterday = FIRST - timedelta(1)
    promo("init")
    promo(*journey, "--to", str(yesterday - timedelta(1)))
    promo("offers", "import", "installed", "--format", "complete-journey")
    for night in (FIRST + timedelta(n) for n in range(NIGHTS)):
        log = str(night - timedelta(1))
        promo(*journey, "--table", "scans", "--from", log, "--to", log)
        if night == FIRST:
            promo("fit", "--day", str(FIRST))
        promo("nightly", "--day", str(night))
        promo("publish", "--day", str(night))


def look_after() -> None:
    """What an operator does in the morning; 1 is something to look at."""
    promo("status", good=1)
    promo("check", good=1)


def sell() -> str:
    """A sale at the till, taken back afterwards; returns its store."""
    seen = subprocess.run(command("lookup", "--card", CARD, "--json"), check=True,
                          capture_output=True)  # fmt: skip
    store = str(json.loads(seen.stdout)["store"])
    promo("till", "--store", store, typed=SALE)
    return store


def tell(store: str) -> None:
    """What was made, and what to try next."""
    runs = [json.loads(p.read_text()) for p in sorted(HOUSE.glob("out/*/run.json"))]
    count = {k: sum(run["counts"][k] for run in runs) for k in runs[0]["counts"]}
    print("\nThe lists of the fortnight, a PDF a night:")
    for run in runs:
        print(f"  demo/out/{run['day']}/lists.pdf  {run['counts']['lists']} lists")
    manifest = (HOUSE / "out" / runs[-1]["day"] / "manifest.csv").read_text().splitlines()
    print(
        f"\n{count['lists']:,} lists with {count['due']:,} due items and {count['offers']:,} "
        f"offers worth ${count['worth'] / 100:,.2f} at the till.\n\n"
        "Open one as a till would:\n"
        f"  .venv/bin/promo --config demo/config.yaml lookup {manifest[1].split(',')[-1]}\n"
        "  .venv/bin/promo --config demo/config.yaml lookup --card 718\n\n"
        "Sell something yourself, in the terminal:\n"
        f"  .venv/bin/promo --config demo/config.yaml till --store {store}\n"
        "or in a browser, at http://127.0.0.1:8080/till with the key that the first line prints:\n"
        f"  .venv/bin/promo --config demo/config.yaml stores key add --till --store {store}\n"
        "  .venv/bin/promo --config demo/config.yaml serve --till"
    )


if __name__ == "__main__":
    make_house()
    compiling = compile_ahead()
    replay()
    compiling.wait()
    look_after()
    tell(sell())
