"""Chromium without a screen, driven over its own pipe: pages loaded, questions asked of them.

The DevTools protocol as JSON, a message ended by a zero byte, on file descriptors 3 and 4: no
driver, no port, no network. Each browser has a profile of its own that goes when it ends.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--disable-quic", "--hide-scrollbars", "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE = 60.0  # seconds for an answer
AXE = Path(sys.prefix) / "share/axe-core/axe.min.js"
WCAG_2_2_AA = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
PHONE, DESKTOP = (390, 844), (1280, 900)
# Puts the pipe's ends where Chromium looks for them, by way of descriptors that are neither.
ON_3_AND_4 = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
for place, end in zip((3, 4), ends):
    os.dup2(end, place)
    os.close(end)
os.execv(sys.argv[3], sys.argv[3:])
"""
ASK_AXE = """axe.run(document, {runOnly: %s, resultTypes: ['violations']}).then(found =>
    found.violations.map(rule => ({rule: rule.id, help: rule.help,
        nodes: rule.nodes.map(node => node.target.join(' ') + ': ' + node.failureSummary)})))"""

KEY_CODES = (
    {"Enter": 13, "Escape": 27, "Tab": 9}
    | {f"{n}": 48 + n for n in range(10)}
    | {f"F{n}": 111 + n for n in range(1, 13)}
)
UNTIL = """new Promise((done, fail) => {
    const end = performance.now() + %(ms)d;
    const look = () => (%(condition)s) ? done(1)
        : performance.now() > end ? fail(new Error('never: ' + %(said)s)) : setTimeout(look, 5);
    look();
})"""


class Browser:
    """One page of a running Chromium."""

    def __init__(self, process: "subprocess.Popen[bytes]", to: int, back: int) -> None:
        self._process, self._to, self._back = process, to, back
        self._count, self._read, self._session = 0, b"", ""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._ask("Page.enable")

    def show(self, path: Path, size: tuple[int, int], *, dark: bool = False) -> None:
        """Load a file in a window of so many CSS pixels, and wait until it is drawn."""
        self.open(path.resolve().as_uri(), size, dark=dark)

    def open(self, address: str, size: tuple[int, int], *, dark: bool = False) -> None:
        """The same with an address."""
        wide, high = size
        self._ask("Emulation.setDeviceMetricsOverride", width=wide, height=high,
                  deviceScaleFactor=2 if wide < 600 else 1, mobile=wide < 600)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", media="", features=[scheme])
        self._ask("Page.navigate", url=address)
        self.ask(
            "new Promise(done => document.readyState == 'complete' ? done() : "
            "addEventListener('load', done)).then(() => document.fonts.ready).then(() => 1)"
        )

    def ask(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        found = self._ask("Runtime.evaluate", expression=script, awaitPromise=True,
                          returnByValue=True)  # fmt: skip
        if "exceptionDetails" in found:
            raise RuntimeError(f"The page failed: {json.dumps(found['exceptionDetails'])[:500]}")
        return found["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until an expression is true in the page. Raises RuntimeError if it never is."""
        self.ask(UNTIL % {"condition": condition, "said": json.dumps(condition),
                          "ms": int(500 * PATIENCE)})  # fmt: skip

    def type(self, text: str, then: str = "Enter") -> None:
        """Type into what has the focus as a scanner does: the characters, then a key."""
        self._ask("Input.insertText", text=text)
        self.press(then)

    def press(self, key: str) -> None:
        """Press and let go one key, by its name in the DOM."""
        code = KEY_CODES[key]
        words: dict[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        text = {"text": "\r"} if key == "Enter" else {}
        self._ask("Input.dispatchKeyEvent", type="keyDown", **words, **text)
        self._ask("Input.dispatchKeyEvent", type="keyUp", **words)

    def click(self, element: str) -> None:
        """Press the mouse's button on an element, an expression in the page."""
        at = self.ask(f"(e => {{ e.scrollIntoView({{block: 'center'}}); const r = "
                      f"e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2];"
                      f" }})({element})")  # fmt: skip
        for kind in ("mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left",
                      clickCount=1)  # fmt: skip

    def violations(self) -> list[dict[str, Any]]:
        """What axe-core finds against WCAG 2.2 AA on the page that is shown."""
        self.ask(axe())
        found: list[dict[str, Any]] = self.ask(ASK_AXE % json.dumps(WCAG_2_2_AA))
        return found

    def screenshot(self, path: Path) -> None:
        """The whole page as a PNG."""
        found = self._ask("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def _ask(self, method: str, **words: Any) -> dict[str, Any]:
        self._count += 1
        message = {"id": self._count, "method": method, "params": words}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._answer()
            if answer.get("id") == self._count:
                break
        if "error" in answer:
            raise RuntimeError(f"Chromium refused {method}: {answer['error']['message']}.")
        result: dict[str, Any] = answer["result"]
        return result

    def _answer(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._read:
            ready, _, _ = select.select([self._back], [], [], max(end - time.monotonic(), 0))
            if not ready:
                raise TimeoutError(f"Chromium said nothing for {PATIENCE:.0f} seconds.")
            more = os.read(self._back, 2**20)
            if not more:
                raise RuntimeError(f"Chromium ended with {self._process.wait()}.")
            self._read += more
        message, _, self._read = self._read.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@contextmanager
def browser() -> Iterator[Browser]:
    """A Chromium of our own, ended afterwards. Raises RuntimeError where there is none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise RuntimeError("There is no Chromium here; scripts/setup says how to get it.")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        (their_in, our_out), (our_in, their_out) = os.pipe(), os.pipe()
        ends = (str(their_in), str(their_out))
        command = [program, *QUIET, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(
            [sys.executable, "-c", ON_3_AND_4, *ends, *command],
            pass_fds=(their_in, their_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(their_in)
        os.close(their_out)
        try:
            yield Browser(process, our_out, our_in)
        finally:
            os.close(our_out)
            os.close(our_in)
            process.kill()
            process.wait()


def axe() -> str:
    """The source of axe-core. Raises RuntimeError where scripts/setup could not get it."""
    if not AXE.exists():
        raise RuntimeError(f"There is no axe-core in {AXE}; scripts/setup says how to get it.")
    return AXE.read_text(encoding="utf-8")
