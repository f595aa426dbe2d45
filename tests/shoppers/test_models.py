import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from promo.shoppers import features, models
from promo.shoppers.features import Span
from promo.shoppers.models import CATEGORIES, CYCLES, Model, ModelError
from promo.shoppers.quadratic import Quadratic

NUMBERS = st.floats(1e-3, 1e3)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)


def model(name: str, category: str = "MILK", number: float = 0.243) -> Model:
    cycles = [
        ("category", category, 7, number, 4.414, 0.793, 2.426, 1.5),
        ("category", "*", 9, 1.0, 2.0, 3.0, 4.0, 5.0),
    ]
    categories = [(category, 5, number / 1e3, 100, 1200)]
    return Model(
        name,
        pl.DataFrame(cycles, CYCLES, orient="row"),
        pl.DataFrame(categories, CATEGORIES, orient="row"),
        {"seed": 1, "tiers_from": {"top": 100, "high": 10}},
        {("category", "once", Span(0, 14)): weights(number)},
    )


def weights(number: float) -> Quadratic:
    """Weights that differ from feature to feature."""
    p, k = len(features.NAMES), len(features.CORE)
    steps = number * np.arange(1, p + 1) / p
    crosses = np.triu(np.arange(k * k).reshape(k, k) / k**2)
    return Quadratic(steps, steps + 1, -number, -steps, crosses)


@given(NAMES, NUMBERS)
def test_a_model_comes_back_to_six_digits(
    tmp_path_factory: pytest.TempPathFactory, category: str, number: float
) -> None:
    written = model("2017-11-06", category, number)
    read = models.load(models.save(tmp_path_factory.mktemp("models"), written))
    assert_frame_equal(read.cycles, written.cycles, rel_tol=0, abs_tol=5.1e-7)
    assert_frame_equal(read.categories, written.categories, rel_tol=0, abs_tol=5.1e-7)
    assert (read.name, read.card) == (written.name, written.card)
    for key, found in written.fitted.items():
        assert read.fitted[key].theta == pytest.approx(found.theta, rel=0, abs=5.1e-7)
        assert read.fitted[key].mean == pytest.approx(found.mean, rel=0, abs=5.1e-7)
        assert read.fitted[key].sd == pytest.approx(found.sd, rel=0, abs=5.1e-7)


def test_saving_what_was_loaded_changes_no_byte(tmp_path: Path) -> None:
    first = models.save(tmp_path / "a", model("2017-11-06", number=1 / 3))
    second = models.save(tmp_path / "b", models.load(first))
    names = ["card.json", "categories.csv", "cycles.csv", "weights.csv"]
    assert sorted(p.name for p in second.iterdir()) == names
    assert [(first / n).read_bytes() for n in names] == [(second / n).read_bytes() for n in names]


def test_saving_takes_the_place_of_an_older_fit_and_of_a_killed_one(tmp_path: Path) -> None:
    models.save(tmp_path, model("2017-11-06", number=1.0))
    (tmp_path / ".2017-11-06.tmp").mkdir()
    (tmp_path / ".2017-11-06.tmp" / "cycles.csv").write_text("half of")
    folder = models.save(tmp_path, model("2017-11-06", number=2.0))
    assert models.load(folder).cycles["r"][0] == 2.0
    assert [p.name for p in tmp_path.iterdir()] == ["2017-11-06"]


@pytest.mark.parametrize(
    ("present", "day", "expected"),
    [
        (["2017-11-06"], date(2017, 11, 6), "2017-11-06"),
        (["2017-11-06"], date(2018, 1, 1), "2017-11-06"),
        (["2017-10-09", "2017-11-06", "2017-12-04"], date(2017, 12, 3), "2017-11-06"),
        (["2017-12-04", "prior"], date(2017, 12, 3), "prior"),
        (["2017-11-06", "prior"], date(2017, 12, 3), "2017-11-06"),
        ([".2017-11-07.tmp", "2017-11-06"], date(2017, 12, 3), "2017-11-06"),
    ],
)
def test_the_newest_model_of_the_day_or_before_is_in_use(
    tmp_path: Path, present: list[str], day: date, expected: str
) -> None:
    for name in present:
        models.save(tmp_path, model(name))
    assert models.in_use(tmp_path, day).name == expected


@pytest.mark.parametrize("present", [[], ["2017-12-04"]])
def test_no_model_for_the_day_is_a_sentence(tmp_path: Path, present: list[str]) -> None:
    for name in present:
        models.save(tmp_path, model(name))
    with pytest.raises(ModelError, match=r"no model in .* for 2017-12-03\. Run `promo fit --day"):
        models.in_use(tmp_path, date(2017, 12, 3))


CYCLES_HEAD = b"level,category,pairs,r,alpha,a,b,units\n"
HEAD = b"category,buyers,store_brand_share,medium_from,heavy_from\n"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("cycles.csv", None),
        ("cycles.csv", b""),
        ("cycles.csv", CYCLES_HEAD + b"category,MILK,many,1,1,1,1,1\n"),
        ("cycles.csv", CYCLES_HEAD + b"category,MILK,7,1,1\n"),
        ("categories.csv", HEAD + b"MILK,1,half,1,1\n"),
        ("categories.csv", b"category,buyers,share,medium_from,heavy_from\nMILK,1,.5,1,1\n"),
        ("categories.csv", b"\xff\xfe"),
        ("weights.csv", None),
        ("weights.csv", b"level,pairs,lead,days,feature,mean,sd,weight\n"),
        ("card.json", None),
        ("card.json", b'{"seed": '),
        ("card.json", b'{"seed": "\xff"}'),
    ],
)
def test_a_broken_model_is_a_sentence_that_names_it(
    tmp_path: Path, file: str, content: bytes | None
) -> None:
    folder = models.save(tmp_path, model("2017-11-06"))
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_bytes(content)
    with pytest.raises(
        ModelError, match=r"^The model .*2017-11-06 cannot be read: .* Fit again\.$"
    ):
        models.in_use(tmp_path, date(2017, 11, 6))


def test_columns_are_read_by_name(tmp_path: Path) -> None:
    folder = models.save(tmp_path, model("2017-11-06"))
    order = b"category,buyers,heavy_from,medium_from,store_brand_share\nMILK,5,1200,100,0.5\n"
    (folder / "categories.csv").write_bytes(order)
    assert models.load(folder).categories.rows() == [("MILK", 5, 0.5, 100, 1200)]


def test_categories_get_their_own_parameters_and_unknown_ones_the_pool_s() -> None:
    asked = pl.Series(["SALT", "MILK", None, "MILK"])
    found, units = model("m").parameters("category", asked)
    assert found.r.tolist() == [1.0, 0.243, 1.0, 0.243]
    assert units.tolist() == [5.0, 1.5, 5.0, 1.5]


def test_a_level_without_a_pool_is_a_sentence() -> None:
    with pytest.raises(ModelError, match=r"models/m/cycles\.csv has no row `product,\*`"):
        model("m").parameters("product", pl.Series(["MILK"]))


def test_the_card_is_read_by_people(tmp_path: Path) -> None:
    folder = models.save(tmp_path, model("2017-11-06"))
    text = (folder / "card.json").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert json.loads(text)["tiers_from"] == {"top": 100, "high": 10}
