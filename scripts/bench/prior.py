"""Fit the shipped prior of response, models/prior/response.json, anew: all campaigns B and C.

.venv/bin/python scripts/bench/prior.py
"""

from kit import ROOT
from response_bar import ELASTICITY, printed

from promo.offers import response

if __name__ == "__main__":
    pairs = printed()
    model = response.fit(pairs, response.unlearned(pairs), ELASTICITY)
    model.save(ROOT / "models" / "prior")
    print(model.as_json(), end="")
