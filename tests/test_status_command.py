"""`promo status`: its forms, and what it leaves with."""

import email
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import small_house
from prometheus_client.parser import text_string_to_metric_families
from small_house import FIRST, promo

from promo.house import House

DAY = ("status", "--day", f"{FIRST}")


def test_its_forms(made: House) -> None:
    folder = made.settings.folder
    small_house.change(folder, "disk_free: {look: 0.10, act: 0.03}", "disk_free: {look: 0, act: 0}")
    # The model is the shipped one, and the night a draft.
    table = promo(folder, *DAY, code=1, COLUMNS="200").stdout
    assert "look  The night of 2017-11-06 is a draft: hand its files over and run" in table
    facts = json.loads(promo(folder, *DAY, "--json", code=1).stdout)
    assert {"night-draft", "model-prior"} <= {one["kind"] for one in facts["findings"]}
    assert facts["night"]["lists"] > 20
    nobody = promo(folder, *DAY, "--mail", code=2)
    assert "`status.mail_to` in config.yaml names nobody to write to." in nobody.stderr
    small_house.change(folder, "mail_to: []", "mail_to: [cron@example.com]")
    mail = email.message_from_string(promo(folder, *DAY, "--mail", code=1).stdout)
    assert mail["To"] == "cron@example.com"
    assert mail["Subject"].startswith("[promo] Main Street Market, 2017-11-06: ")
    path = folder / "promo.prom"
    assert promo(folder, *DAY, "--prometheus", str(path), code=1).output == ""
    with path.open(encoding="utf-8") as file:
        found = {one.name: one for one in text_string_to_metric_families(file.read())}
    counts = {s.labels["of"]: s.value for s in found["promo_night_counts"].samples}
    assert counts["lists"] == facts["night"]["lists"]
    assert promo(folder, *DAY, "--prometheus", str(path), "--json", code=1).stdout.startswith("{")


def test_folders_that_are_gone(made: House) -> None:
    folder = made.settings.folder
    shutil.rmtree(folder / "out" / f"{FIRST}")
    for day in (FIRST, FIRST + timedelta(1)):  # also where the newest night is of the day before
        said = promo(folder, "status", "--day", f"{day}", code=3, COLUMNS="400").output
        assert f"act  What the night of {FIRST} wrote is gone: there is no folder" in said
        assert "till lines" not in said
    shutil.rmtree(folder / "lake")
    said = promo(folder, *DAY, code=3, COLUMNS="400").output
    assert "act  The till lines of 1 delivery are gone: there is no folder" in said
    assert not (folder / "lake").exists()


def test_something_to_do(small: Path) -> None:
    said = promo(small, *DAY, code=3).output
    assert "act  No night of 2017-11-06 was made" in said


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--json", "--mail"), 2, "Give --json or --mail, one of the two."),
        (("--prometheus", ""), 2, "it is empty"),
        (("--prometheus", "none/of/it/x.prom"), 2, "there is no folder none/of/it; expected the"),
        (("--prometheus", __file__ + "/x.prom"), 2, "is a file; expected a folder"),
        (("--day", "today"), 2, "'today' is no day"),
    ],
)
def test_what_it_cannot_do(small: Path, words: tuple[str, ...], code: int, message: str) -> None:
    assert message in promo(small, "status", *words, code=code).stderr
    assert not Path("none").exists()
