"""What the benches share: houses to measure in, and one line of JSON a bar."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROMO = ROOT / ".venv/bin/promo"
KEY = "1:only-for-the-bench-never-in-a-shop\n"
STAGE = re.compile(r"stage=(\S+) .*?seconds=([\d.]+)")


def report(bar: str, value: object, limit: object, *, ok: bool | None, quick: bool = False) -> None:
    """Print a bar; `ok` is None, or the line says `quick`, where only the long run can tell."""
    said = {"bar": bar, "value": value, "limit": limit, "ok": ok}
    print(json.dumps(said | ({"quick": True} if quick else {})), flush=True)


def note(text: str) -> None:
    """Say what is being done, on standard error."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Measured:
    """A command that ended well: what it said, how long it took, the memory it needed."""

    out: str
    err: str
    seconds: float
    peak_mb: float

    @property
    def stages(self) -> dict[str, float]:
        """Seconds by stage, as the command logged them."""
        return {name: float(seconds) for name, seconds in STAGE.findall(self.err)}


def promo(house: Path, *words: str, expect: tuple[int, ...] = (0,)) -> Measured:
    """Run a promo command in a house, in a process of its own."""
    command = [str(PROMO), "--config", str(house / "config.yaml"), *words]
    began = time.perf_counter()
    done = subprocess.run(["/usr/bin/env", "python3", "-c", WATCH, *command],
                          capture_output=True, text=True, check=False,
                          env=os.environ | {"PROMO_CODE_KEYS": KEY})  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode not in expect:
        sys.exit(f"bench: promo {' '.join(words)} left with {done.returncode}:\n{done.stderr}")
    err, _, peak = done.stderr.rpartition("peak_kb=")
    return Measured(done.stdout, err, seconds, int(peak or 0) / 1024)


# A process of its own between us and the command, so that the peak is that command's alone.
WATCH = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(f"peak_kb={peak}", end="", file=sys.stderr)
sys.exit(code)
"""


def make_house(folder: Path, *, today: str = "null") -> Path:
    """An empty house with the shipped settings, templates and prior; no household is control."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    text = text.replace("today: null ", f"today: {today} ", 1)
    text = text.replace("control_households: 0.02 ", "control_households: 0.00 ", 1)
    text = text.replace("stores: all ", "stores: [] ", 1)  # a sample's stores sell not every day
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "templates", folder / "templates")
    shutil.copytree(ROOT / "models", folder / "models")
    promo(folder, "init")
    return folder


def copy_house(source: Path, target: Path) -> Path:
    """The same house once more, elsewhere."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return target
