"""The journal sent to head office beside the service, in a thread of its own."""

import asyncio
import threading
from contextlib import suppress

from promo.checkout.pack.syncing import Sender
from promo.checkout.watching import Write

END = 5.0  # seconds that a batch under way has at the end


class Sending:
    """Sends as long as the service runs; what it could not send the next start sends."""

    def __init__(self, sender: Sender, every: float, write: Write) -> None:
        """every: seconds between two looks for decisions that are not sent; write: log lines."""
        self.sender = sender
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=sender.run, args=(self._stop, every, self._tell), name="sending", daemon=True
        )
        self._write = write

    @property
    def sent(self) -> int:
        """The last decision that head office has taken in."""
        return self.sender.progress.seq

    async def run(self) -> None:
        """Send, again and again, until it is cancelled."""
        self._thread.start()
        try:
            await asyncio.Event().wait()
        finally:
            self._stop.set()

    def close(self) -> None:
        """Hang up, once a batch that is under way has had its time."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(END)
        self.sender.close()

    def _tell(self, fault: str) -> None:
        # A log that cannot be written, on a full disk, must not stop the sending.
        with suppress(OSError):
            self._write({"level": "warning", "unsent": fault})
