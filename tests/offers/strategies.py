"""Any reward, need, rule and basket, as Hypothesis draws them."""

import itertools

from hypothesis import strategies as st

from offers.written import BREAD, JAM, PURCHASE_OF
from promo.offers.basket import Line

REWARDS = st.one_of(
    st.builds(
        lambda n, per, over: {"amount_off": n, "per": per, "over_value": over},
        st.integers(1, 900), st.sampled_from(["use", "unit", "kg", "lb"]),
        st.sampled_from(["cap", "nothing"]),
    ),
    st.builds(
        lambda n, most: {"percent_off": n, "at_most": most},
        st.integers(1, 100), st.none() | st.integers(1, 900),
    ),
    st.builds(
        lambda n, per: {"new_price": n, "per": per},
        st.integers(1, 900), st.sampled_from(["unit", "kg", "lb"]),
    ),
    st.builds(lambda n: {"bundle_price": n}, st.integers(1, 900)),
    st.builds(
        lambda n, among, most: {"get": n, "among": among, "at_most": most},
        st.integers(1, 3), st.booleans(), st.none() | st.integers(1, 900),
    ),
    st.builds(lambda n, p: {"get": n, "percent_off": p}, st.integers(1, 3), st.integers(1, 100)),
    st.builds(lambda n, among: {"free_item": n, "among": among}, st.integers(1, 900),
              st.booleans()),
    st.builds(lambda n: {"points": n}, st.integers(1, 900)),
)  # fmt: skip
NEEDS = st.one_of(
    st.builds(lambda n: {"buy": n}, st.integers(1, 4)),
    st.builds(lambda n: {"spend": n}, st.integers(1, 2000)),
    st.builds(lambda n: {"basket": n}, st.integers(1, 2000)),
    st.builds(lambda n: {"pounds": n}, st.integers(1, 4)),
    st.builds(lambda n: {"kilograms": n}, st.integers(1, 4)),
    st.just({"nothing": True}),
)
MORE = st.builds(
    lambda *parts: dict(itertools.chain(*(part.items() for part in parts))),
    st.sampled_from([
        {}, {"second": BREAD}, {"second": BREAD | {"buy": 2}, "rule": "any"},
        {"second": BREAD, "third": JAM}, {"second": BREAD, "third": JAM, "rule": "first_and_other"},
    ]),
    st.builds(lambda n: {"uses": {"per_list": n}}, st.integers(1, 4)),
    st.sampled_from([{}, {"or_more": True}, {"or_more": False}]),
    st.sampled_from([{}, {"choose": "cheapest"}]),
)  # fmt: skip
LINES = st.lists(
    st.builds(
        Line,
        product=st.sampled_from([*PURCHASE_OF, "x"]),
        quantity=st.integers(-1, 5),
        amount=st.integers(-500, 3000),
        weight=st.none() | st.integers(1, 5000),
        unit=st.sampled_from(["kg", "lb"]),
        excluded=st.booleans(),
    ),
    max_size=6,
)
