"""The press's own way to write a value is the template engine's, for every kind of value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined, UndefinedError
from markupsafe import Markup, escape

from promo.lists.press.environment import PressEnvironment, written

OURS = PressEnvironment([])
THEIRS = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)


class Shouted(str):
    """A string of another kind, with markup of its own."""

    def __html__(self) -> str:
        return f"<b>{escape(str(self).upper())}</b>"


VALUES = st.one_of(
    st.text(), st.integers(), st.floats(), st.none(), st.booleans(), st.lists(st.text()),
    st.text().map(Markup), st.text().map(Shouted),
)  # fmt: skip


@given(VALUES)
def test_a_value_is_written_as_escape_writes_it(value: object) -> None:
    assert written(value) == escape(value)


@pytest.mark.parametrize(
    "source",
    [
        "{{ x }}{{ x | safe }}{{ '<' }}{{ '&' ~ x }}",
        "{% autoescape false %}{{ x }}{% endautoescape %}{{ x }}",
        "{% for c in x %}{{ loop.index }}{{ c }}{% endfor %}",
        "{% set y %}<i>{{ x }}</i>{% endset %}{{ y }}",
        "{% macro m(v) %}<u>{{ v }}</u>{% endmacro %}{{ m(x) }}{{ x | upper }}",
    ],
)
@given(st.text())
def test_a_template_says_the_same(source: str, value: str) -> None:
    theirs = THEIRS.from_string(source).render(x=value)
    assert OURS.from_string(source).render(x=value) == theirs


def test_a_misspelt_name_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        OURS.from_string("{{ misspelt }}").render()
