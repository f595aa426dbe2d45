"""The commands: what each says when it goes well, and its sentence and exit code when not."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import small_house
import yaml
from small_house import FIRST, HOUSEHOLDS, frame, promo, reopen
from sqlalchemy import select, update

from promo import tables
from promo.files import only_one
from promo.lists.codes import list_code, short_code
from promo.lists.codes.ean import ean_code
from promo.lists.codes.keys import CodeKeys

DAY = ["--day", f"{FIRST}"]


def said(folder: Path, *arguments: str, code: int) -> str:
    """The one sentence on standard error with which a command fails; nothing on standard output."""
    found = promo(folder, *arguments, code=code)
    assert found.stdout == ""
    assert "Traceback" not in found.stderr
    return found.stderr.strip()


# --- the house -------------------------------------------------------------------------------


def test_init_makes_a_house_and_may_run_again(folder: Path) -> None:
    (folder / "code.key").unlink()
    first = promo(folder, "init").stdout
    key = folder / "code.key"
    assert first.splitlines() == [
        f"Made the list-code key {key}. Keep it secret, and keep a copy.",
        f"The house is ready: {folder}",
    ]
    assert re.fullmatch("1:[0-9a-f]{64}\n", key.read_text())
    assert key.stat().st_mode & 0o777 == 0o600
    assert (folder / "lake").is_dir()  # `promo check` and `promo status` look for it
    assert key.read_text().strip().removeprefix("1:") not in first
    before = key.read_bytes()
    assert promo(folder, "init").stdout == f"The house is ready: {folder}\n"
    assert key.read_bytes() == before


def test_init_makes_no_key_where_the_environment_has_one(folder: Path) -> None:
    (folder / "code.key").unlink()
    promo(folder, "init", PROMO_CODE_KEYS=small_house.SECRET)
    assert not (folder / "code.key").exists()


EVERY = [
    ["ingest", "x.csv", "--format", "csv"],
    ["fit"],
    ["offers", "import", "x.yaml"],
    ["offers", "list"],
    ["offers", "show", "x"],
    ["offers", "pause", "x", "--reason", "x"],
    ["offers", "resume", "x", "--reason", "x"],
    ["offers", "stop", "x", "--reason", "x", "--bearer", "x"],
    ["offers", "budget", "x", "--money", "1"],
    ["redemptions", "import", "x.csv"],
    ["lists", "reissue"],
    ["nightly"],
    ["nightly", "--dry-run"],
    ["publish"],
    ["status"],
    ["lookup", "x"],
    ["due", "--output", "x.parquet"],
    ["shopper", "x"],
    ["models", "rollback", "--why", "x"],
    ["models", "restore", "x"],
]


@pytest.mark.parametrize("command", [["init"], *EVERY], ids=" ".join)
def test_settings_that_cannot_be_used(folder: Path, command: list[str]) -> None:
    config = folder / "config.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text + "bannner: x\n", encoding="utf-8")
    assert said(folder, *command, code=2) == "config.yaml: unknown key `bannner`."
    config.unlink()
    assert said(folder, *command, code=2).startswith(f"There is no settings file {config}. Name")


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("database.url", ["ingest", "x.csv", "--format", "csv"]),
        ("code.key", ["lookup", "x"]),
        ("packs.key", ["pack", "key", "public"]),
        ("packs.pub", ["pack", "check", "config.yaml"]),
        ("sync.key", ["journal", "send", "config.yaml", "--to", "http://127.0.0.1:1"]),
        ("x.key", ["journal", "send", "config.yaml", "--to", "http://x", "--key-file", "x.key"]),
        ("x.key", ["till", "--url", "http://x", "--key-file", "x.key"]),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_secret_that_is_no_text(
    small: Path, monkeypatch: pytest.MonkeyPatch, file: str, command: list[str]
) -> None:
    monkeypatch.chdir(small)
    (small / file).write_bytes(b"\xffhush")
    sentence = said(small, *command, code=2)
    assert f"{file} is no text: " in sentence
    assert "hush" not in sentence


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_no_database_yet(folder: Path, command: list[str]) -> None:
    path = folder / "promo.db"
    assert said(folder, *command, code=3) == (
        f"There is no database {path} yet. Run `promo init` first."
    )
    assert not path.exists()


READING = {"lookup", "shopper", "status"}
AT_ONCE = {"list", "show", "pause", "resume", "stop"}  # offers are stopped whatever else goes on
CHANGING = [
    ["init"],
    *(
        c for c in EVERY
        if c[0] not in READING | {"redemptions"} and c[-1] != "--dry-run"
        and not (c[0] == "offers" and c[1] in AT_ONCE)
    ),
]  # fmt: skip


@pytest.mark.parametrize("command", CHANGING, ids=" ".join)
def test_another_command_at_work(folder: Path, command: list[str]) -> None:
    with only_one(folder / "promo.lock", "fit"):
        sentence = said(folder, *command, code=75)
    assert re.fullmatch(
        r"promo fit \(process \d+\) is at work on this house; this .* changed nothing\. "
        r"Try again later\.",
        sentence,
    )


@pytest.mark.parametrize("day", ["2017-11-31", "yesterday", "06.11.2017", ""])
@pytest.mark.parametrize("command", ["fit", "nightly", "publish", "lookup"])
def test_a_day_that_is_none(folder: Path, command: str, day: str) -> None:
    assert f"{day!r} is no day such as 2017-11-06." in said(folder, command, "--day", day, code=2)


GROUPS = {"offers", "models", "redemptions", "lists"}


def test_help_and_version(folder: Path) -> None:
    assert promo(folder, "--version").stdout.startswith("main, version ")
    for command in (["init"], *EVERY):
        name = command[:2] if command[0] in GROUPS else command[:1]
        assert promo(folder, *name, "--help").stdout.startswith("Usage: ")


def test_a_real_process_leaves_with_the_code(folder: Path) -> None:
    program = [sys.executable, "-c", "from promo.cli import main; main()"]
    environment = os.environ | {"PROMO_CONFIG": str(folder / "config.yaml")}
    found = subprocess.run(
        [*program, "publish"], capture_output=True, text=True, check=False, env=environment
    )
    assert (found.returncode, found.stdout) == (3, "")
    assert found.stderr.endswith("Run `promo init` first.\n")


# --- scans and offers in ---------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A till log of a hundred good lines, of the night's own day."""
    rows = [small_house.scan("230", FIRST, number, "110", 200) for number in range(100)]
    path = tmp_path / "scans.csv"
    frame([row | {"at": f"{row['at']:%Y-%m-%dT%H:%M:%S}"} for row in rows]).drop("_line").write_csv(
        path
    )
    return path


def break_lines(log: Path, count: int) -> None:
    lines = log.read_text().splitlines()
    for number in range(1, count + 1):
        lines[number] = lines[number].replace(",110,", ",,")
    log.write_text("\n".join(lines) + "\n")


def test_ingest(small: Path, log: Path) -> None:
    arguments = ["ingest", str(log), "--format", "csv"]
    assert promo(small, *arguments).stdout == "scans from scans.csv: 100 lines, 100 in\n"
    assert promo(small, *arguments).stdout == (
        "scans from scans.csv: 100 lines, 0 in, 100 repeats of lines already there\n"
    )


def test_ingest_sets_bad_lines_aside(small: Path, log: Path) -> None:
    break_lines(log, 2)
    found = promo(small, "ingest", str(log), "--format", "csv", code=1)
    rejects = small / "rejects" / "scans-000002-scans.csv"
    assert found.stdout == (
        f"scans from scans.csv: 100 lines, 98 in\n2 lines were set aside in {rejects}.\n"
    )
    assert pl.read_csv(rejects)["line"].to_list() == [2, 3]


def test_ingest_of_too_many_bad_lines_takes_nothing(small: Path, log: Path) -> None:
    break_lines(log, 3)
    found = promo(small, "ingest", str(log), "--format", "csv", code=3)
    assert "Nothing was taken in: 3 lines were rejected, more than" in found.stdout
    assert reopen(small).last_delivery == 1


def test_ingest_says_which_products_are_unknown(small: Path, log: Path) -> None:
    log.write_text(log.read_text().replace(",110,", ",4711,"))
    found = promo(small, "ingest", str(log), "--format", "csv").stdout
    assert "; 100 lines name products that the product table lacks (in, and listed in " in found


def test_ingest_as_json(small: Path, log: Path) -> None:
    break_lines(log, 1)
    found = promo(small, "ingest", str(log), "--format", "csv", "--json", code=1)
    report = json.loads(found.stdout)
    assert (report["table"], report["lines"], report["rows"], report["rejects"]) == (
        "scans", 100, 99, 1,
    )  # fmt: skip
    assert (report["taken"], report["first_day"]) == (True, f"{FIRST}")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere.csv", "--format", "csv"], 3, "There is no file nowhere.csv."),
        (["config.yaml", "--format", "csv"], 3, "config.yaml: expected a file that ends in .csv."),
        ([".", "--format", "csv", "--from", "2017-11-06"], 3, "--from and --to go with"),
        (["x.csv", "--format", "xml"], 2, "'xml' is not one of"),
        (["x.csv"], 2, "Missing option '--format'"),
    ],
)
def test_ingest_of_what_is_no_source(
    small: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, message: str
) -> None:
    monkeypatch.chdir(small)
    assert message in said(small, "ingest", *arguments, code=code)


def test_offers_import(small: Path, tmp_path: Path) -> None:
    path = tmp_path / "offers.yaml"
    good = small_house.offer(50, ["110"])
    path.write_text(yaml.safe_dump({"offers": [good]}), encoding="utf-8")
    assert promo(small, "offers", "import", str(path)).stdout == "1 offer in, 0 refused.\n"
    partly = good | {"id": "o51", "products": ["internal:110", "internal:4711"]}
    bad = good | {"id": "o52", "buy": 0}
    path.write_text(yaml.safe_dump({"offers": [partly, bad]}), encoding="utf-8")
    found = promo(small, "offers", "import", str(path), code=1)
    assert found.stdout == "1 offer in, 1 refused.\n"
    notice, refusal = found.stderr.splitlines()
    assert "'internal:4711' among them." in notice
    assert refusal.startswith("Refused. offers.yaml, offer 2 (o52): `buy` is '0': ")


def test_offers_from_no_file(small: Path) -> None:
    assert said(small, "offers", "import", "x.yaml", code=3) == "There is no file x.yaml."


# --- the night -------------------------------------------------------------------------------


def test_fit_and_due(small: Path, tmp_path: Path) -> None:
    found = promo(small, "fit", *DAY)
    lines = found.stdout.splitlines()
    assert lines[0].startswith(f"Fitted {small / 'models' / str(FIRST)} on ")
    said = [line.split(":")[0].strip() for line in lines[1:]]
    # The shipped prior has seen the fortnight of the test.
    assert said == ["category", "product", "Not compared"]
    assert "promo=fit stage=fold" in found.stderr
    output, more = tmp_path / "due.parquet", tmp_path / "more.parquet"
    assert f"forecasts for {FIRST} in {output}" in promo(
        small, "due", *DAY, "--output", str(output)
    ).stdout  # fmt: skip
    due = pl.read_parquet(output)
    assert due.height > 0
    promo(small, "due", *DAY, "--output", str(more), "--unseen", "3")
    every = pl.read_parquet(more)
    assert every.filter(pl.col("n") > 0).equals(due)
    keys = ["shopper", "level", "item"]
    begun = every.filter(pl.col("n") == 0)
    assert begun.join(due, on=keys, how="semi").is_empty()
    assert set(begun["level"]) == {"category", "product"}
    assert begun.group_by(keys[:2]).len()["len"].max() == 3
    assert begun["probability"].is_between(0, 1).all()
    assert set(begun["category"]).isdisjoint(small_house.UNSAID)


def test_what_was_never_bought_is_not_told_without_a_fit(small: Path, tmp_path: Path) -> None:
    words = ("due", *DAY, "--output", str(tmp_path / "x.parquet"), "--unseen", "3")
    found = promo(small, *words, code=3)
    assert "The model prior says nothing of what households have never bought" in found.stderr
    assert not (tmp_path / "x.parquet").exists()


def models_of(folder: Path) -> dict[str, Any]:
    """`promo models list` by name."""
    found = json.loads(promo(folder, "models", "list", "--json", *DAY).stdout)
    return {one["name"]: one for one in found}


def test_models(small: Path) -> None:
    promo(small, "fit", *DAY)
    config = small_house.ROOT / "models" / "prior" / "card.json"
    prior = json.loads(config.read_text(encoding="utf-8"))
    found = models_of(small)
    assert {name: one["state"] for name, one in found.items()} == {
        "prior": "prior", f"{FIRST}": "in use",
    }  # fmt: skip
    for name in ("fitted_for", "first_day", "last_day", "scans", "backtest"):
        assert found["prior"][name] == prior[name]
    table = promo(small, "models", "list", *DAY, COLUMNS="200").stdout
    assert f"category {prior['backtest']['category']['log_loss']}, " in table

    done = promo(small, "models", "rollback", "--why", "it smells", *DAY).stdout
    assert done == (f"{FIRST} is set aside; prior is in use. `promo models restore {FIRST}` "
                    "undoes it.\n")  # fmt: skip
    found = models_of(small)
    assert (found["prior"]["state"], found[f"{FIRST}"]["why"]) == ("in use", "it smells")
    assert "set aside: it smells" in promo(small, "models", "list", *DAY, COLUMNS="200").stdout
    assert promo(small, "nightly", *DAY, "--dry-run").stdout.count("the model prior") == 1
    assert "nothing to set aside" in said(small, "models", "rollback", "--why", "x", *DAY, code=3)

    again = promo(small, "fit", *DAY, code=1)  # what a person decided stays
    assert f"{FIRST} is set aside. it smells Use it all the same with" in again.stderr
    assert models_of(small)["prior"]["state"] == "in use"
    forced = promo(small, "fit", "--force", *DAY)
    assert forced.stderr.endswith("It was to be set aside, and is in use because of --force.\n")
    assert models_of(small)[f"{FIRST}"]["state"] == "in use"

    promo(small, "models", "rollback", "--why", "it smells", *DAY)
    assert promo(small, "models", "restore", f"{FIRST}").stdout == (
        f"{FIRST} is no longer set aside.\n"
    )
    assert models_of(small)[f"{FIRST}"]["state"] == "in use"
    assert said(small, "models", "restore", f"{FIRST}", code=3).endswith("nothing was changed.")


def test_models_side_by_side(small: Path) -> None:
    promo(small, "fit", *DAY)
    found = json.loads(promo(small, "models", "compare", "prior", f"{FIRST}", "--json").stdout)
    cards = {name: (old, new) for name, old, new in found["cards"]}
    assert cards["scans"][0] == 1241584
    assert cards["forced"] == (None, False)
    cycles = found["parameters"]["cycles.csv"]
    assert cycles["added"] == 0 < cycles["gone"]
    assert {"pairs", "r", "alpha", "a", "b", "units"} <= set(cycles)
    words = promo(small, "models", "compare", "prior", f"{FIRST}", COLUMNS="200").stdout
    assert re.search(r"cycles\.csv: \d+ rows, 0 added, \d+ gone\n  pairs: changed by \d", words)
    assert "1241584" in words
    same = json.loads(promo(small, "models", "compare", "prior", "prior", "--json").stdout)
    assert same["cards"] == []
    assert same["parameters"]["cycles.csv"]["r"]["most"] == 0
    assert "There is no model 'x'" in said(small, "models", "compare", "prior", "x", code=3)


def test_the_first_model_is_compared_with_none(small: Path) -> None:
    shutil.rmtree(small / "models")
    found = promo(small, "fit", *DAY)
    assert found.stdout.endswith(
        "  Not compared: no model was in use, or it had seen every day of the test.\n"
    )
    assert "only model for" in said(small, "models", "rollback", "--why", "x", *DAY, code=3)


def test_no_models(folder: Path) -> None:
    assert promo(folder, "models", "list").stdout == (
        f"There are no models in {folder / 'models'}: run `promo fit`.\n"
    )
    assert promo(folder, "models", "list", "--json").stdout == "[]\n"


def test_fit_without_history(folder: Path) -> None:
    promo(folder, "init")
    assert "There are no scans with a card before 2017-10-23" in promo(
        folder, "fit", *DAY, code=3
    ).stderr.splitlines()[-1]  # fmt: skip


def test_nightly_and_publish(small: Path) -> None:
    made = promo(small, "nightly", *DAY)
    held = r"\d lists? with \d+ offers?"
    pattern = rf"{FIRST}: {held} worth \$[\d.]+, good {FIRST} to 2017-11-19, in "
    assert re.fullmatch(pattern + re.escape(f"{small / 'out' / str(FIRST)}\n"), made.stdout)
    stages = re.findall(r"promo=nightly stage=(\w+)", made.stderr)
    made_of = ["fold", "watch", "forecast", "allocate", "compose", "register"]
    assert stages == [*made_of, "volume", "volume", "print"]  # the PDF and the HTML
    published = promo(small, "publish", *DAY).stdout
    assert re.fullmatch(rf"{FIRST} is published: \d lists?\.\n", published)
    assert promo(small, "publish", *DAY).stdout == published
    for more in ([], ["--dry-run"]):
        found = promo(small, "nightly", *DAY, *more)
        assert found.stdout == ""
        assert found.stderr == f"The night of {FIRST} is published; nothing was changed.\n"


def test_today_may_be_fixed_in_the_settings(small: Path) -> None:
    small_house.change(small, "today: null", f"today: {FIRST}")
    assert promo(small, "nightly").stdout.startswith(f"{FIRST}: ")
    assert promo(small, "publish").stdout.startswith(f"{FIRST} is published")


def test_nightly_for_each_store(small: Path) -> None:
    promo(small, "nightly", *DAY, "--per-store")
    assert list((small / "out" / f"{FIRST}" / "stores").glob("*/lists.pdf"))


def test_publish_what_was_not_made(small: Path) -> None:
    assert said(small, "publish", *DAY, code=3) == (
        f"There is no draft of {FIRST}: run `promo nightly --day {FIRST}`."
    )


@pytest.mark.parametrize("command", [["nightly", *DAY], ["lookup", "0000-0000-0000", *DAY]])
@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (None, "There are no list-code keys: set PROMO_CODE_KEYS or run `promo init`"),
        ("1:short", "Line 1 of the keys has a secret of 5 bytes; expected 16 or more."),
    ],
)
def test_keys_that_cannot_be_used(
    small: Path, command: list[str], keys: str | None, message: str
) -> None:
    (small / "code.key").unlink()
    if keys:
        (small / "code.key").write_text(keys)
    assert said(small, *command, code=3).startswith(message)
    assert reopen(small).last_delivery == 1  # and nothing was begun
    assert not (small / "out").exists()


def test_a_template_with_a_slip(small: Path) -> None:
    (small / "templates" / "print.css").write_text("\n{{ papper }}")
    found = promo(small, "nightly", *DAY, code=3)
    assert found.stderr.splitlines()[-1] == (
        "The template print.css, line 2 cannot be rendered: 'papper' is undefined."
    )


# --- lookup ----------------------------------------------------------------------------------


@pytest.fixture
def listed(small: Path) -> tuple[Path, dict[str, Any]]:
    """A house with the first night's lists, and one of their rows with offers and due items."""
    house = reopen(small)
    small_house.night(house)
    with house.engine.connect() as connection:
        for row in connection.execute(select(tables.ShopperList.__table__)).mappings():
            if row["content"]["offers"] and row["content"]["due"]:
                return small, dict(row)
    raise AssertionError("no list has offers and due items")


def test_lookup_as_a_table(listed: tuple[Path, dict[str, Any]]) -> None:
    folder, row = listed
    keys = small_house.keys(reopen(folder).settings)
    for how in (
        [row["code"]],
        [short_code(keys, row["counter"])],
        ["--card", f"c{row['shopper']}"],
    ):
        found = promo(folder, "lookup", *how, *DAY, COLUMNS="200").stdout
        first, *rest = found.splitlines()
        assert first.startswith(f"List {row['code']} (draft), store {row['store']}, good {FIRST} ")
        for offer in row["content"]["offers"]:
            assert any(offer["title"] in line and "open" in line for line in rest)
        assert rest[-1] == "Due soon: " + ", ".join(i["words"] for i in row["content"]["due"])
        assert "Household" not in found


def test_lookup_prints_titles_as_they_are(listed: tuple[Path, dict[str, Any]]) -> None:
    folder, row = listed
    words = {"title": "[bold]2 for 1[/x] :smile: [red]", "headline": "20% off"}
    offers = [o | words for o in row["content"]["offers"]]
    content = row["content"] | {"offers": offers}
    with reopen(folder).engine.begin() as connection:
        where = tables.ShopperList.code == row["code"]
        connection.execute(update(tables.ShopperList).where(where).values(content=content))
    found = promo(folder, "lookup", row["code"], *DAY, COLUMNS="200").stdout
    assert "[bold]2 for 1[/x] :smile: [red]" in found
    assert "20% off" in found  # not what that is worth


def test_lookup_as_json(listed: tuple[Path, dict[str, Any]]) -> None:
    folder, row = listed
    found = json.loads(promo(folder, "lookup", row["code"], *DAY, "--json").stdout)
    assert found["list_code"] == row["code"]
    assert [o["offer"] for o in found["offers"]] == [o["offer"] for o in row["content"]["offers"]]
    assert sum(offer["worth"] for offer in found["offers"]) == found["worth"] == row["worth"]


def test_lookup_refuses(listed: tuple[Path, dict[str, Any]]) -> None:
    folder, row = listed
    ours = small_house.keys(reopen(folder).settings)
    forger = CodeKeys(ours.document_type, {1: b"a forger's own secret"}, 1)
    card = next(f"c{h}" for h in HOUSEHOLDS if small_house.night_of(h) != FIRST)
    table: list[tuple[str, int, list[str]]] = [
        ("mistyped", 11, [row["code"][:-1], *DAY]),
        ("forged", 12, [list_code(forger, row["counter"]), *DAY]),
        ("unknown", 13, [list_code(ours, 4711), *DAY]),
        ("unknown", 13, ["--card", "4711", *DAY]),
        ("unknown", 13, ["--card", card, *DAY]),
        ("not_yet_valid", 14, [row["code"], "--day", "2017-11-05"]),
        ("expired", 15, [row["code"], "--day", "2017-11-20"]),
        ("expired", 15, [row["code"]]),  # today
    ]
    for reason, code, arguments in table:
        sentence = said(folder, "lookup", *arguments, code=code)
        assert sentence.endswith(".")
        found = promo(folder, "lookup", *arguments, "--json", code=code)
        assert json.loads(found.stdout) == {"refused": reason, "message": sentence}


def test_an_ean_is_opened_at_the_store_that_is_named(listed: tuple[Path, dict[str, Any]]) -> None:
    folder, row = listed
    house = reopen(folder)
    path = folder / "config.yaml"
    path.write_text(path.read_text().replace("ean_prefix: null", 'ean_prefix: "04"'))
    with house.engine.begin() as connection:
        connection.execute(update(tables.Run).values(state="published"))
    keys = small_house.keys(house.settings)
    code = ean_code(keys, row["counter"], row["store"], "04")
    own, other = (["--store", store] for store in (row["store"], "2" + row["store"]))
    found = json.loads(promo(folder, "lookup", code, *own, *DAY, "--json").stdout)
    assert found["list_code"] == row["code"]
    assert row["code"][-17:] in promo(folder, "lists", "show", code, *own, *DAY).stdout
    late = ["--day", "2017-11-20"]
    for command in (["lookup"], ["lists", "show"]):
        for arguments in ([*other, *DAY], [*own, *late]):
            sentence = said(folder, *command, code, *arguments, code=12)
            assert "opens no list of this store that is good today" in sentence
        assert "which store it stands in" in said(folder, *command, code, *DAY, code=11)


SLOW = {"sqlalchemy", "numpy", "polars", "rich", "markdown_it", "fontTools", "scipy", "matplotlib"}


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["lookup", "--json", *DAY],
        ["lists", "print", "--format", "html", "--output", "-", *DAY],
        ["lists", "print", "--output", "-", *DAY],
    ],
)
def test_who_waits_does_not_wait_for_libraries(
    listed: tuple[Path, dict[str, Any]], words: list[str]
) -> None:
    folder, row = listed
    card = [] if words == ["--help"] else ["--card", f"c{row['shopper']}"]
    program = f"""
import sys
from promo.cli import main
main({["--config", str(folder / "config.yaml"), *words, *card]}, standalone_mode=False)
print(sorted(set(sys.modules) & {SLOW}), file=sys.stderr)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    slow = ["markdown_it"] if row["content"]["articles"] and "print" in words else []
    assert run.stderr.decode().splitlines()[-1] == f"{slow}"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--card", "c200", "--store", "7"], "--store goes with CODE: a card opens its list in "
         "every store."),
        (["--card", ""], "it is empty; say which, or leave it out."),
        (["x", "--store", ""], "it is empty; say which, or leave it out."),
    ],
)  # fmt: skip
def test_what_lookup_would_have_to_ignore(small: Path, arguments: list[str], why: str) -> None:
    assert why in said(small, "lookup", *arguments, code=2)


@pytest.mark.parametrize("arguments", [[], ["x", "--card", "y"]])
def test_lookup_wants_a_code_or_a_card(small: Path, arguments: list[str]) -> None:
    assert "Give a code or --card, one of the two." in said(small, "lookup", *arguments, code=2)
