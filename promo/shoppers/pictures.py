"""Two pictures of a backtest: is what is said so (reliability), and is it in order (gain).

Matplotlib is imported late, and without pyplot: no window, no state, no font but its own.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from promo.files import replacing
from promo.shoppers.metrics import Array, Scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 20
POINTS = 400  # of a gain curve
INK, PALE, GRID, FIRST = "#22303c", "#7b8794", "#e4e8ec", "#0b6e99"
OTHERS = ("#d1495b", "#edae49", "#66a182", "#8d6a9f", "#b08968", "#5f0f40")
Corner = Literal["upper left", "lower right"]
SIZE, DOTS = (6.4, 5.6), 160


def draw(
    folder: Path, models: Mapping[str, Sequence[Scored]], level: str, horizon: int
) -> list[Path]:
    """Write `reliability.png` and `gain.png`, of all cuts together; the first model stands out."""
    folder.mkdir(parents=True, exist_ok=True)
    joined = {
        name: (
            np.concatenate([part.probability for part in parts]),
            np.concatenate([part.bought for part in parts]),
        )
        for name, parts in models.items()
    }
    what = f"household × {level}, {horizon} days, {len(_first(joined)[0]):,} pairs"
    return [
        _write(folder / "reliability.png", _reliability(joined, what)),
        _write(folder / "gain.png", _gain(joined, what)),
    ]


def reliability(probability: Array, bought: Array) -> tuple[Array, Array, Array]:
    """Mean forecast, share bought and pairs of equally filled bins, each of shape (bins,)."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    said = np.array([probability[part].mean() for part in parts])
    happened = np.array([bought[part].mean() for part in parts])
    return said, happened, np.array([float(len(part)) for part in parts])


def gain(probability: Array, bought: Array) -> tuple[Array, Array]:
    """Share of all pairs looked at, most probable first, and share of the purchases among them."""
    found = np.cumsum(bought[np.argsort(-probability, kind="stable")])
    at = np.unique(np.linspace(0, len(found), POINTS).round().astype(np.intp))
    of_all = np.concatenate([[0.0], found])[at] / max(found[-1], 1.0)
    return at / len(found), of_all


def _first(joined: Mapping[str, tuple[Array, Array]]) -> tuple[Array, Array]:
    return next(iter(joined.values()))


def _colours(names: Sequence[str]) -> dict[str, str]:
    rest = (OTHERS[i % len(OTHERS)] for i in range(len(names)))
    return dict(zip(names, [FIRST, *rest], strict=False))


def _reliability(joined: Mapping[str, tuple[Array, Array]], what: str) -> "Figure":
    figure, axes = _sheet("Does it happen as often as it is said?", what)
    colours, most = _colours(list(joined)), 0.0
    for number, (name, (p, y)) in enumerate(joined.items()):
        said, happened, count = reliability(p, y)
        axes.plot(said, happened, color=colours[name], label=name, marker="o",
                  ms=3.5 if number else 6, lw=1.2 if number else 2.2,
                  zorder=2 if number else 5)  # fmt: skip
        if not number:
            spread = 1.96 * np.sqrt(happened * (1 - happened) / count)
            axes.vlines(said, happened - spread, happened + spread, color=colours[name], lw=1.2)
        most = max(most, said.max(), happened.max())
    top = min(most * 1.06, 1.02)
    axes.plot([0, top], [0, top], color=PALE, lw=1, ls=(0, (4, 3)), label="as said", zorder=1)
    axes.set(xlim=(0, top), ylim=(0, top), ylabel="happened: share of them bought",
             xlabel="said: mean probability of a twentieth of the pairs")  # fmt: skip
    return _finish(figure, axes, "upper left")


def _gain(joined: Mapping[str, tuple[Array, Array]], what: str) -> "Figure":
    figure, axes = _sheet("How many purchases stand how far up?", what)
    colours = _colours(list(joined))
    for number, (name, (p, y)) in enumerate(joined.items()):
        at, of_all = gain(p, y)
        width = 1.2 if number else 2.4
        axes.plot(at, of_all, color=colours[name], lw=width, label=name, zorder=2 if number else 5)
    bought = _first(joined)[1].mean()
    axes.plot([0, bought, 1], [0, 1, 1], color=PALE, lw=1, label="knowing all")
    axes.plot([0, 1], [0, 1], color=PALE, lw=1, ls=(0, (4, 3)), label="by chance")
    axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="share of pairs, the most probable first",
             ylabel="share of all purchases among them")  # fmt: skip
    return _finish(figure, axes, "lower right")


def _sheet(title: str, what: str) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=DOTS, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    figure.suptitle(title, x=0.02, ha="left", fontsize=14, fontweight="bold", color=INK)
    axes.set_title(what, loc="left", fontsize=10, color=PALE, pad=8)
    return figure, axes


def _finish(figure: "Figure", axes: "Axes", corner: Corner) -> "Figure":
    from matplotlib.ticker import PercentFormatter

    axes.grid(color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(PALE)
    axes.tick_params(colors=INK, labelsize=9, length=0)
    axes.xaxis.label.set(color=INK, size=10)
    axes.yaxis.label.set(color=INK, size=10)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(loc=corner, frameon=False, fontsize=9, labelcolor=INK)
    return figure


def _write(path: Path, figure: "Figure") -> Path:
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
    return path
