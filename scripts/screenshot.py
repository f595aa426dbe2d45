"""The till's page in the middle of a sale, as a picture."""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import chromium
from checkout.corner import BREAD, CHEESE, FLAKES, MILK, SHORT, open_corner_shop
from checkout.till import listening, new_key

from promo import config, database
from promo.checkout import store_keys

ROOT = Path(__file__).resolve().parent.parent
SIZE = (1180, 776)
SCANNED = (SHORT, MILK, f"2*{FLAKES}", BREAD, CHEESE)


def take(picture: Path) -> None:
    """Sell something in the tests' corner shop, and take a picture before it is paid."""
    with TemporaryDirectory() as folder, chromium.browser() as browser:
        shutil.copy(ROOT / "config.yaml", folder)
        Path(folder, "templates").symlink_to(ROOT / "templates")
        settings = config.load(Path(folder, "config.yaml"))
        engine = database.connect(settings.database_url)
        database.migrate(engine)
        open_corner_shop(engine)
        key = new_key(engine, "1", store_keys.TILL)
        with listening(settings, engine, till=True) as live:
            browser.open(f"http://127.0.0.1:{live.port}/till", SIZE)
            for count, text in enumerate((key, *SCANNED), 1):
                browser.type(text)
                browser.until(f"Number(document.body.dataset.done) == {count}")
            # Nothing that fades or blinks, so that two pictures are equal.
            browser.ask("document.getElementById('scan').style.caretColor = 'transparent'")
            browser.until("document.getAnimations().every(each => each.playState == 'finished')")
            browser.screenshot(picture)


if __name__ == "__main__":
    take(Path(sys.argv[1]))
