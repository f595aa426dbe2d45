import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from promo.shoppers import models, shelf
from promo.shoppers.models import CATEGORIES, CYCLES, Model, ModelError

DAY = date(2017, 11, 20)
NAMES = ["prior", "2017-10-09", "2017-11-06", "2017-12-04"]


def model(name: str) -> Model:
    rows = [(level, "*", 9, 1.0, 2.0, 3.0, 4.0, 5.0) for level in ("category", "product")]
    return Model(
        name,
        pl.DataFrame(rows, CYCLES, orient="row"),
        pl.DataFrame([("*", 5, 0.5, 100, 1200)], CATEGORIES, orient="row"),
        {"seed": 1, "tiers_from": {"top": 100, "high": 10}},
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in NAMES:
        models.save(tmp_path, model(name))
    return tmp_path


def states(root: Path) -> dict[str, str]:
    return {entry.name: entry.state for entry in shelf.entries(root, DAY)}


def test_states(root: Path) -> None:
    assert states(root) == dict(zip(NAMES, ["prior", "older", "in use", "later"], strict=True))
    assert [e.card["seed"] for e in shelf.entries(root, DAY)] == [1] * 4


def test_rolling_back_goes_from_model_to_model_and_restoring_undoes_it(root: Path) -> None:
    before = {path: path.read_bytes() for path in root.rglob("*.*") if path.is_file()}
    for name, then in (("2017-11-06", "2017-10-09"), ("2017-10-09", "prior")):
        assert shelf.roll_back(root, DAY, DAY, f"not {name}") == name
        assert models.in_use(root, DAY).name == then
        assert states(root)[name] == "set aside"
        assert states(root)[then] == "in use"
    assert [e.why for e in shelf.entries(root, DAY)] == ["", "not 2017-10-09", "not 2017-11-06", ""]
    written = json.loads((root / "2017-11-06" / "set_aside.json").read_text())
    assert written == {"day": "2017-11-20", "why": "not 2017-11-06", "by": "operator"}
    with pytest.raises(ModelError, match="nothing to set aside, the prior stays"):
        shelf.roll_back(root, DAY, DAY, "again")
    for name in ("2017-11-06", "2017-10-09"):
        shelf.restore(root, name)
    assert states(root)["2017-11-06"] == "in use"
    assert {path: path.read_bytes() for path in root.rglob("*.*") if path.is_file()} == before


def test_the_last_model_stays(tmp_path: Path) -> None:
    models.save(tmp_path, model("2017-11-06"))
    with pytest.raises(ModelError, match="2017-11-06 is the only model for 2017-11-20; without it"):
        shelf.roll_back(tmp_path, DAY, DAY, "why")
    assert states(tmp_path) == {"2017-11-06": "in use"}


@pytest.mark.parametrize("name", ["2017-11-07", "", ".", "..", "../x", "prior/card.json"])
def test_a_model_that_is_not_there(root: Path, name: str) -> None:
    with pytest.raises(ModelError, match=r"There is no model '.*'; `promo models list` names"):
        shelf.restore(root, name)


@pytest.mark.parametrize("name", ["prior", "2017-11-06"])
def test_restoring_what_is_in_use(root: Path, name: str) -> None:
    with pytest.raises(ModelError, match=f"{name} is not set aside; nothing was changed"):
        shelf.restore(root, name)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"why": "x"}', b"\xff"])
def test_a_broken_note_still_sets_aside(root: Path, content: bytes) -> None:
    (root / "2017-11-06" / "set_aside.json").write_bytes(content)
    assert models.in_use(root, DAY).name == "2017-10-09"
    assert states(root)["2017-11-06"] == "set aside"


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff"])
def test_a_broken_card_is_on_the_list(root: Path, content: bytes) -> None:
    (root / "2017-10-09" / "card.json").write_bytes(content)
    assert states(root)["2017-10-09"] == "unreadable"


def test_a_model_can_be_saved_set_aside(root: Path) -> None:
    models.save(root, model("2017-11-13"), shelf.note(DAY, "worse", "fit"))
    assert models.in_use(root, DAY).name == "2017-11-06"
    assert shelf.set_aside(root / "2017-11-13") == {"day": f"{DAY}", "why": "worse", "by": "fit"}
    models.save(root, model("2017-11-13"))
    assert models.in_use(root, DAY).name == "2017-11-13"


@pytest.mark.parametrize(
    ("day", "rival"),
    [(date(2017, 11, 6), "2017-10-09"), (date(2017, 11, 7), "2017-11-06"),
     (date(2017, 10, 9), "prior"), (date(2018, 1, 1), "2017-12-04")],
)  # fmt: skip
def test_a_fit_is_held_against_the_model_there_would_be_without_it(
    root: Path, day: date, rival: str
) -> None:
    found = shelf.rival(root, day)
    assert found is not None
    assert found.name == rival


def test_no_rival(tmp_path: Path) -> None:
    assert shelf.rival(tmp_path, DAY) is None
    models.save(tmp_path, model("prior"))
    (tmp_path / "prior" / "cycles.csv").unlink()
    assert shelf.rival(tmp_path, DAY) is None


def test_tables_of_parameters(root: Path) -> None:
    found = shelf.parameters(root, "prior")
    assert list(found) == ["categories.csv", "cycles.csv", "weights.csv"]
    assert found["cycles.csv"]["level"].to_list() == ["category", "product"]
