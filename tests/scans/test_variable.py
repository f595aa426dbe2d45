"""Codes with a price, weight or count inside, held against biip."""

from biip import ParseConfig
from biip.checksums import gs1_price_weight_check_digit
from biip.gtin import Gtin
from biip.rcn import Rcn, RcnRegion
from hypothesis import given
from hypothesis import strategies as st

from promo.scans.gtin import check_digit
from promo.scans.variable import LAYOUTS, take_apart, variable_check_digit


@given(
    st.sampled_from(sorted(set(LAYOUTS) - {"us"})), st.integers(20, 29), st.integers(0, 10**10 - 1)
)
def test_biip_takes_variable_codes_apart_in_the_same_way(
    country: str, prefix: int, rest: int
) -> None:
    body = f"{prefix}{rest:010d}"
    layout = LAYOUTS[country].get(str(prefix))
    if layout is not None and "C" in layout.pattern:
        at = layout.pattern.index("C")
        digit = variable_check_digit(body[at + 1 :])
        body = body[:at] + digit + body[at + 1 :]
    code = body + check_digit(body)
    found = take_apart(f"0{code}", LAYOUTS[country])
    parsed = Gtin.parse(code, config=ParseConfig(rcn_region=RcnRegion(country)))
    assert isinstance(parsed, Rcn)
    assert parsed.without_variable_measure().as_gtin_14() == (found.code if found else f"0{code}")
    if found:
        value = {"price": parsed.price, "weight": parsed.weight, "count": parsed.count}[found.kind]
        assert value is not None
        assert value * 10**found.decimals == found.value


@given(st.from_regex("[0-9]{4,5}", fullmatch=True))
def test_check_digits_of_variable_digits(digits: str) -> None:
    assert variable_check_digit(digits) == str(gs1_price_weight_check_digit(digits))
