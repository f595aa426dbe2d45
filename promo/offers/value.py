"""Value: what an offer on a household's list is expected to bring, in minor units.

Of a pair let p be the probability that the offer is redeemed (`response`), b that the household
would buy its products in the window anyway (the cycles' forecast), w the offer's worth to the
shopper, f the funder's share of it, k the handling that the funder pays for each use. Then

    anyway  = o b / (o b + 1 - b)                   of a redemption, that it would have been bought
    new     = (1 - anyway) kept                     purchases won, neither moved nor in exchange
    margin  = new pieces piece_margin + k - (1 - f) w
    sales   = new pieces price
    subsidy = anyway w                              given for what was coming anyway, whoever pays

    incremental margin = p margin
    value = p (a margin + c sales + d w - e subsidy)

with the weights a, c, d, e of the offer's objective. o (`anyway_odds`) and `kept` are priors of
config.yaml until lift has been measured: whoever redeems is likelier to have bought anyway than
the household's forecast says, and a part of what is won comes from other shelves and later weeks.
"""

import polars as pl

from promo.sections import Response, Weights


def value(settings: Response) -> list[pl.Expr]:
    """Columns anyway, incremental_margin and value (minor units), from those of a candidate.

    It has probability, baseline, worth, price and margin (of a piece, minor units), buy (pieces),
    funder_share, handling (minor units) and objective.
    """
    anyway = redeemed_anyway(pl.col("baseline"), settings.anyway_odds)
    new = (1 - anyway) * settings.kept * pl.col("buy")
    funded = (1 - pl.col("funder_share")) * pl.col("worth")
    margin = new * pl.col("margin") + pl.col("handling") - funded
    sum_of = (
        _weight("margin", settings.weights) * margin
        + _weight("sales", settings.weights) * new * pl.col("price")
        + _weight("worth", settings.weights) * pl.col("worth")
        - _weight("subsidy", settings.weights) * anyway * pl.col("worth")
    )
    p = pl.col("probability")
    return [
        anyway.alias("anyway"),
        (p * margin).alias("incremental_margin"),
        (p * sum_of).alias("value"),
    ]


def redeemed_anyway(baseline: pl.Expr, odds: float) -> pl.Expr:
    """That a redemption's purchase would have come anyway: odds times those of the forecast."""
    return odds * baseline / (odds * baseline + (1 - baseline))  # one for one, to the last bit


def _weight(name: str, weights: dict[str, Weights]) -> pl.Expr:
    of = {objective: getattr(found, name) for objective, found in weights.items()}
    return pl.col("objective").replace_strict(of, return_dtype=pl.Float64)
