"""The commands of packs, from keys to a pack that is checked; and what is refused."""

import json
import random
import stat
from pathlib import Path

import pytest
from checkout.pack import chain
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from promo import cli


@pytest.fixture
def shop(sqlite_engine: Engine, folder: Path) -> Engine:
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    text = text.replace("today: null ", "today: 2017-11-08 ", 1)
    text = text.replace("regions: {} ", 'regions: {north: ["1"], gone: ["9"]} ', 1)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    (folder / "code.key").write_text(
        "2:another for the tests\n1:a secret for the tests\n", encoding="utf-8"
    )
    chain.open_chain(sqlite_engine, random.Random(1))
    return sqlite_engine


def promo(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli.main, ["--config", str(folder / "config.yaml"), *words])


def test_from_a_key_to_a_pack_and_its_delta(shop: Engine, folder: Path) -> None:
    assert promo(folder, "pack", "key", "new").exit_code == 0
    assert stat.S_IMODE((folder / "packs.key").stat().st_mode) == 0o600
    built = promo(folder, "pack", "build")
    assert built.exit_code == 0, built.output
    assert "region   banner, 3 stores" in built.output
    pack, delta = folder / "packs/banner.pack", folder / "packs/banner.delta"
    chain.change(shop, random.Random(2))
    made = promo(folder, "pack", "delta", "--json")
    about = json.loads(made.output)
    assert (about["kind"], about["expired"]) == ("delta", False)
    shown = json.loads(promo(folder, "pack", "show", str(pack), "--json").output)
    assert about["base"] == shown["version"]
    assert shown["bytes"] == pack.stat().st_size
    found = promo(folder, "pack", "check", str(pack), "--delta", str(delta))
    assert found.exit_code == 0, found.output
    assert "is whole, signed with key 1" in found.output
    assert promo(folder, "pack", "build").exit_code == 0
    assert not delta.exists()


def test_a_store_needs_no_private_key(shop: Engine, folder: Path) -> None:
    promo(folder, "pack", "key", "new")
    promo(folder, "pack", "build", "--region", "north")
    public = promo(folder, "pack", "key", "public").output
    (folder / "packs.pub").write_text(public, encoding="utf-8")
    assert public not in (folder / "packs.key").read_text(encoding="utf-8")
    (folder / "packs.key").unlink()
    assert promo(folder, "pack", "check", str(folder / "packs/north.pack")).exit_code == 0
    refused = promo(folder, "pack", "build")
    assert refused.exit_code == 2
    assert "promo pack key new" in refused.stderr


def test_a_new_key_signs_and_the_old_one_still_opens(shop: Engine, folder: Path) -> None:
    for _ in range(2):
        promo(folder, "pack", "key", "new")
        promo(folder, "pack", "build")
    found = promo(folder, "pack", "check", str(folder / "packs/banner.pack"))
    assert "signed with key 2" in found.output
    assert promo(folder, "pack", "delta").exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("build", "--region", "south"), 2, "expected one of banner, north, gone"),
        (("build", "--region", "gone"), 2, "packs.regions.gone names the store '9'"),
        (("delta",), 3, "Run `promo pack build --region banner` first"),
        (("check", "config.yaml"), 3, "is not a pack"),
        (("show", "none.pack"), 3, "There is no pack"),
    ],
)
def test_what_cannot_be_done(
    shop: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...],
    code: int, said: str,
) -> None:  # fmt: skip
    promo(folder, "pack", "key", "new")
    monkeypatch.chdir(folder)
    found = promo(folder, "pack", *words)
    assert found.exit_code == code
    assert said in found.stderr


def test_keys_in_the_environment_are_added_to_there(
    shop: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    promo(folder, "pack", "key", "new")
    monkeypatch.setenv("PROMO_PACK_KEYS", (folder / "packs.key").read_text(encoding="utf-8"))
    (folder / "packs.key").unlink()
    found = promo(folder, "pack", "key", "new")
    assert found.exit_code == 2
    assert "PROMO_PACK_KEYS" in found.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('{banner: ["1"]}', "give this one another name"),
        ("{north: []}", "the region north names no store"),
    ],
)
def test_regions_in_the_settings(folder: Path, given: str, said: str) -> None:
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    text = text.replace("regions: {} ", f"regions: {given} ", 1)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    found = promo(folder, "pack", "show", "x")
    assert promo(folder, "pack", "key", "new").exit_code == 2
    assert said in promo(folder, "pack", "key", "new").stderr
    assert found.exit_code == 3
