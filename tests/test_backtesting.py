"""`promo backtest` from end to end on an invented log, and its sentence for each bad input."""

import json
import re
from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result
from shoppers.purchases import CUT, chain

from promo import backtesting, cli
from promo.progress import Progress
from promo.shoppers import MODELS, boosting, metrics, pictures

FIRST = CUT - timedelta(286)
LINES = chain(40)
CODES = {"BREAD1": "5", "BREAD2": "6", "COFFEE1": "7", "COFFEE2": "8", "MILK1": "1", "MILK2": "2"}
PRODUCTS = pl.DataFrame(
    {"code": code, "domain": "internal", "description": name, "category": name[:-1]}
    for name, code in CODES.items()
)
SCANS = LINES.with_row_index("transaction").select(
    at=pl.col("day").dt.combine(time(17)).dt.to_string("%Y-%m-%dT%H:%M:%S"),
    store=pl.lit("1"), till=pl.lit("1"), business_day="day", transaction="transaction",
    line=pl.lit(1), card="shopper", product=pl.col("product").replace_strict(CODES),
    domain=pl.lit("internal"), quantity="units", paid="paid", regular="paid",
)  # fmt: skip


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a till log and its product file, where the command is given."""
    monkeypatch.setattr(boosting, "ROUNDS", 20)
    SCANS.write_csv(tmp_path / "scans.csv")
    PRODUCTS.write_csv(tmp_path / "products.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def backtest(*words: str, code: int = 0, scans: str = "scans.csv", cut: date = CUT) -> Result:
    files = ["--scans", scans, "--products", "products.csv"]
    found = CliRunner().invoke(cli.main, ["backtest", *files, "--cut", str(cut), *words])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    assert found.exit_code == code, found.output
    return found


def refused(*words: str, code: int = 3, **options: Any) -> str:
    found = backtest(*words, code=code, **options)
    assert found.stdout == ""
    return re.sub(r"promo=backtest stage=\w+ .*\n", "", found.stderr).strip()


OUT = ("--predictions", "out/p.parquet", "--json", "out/s.json")


def test_a_log_is_all_it_takes(log: Path) -> None:
    earlier = CUT - timedelta(28)
    found = backtest("--cut", str(earlier), "--baselines", "--pictures", "out/pictures", *OUT)
    said = pl.read_parquet(log / "out/p.parquet")
    assert said.columns == ["cut", "shopper", "item", "n", "probability", "expected_day", "bought"]
    assert said["cut"].unique().to_list() == [earlier, CUT]
    summary = json.loads((log / "out/s.json").read_text())
    assert [cut["pairs"] for cut in summary["cuts"]] == [
        said.filter(pl.col("cut") == day).height for day in (CUT, earlier)
    ]
    models = ["default", "frequency", "due", "Poisson", "Gamma-Poisson", "BG/NBD", "LightGBM"]
    assert list(summary["mean"]) == models
    assert [line.split()[0] for line in found.stdout.splitlines()[1:]] == models
    assert list(summary["difference"]) == models[1:]
    assert summary["log"]["lines"] == SCANS.height
    for picture in ("reliability.png", "gain.png"):
        assert (log / "out/pictures" / picture).read_bytes().startswith(b"\x89PNG")
    assert re.search(r"promo=backtest stage=cut of=2017-11-06 seconds=", found.stderr)
    assert sorted(p.name for p in log.iterdir()) == ["out", "products.csv", "scans.csv"]


def test_the_summary_is_what_others_find_in_the_predictions(log: Path) -> None:
    backtest(*OUT, "--level", "product", "--baselines")
    said = pl.read_parquet(log / "out/p.parquet")
    p, y = said["probability"].to_numpy(), said["bought"].to_numpy()
    summary = json.loads((log / "out/s.json").read_text())
    ours = summary["mean"]["default"]
    assert ours == summary["cuts"][0]["metrics"]["default"]
    assert ours["log_loss"]["value"] == round(metrics.log_loss(p, y), 5)
    assert ours["auc"]["value"] == round(metrics.auc(p, y), 5)
    assert ours["calibration_error"]["value"] == round(metrics.calibration_error(p, y), 5)
    assert ours["log_loss"]["low"] < ours["log_loss"]["value"] < ours["log_loss"]["high"]
    # No household of this log has twelve products.
    assert ours["precision_at_12"] == {"value": None, "low": None, "high": None}
    one = said.row(0, named=True)
    days = LINES.with_columns(item="internal:" + pl.col("product").replace_strict(CODES))
    own = days.filter(pl.col("shopper") == one["shopper"], pl.col("item") == one["item"])
    assert one["n"] == own.filter(pl.col("day") < CUT).height
    assert one["bought"] == float(own.filter(pl.col("day") >= CUT).height > 0)


def test_the_difference_is_from_the_first_model_to_the_other(log: Path) -> None:
    backtest(*OUT, "--baselines")
    summary = json.loads((log / "out/s.json").read_text())
    gain = summary["mean"]["default"]["auc"]["value"] - summary["mean"]["due"]["auc"]["value"]
    assert summary["difference"]["due"]["auc"]["value"] == pytest.approx(gain, abs=2e-5)


def test_the_same_answer_twice_and_from_parquet(log: Path) -> None:
    SCANS.write_parquet(log / "again.parquet")
    backtest(*OUT)
    before = (log / "out/p.parquet").read_bytes()
    backtest(*OUT)
    assert (log / "out/p.parquet").read_bytes() == before
    backtest(*OUT, scans="again.parquet")
    assert (log / "out/p.parquet").read_bytes() == before


def test_what_comes_after_the_cut_changes_no_probability(log: Path) -> None:
    backtest(*OUT)
    before = pl.read_parquet(log / "out/p.parquet")
    odd = pl.col("transaction") % 2 == 0
    SCANS.filter((pl.col("business_day") < CUT) | odd).write_csv(log / "scans.csv")
    backtest(*OUT, "--horizon", "7")
    backtest(*OUT)
    after = pl.read_parquet(log / "out/p.parquet")
    assert after.drop("bought").equals(before.drop("bought"))
    assert not after.equals(before)


def test_a_shorter_window_is_less_likely(log: Path) -> None:
    backtest(*OUT)
    before = pl.read_parquet(log / "out/p.parquet")
    backtest(*OUT, "--horizon", "7")
    after = pl.read_parquet(log / "out/p.parquet")
    assert after["probability"].to_numpy().mean() < 0.8 * before["probability"].to_numpy().mean()
    assert after["bought"].sum() < before["bought"].sum()


def test_without_lightgbm_a_sentence_says_so(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting, "installed", lambda: False)
    found = backtest("--baselines")
    assert "LightGBM is not installed and was left out: pip install 'promo[boosting]'." in (
        found.stderr
    )
    assert "LightGBM" not in found.stdout


def test_the_settings_of_a_house_hold(log: Path, folder: Path) -> None:
    plain = backtest(*OUT).stdout
    settings = (folder / "config.yaml").read_text(encoding="utf-8")
    settings = (
        settings.replace("not_grocery: ", "not_grocery: [MILK]  # ")
        .replace("    - COUPON/MISC ITEMS ", "    # COUPON/MISC ITEMS ")
        .replace("    - FUEL\n", "")
    )
    (folder / "config.yaml").write_text(settings, encoding="utf-8")
    assert backtest(*OUT).stdout != plain  # config.yaml lies here
    assert "MILK" not in pl.read_parquet(log / "out/p.parquet")["item"].unique()


# --- bad input -----------------------------------------------------------------------------------


def bad(rows: list[int], **values: object) -> pl.DataFrame:
    """The log with some fields of some lines overwritten."""
    numbered = SCANS.with_row_index("row").with_columns(pl.all().exclude("row").cast(pl.String))
    hit = pl.col("row").is_in(rows)
    return numbered.with_columns(
        **{k: pl.when(hit).then(pl.lit(str(v))).otherwise(pl.col(k)) for k, v in values.items()}
    ).drop("row")


def test_bad_lines_are_set_aside_and_named(log: Path) -> None:
    bad([3], quantity="many").write_csv(log / "scans.csv")
    found = backtest(*OUT, code=1)
    assert "scans.csv, line 5, quantity: got 'many'; expected a number with at most three" in (
        found.stderr
    )
    rejects = pl.read_csv(log / "out/scans.rejects.csv")
    assert rejects.select("line", "field", "value").rows() == [(5, "quantity", "many")]
    SCANS.write_csv(log / "scans.csv")
    backtest(*OUT)
    assert not (log / "out/scans.rejects.csv").exists()


def test_too_many_bad_lines_stop_it(log: Path) -> None:
    bad(list(range(500)), quantity="many").write_csv(log / "scans.csv")
    said = refused(*OUT)
    assert said.startswith(f"scans.csv: 500 of {SCANS.height:,} lines are at fault, more than ")
    assert "scans.csv, line 2, quantity: got 'many'; expected a number" in said
    assert said.endswith("And 497 more.")
    assert not (log / "out").exists()


def test_a_line_that_comes_twice_counts_once_and_one_that_disagrees_is_named(log: Path) -> None:
    backtest(*OUT)
    before = (log / "out/p.parquet").read_bytes()
    pl.concat([SCANS, SCANS.head(5)]).write_csv(log / "scans.csv")
    backtest(*OUT)
    assert (log / "out/p.parquet").read_bytes() == before
    pl.concat([SCANS, SCANS.head(1).with_columns(paid=pl.lit(1, pl.Int64))]).write_csv("scans.csv")
    said = backtest(*OUT, code=1).stderr
    assert f"scans.csv, line {SCANS.height + 2}, line: got '1/1/" in said
    assert (log / "out/p.parquet").read_bytes() == before


def test_unknown_products_are_named_and_count_as_products(log: Path) -> None:
    PRODUCTS.filter(pl.col("category") != "MILK").write_csv(log / "products.csv")
    found = backtest(*OUT, "--level", "product")
    assert re.search(r"[\d,]+ lines name products that the product file lacks", found.stderr)
    assert re.search(r"scans.csv, line \d+, product: got 'internal:[12]'; expected a product of",
                     found.stderr)  # fmt: skip
    assert "internal:1" in pl.read_parquet(log / "out/p.parquet")["item"]
    assert pl.read_csv(log / "out/scans.notices.csv")["value"].unique().sort().to_list() == [
        "internal:1", "internal:2",
    ]  # fmt: skip
    backtest(*OUT)
    assert set(pl.read_parquet(log / "out/p.parquet")["item"]) == {"BREAD", "COFFEE"}


def nothing(log: Path) -> None:
    (log / "scans.csv").unlink()


def header_only(log: Path) -> None:
    SCANS.clear().write_csv(log / "scans.csv")


def strangers(log: Path) -> None:
    SCANS.with_columns(card=pl.lit(None, pl.String)).write_csv(log / "scans.csv")


def other_products(log: Path) -> None:
    PRODUCTS.with_columns(code="9" + pl.col("code")).write_csv(log / "products.csv")


def whole(log: Path) -> None:
    """Nothing is wrong with the files."""


@pytest.mark.parametrize(
    ("spoil", "options", "sentence"),
    [
        (nothing, {}, r"There is no file scans\.csv\."),
        (header_only, {}, r"scans\.csv holds no lines; expected some"),
        (
            strangers,
            {},
            r"scans\.csv: no line of [\d,]+ can be tested on; expected sales of groceries",
        ),
        (other_products, {}, r"There are no pairs to forecast on 2017-11-06: no household with 4"),
        (
            whole,
            {"cut": FIRST},
            rf"--cut {FIRST}: scans\.csv begins on {FIRST}, so nothing is known before that day; "
            rf"expected a day after {FIRST}, up to 2017-11-06\.",
        ),
        (
            whole,
            {"cut": CUT + timedelta(1)},
            r"--cut 2017-11-07 --horizon 14: scans\.csv ends on 2017-11-19, before the last of the "
            r"days to be forecast, 2017-11-20; expected a cut up to 2017-11-06\.",
        ),
        (
            whole,
            {"cut": FIRST + timedelta(3)},
            r"There are no pairs to forecast on 2017-01-27: .* bought the same category on 2 days",
        ),
    ],
)
def test_what_cannot_be_measured_is_a_sentence(
    log: Path, spoil: Callable[[Path], None], options: dict[str, Any], sentence: str
) -> None:
    spoil(log)
    assert re.match(sentence, refused(*OUT, **options))
    assert not (log / "out").exists()


def test_a_cut_stands_once(log: Path) -> None:
    said = refused("--cut", str(CUT))
    assert said == "--cut 2017-11-06, 2017-11-06: a day stands twice; expected each cut once."


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--horizon", "0"], "0 is not in the range 1<=x<=28"),
        (["--level", "brand"], "'brand' is not one of 'category', 'product'"),
        (["--cut", "2017-13-01"], "'2017-13-01' is no day such as 2017-11-06"),
        (["--model", "oracle"], "'oracle' is not"),
    ],
)
def test_wrong_usage(log: Path, words: list[str], sentence: str) -> None:
    assert sentence in refused(*words, code=2)


# --- the parts -----------------------------------------------------------------------------------


def test_every_model_that_can_be_named_is_there() -> None:
    assert tuple(backtesting.MODELS) == MODELS


def test_a_bar_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(Progress("backtest", terminal=True).each("cut", [1, 2])) == [1, 2]
    assert "promo=" not in capsys.readouterr().err


def test_a_gain_curve_by_hand() -> None:
    at, found = pictures.gain(np.array([0.1, 0.9, 0.5, 0.4]), np.array([0.0, 1, 0, 1]))
    assert at.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.tolist() == [0, 0.5, 0.5, 1, 1]


def test_reliability_by_hand() -> None:
    p = np.repeat([0.2, 0.6], 20)
    said, happened, count = pictures.reliability(p, np.tile([0.0, 1], 20))
    assert count.tolist() == [2] * 20
    assert said.tolist() == pytest.approx([0.2] * 10 + [0.6] * 10)
    assert happened.tolist() == [0.5] * 20
