"""What is known beforehand: worlds whose law is known, and figures that others published."""

import journey
import numpy as np
import worlds
from kit import note, report
from lifetimes import BetaGeoFitter
from lifetimes.datasets import load_cdnow_summary

from promo.shoppers import bgnbd, metrics
from promo.shoppers.backtest import Question
from promo.shoppers.bgnbd import History, Parameters
from promo.shoppers.learning import Learned

HOUSEHOLDS = 6000  # some 110,000 pairs; fewer, and chance alone would move the calibration
FEW = 800
CALIBRATED, NEAR = 0.01, 0.005  # calibration error; log-loss above the truth's
SEED = 20171106
CDNOW = (0.243, 4.414, 0.793, 2.426)  # r, alpha, a, b: Fader, Hardie & Lee 2005, table 2
ROUNDED = 6e-4
SAME = 1e-6


def judge_worlds(households: int = HOUSEHOLDS) -> None:
    """The default model, its settings untouched, beside the truth; few pairs are not judged."""
    for name, law in worlds.LAWS.items():
        note(f"the {name} world")
        days = worlds.draw(law, households, SEED)
        keep = (worlds.CUT - worlds.FIRST).days
        q = Question.at(days, "category", worlds.CUT, journey.HORIZON, keep)
        bought = q.bought.to_numpy()
        said = {
            "model": q.answers(Learned("category", journey.HORIZON))["probability"].to_numpy(),
            "truth": worlds.truth(law, days, q.pairs),
        }
        loss = {who: metrics.log_loss(p, bought) for who, p in said.items()}
        error = {who: metrics.calibration_error(p, bought) for who, p in said.items()}
        value = {
            "pairs": len(bought),
            "log_loss": {who: round(x, 4) for who, x in loss.items()},
            "above_the_truth": round(loss["model"] - loss["truth"], 4),
            "calibration_error": {who: round(x, 4) for who, x in error.items()},
        }
        limit = {"above_the_truth": NEAR, "calibration_error": CALIBRATED}
        good = loss["model"] - loss["truth"] <= NEAR and error["model"] <= CALIBRATED
        judged = households >= HOUSEHOLDS
        report(f"the {name} world, {households} households", value, limit,
               ok=bool(good) if judged else None)  # fmt: skip


def judge_published() -> None:
    """BG/NBD on CDNOW: the published parameters, and `lifetimes`' chance of being alive."""
    data = load_cdnow_summary(index_col=[0])
    x, t_x, T = (data[name].to_numpy(np.float64) for name in ("frequency", "recency", "T"))
    found = np.exp(bgnbd.fit(History(x, t_x, T, np.ones(len(x)))).logs)
    off = np.abs(found - CDNOW).max()
    shown = [round(float(value), 4) for value in found]
    report("BG/NBD on CDNOW: r, alpha, a, b", shown, CDNOW, ok=bool(off <= ROUNDED))
    fitter = BetaGeoFitter().fit(x, t_x, T)
    own = Parameters(*(fitter.params_[name] for name in ("r", "alpha", "a", "b")))
    theirs = np.asarray(fitter.conditional_probability_alive(x, t_x, T))
    apart = float(np.abs(bgnbd.p_alive(own, x, t_x, T) - theirs).max())
    report("BG/NBD on CDNOW: P(alive) less that of lifetimes, at most", apart, SAME,
           ok=apart <= SAME)  # fmt: skip
