"""How much a key may ask: token buckets, which fill by the second and hold at most a burst."""

from dataclasses import dataclass, field

MOST_KEYS = 10_000


@dataclass
class Bucket:
    """Tokens left at a moment (seconds of any clock that only goes forward)."""

    left: float
    at: float


@dataclass
class Limit:
    """So many a second, `burst` at once; each key has a bucket of its own."""

    rate: float
    burst: float
    buckets: dict[int, Bucket] = field(default_factory=dict)

    def wait(self, key: int, now: float) -> float:
        """Seconds until the key may take a token; 0.0 if it may now."""
        missing = 1.0 - self._filled(key, now).left
        return max(0.0, missing / self.rate)

    def take(self, key: int, now: float) -> None:
        """Take a token, which may leave less than none: what is done is counted."""
        self._filled(key, now).left -= 1.0

    def _filled(self, key: int, now: float) -> Bucket:
        bucket = self.buckets.get(key)
        if bucket is None:
            if len(self.buckets) >= MOST_KEYS:
                self._forget(now)
            bucket = self.buckets[key] = Bucket(self.burst, now)
        bucket.left = min(self.burst, bucket.left + (now - bucket.at) * self.rate)
        bucket.at = now
        return bucket

    def _forget(self, now: float) -> None:
        """Drop the buckets that are full again: they say nothing."""
        whole = self.burst / self.rate
        self.buckets = {key: b for key, b in self.buckets.items() if now - b.at < whole}
