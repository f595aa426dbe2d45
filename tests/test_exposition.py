"""Prometheus' text format, read back by its own parser."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from promo.exposition import Family, text

NAMES = st.from_regex("[a-z][a-z_]{0,20}", fullmatch=True)
WORDS = st.text(st.sampled_from('ab é漢{}=,#\n"\\'), max_size=12)
LABELS = st.dictionaries(NAMES.filter(lambda name: name != "le"), WORDS, max_size=3)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
FAMILIES = st.lists(
    st.builds(
        Family,
        NAMES.map(lambda name: f"promo_{name}_x"),
        WORDS.map(str.strip),
        st.lists(st.tuples(LABELS, NUMBERS), min_size=1, max_size=4).map(tuple),
    ),
    unique_by=lambda family: family.name,
    max_size=4,
)


@settings(max_examples=60)
@given(FAMILIES)
def test_what_is_written_is_read(families: list[Family]) -> None:
    found = list(text_string_to_metric_families(text(families)))
    assert [one.name for one in found] == [family.name for family in families]
    for one, family in zip(found, families, strict=True):
        assert one.type == "gauge"
        assert one.documentation == family.words
        read = [(sample.labels, sample.value) for sample in one.samples]
        assert read == [(dict(labels), value) for labels, value in family.samples]


def test_no_samples_no_family() -> None:
    assert text([Family("promo_x", "Nothing.", ())]) == ""
    assert text([]) == ""


def test_large_numbers_keep_all_digits() -> None:
    moment = 1_700_000_000.123456
    family = Family("promo_x", "A moment.", (({}, moment), ({"a": "b"}, 2.0**53)))
    assert text([family]).splitlines()[2:] == [
        "promo_x 1700000000.123456", 'promo_x{a="b"} 9007199254740992',
    ]  # fmt: skip
    assert math.isclose(float(text([family]).splitlines()[2].split()[1]), moment, rel_tol=0)
