"""`promo templates check` says each fault once, however many cases and formats have it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.calendar import Window
from promo.fault_groups import grouped, kind, summary
from promo.lists.items import Draft
from promo.lists.sheet import Person, Sheet
from promo.template_check import Broken, Case

DAY = date(2017, 11, 6)
SHEET = Sheet(Draft("", "", "", "", "", (), ()), "", "", Window(DAY, DAY), "", Person(""))
MISSPELT = (
    "The template parts/offers.html.j2, line 6 cannot be rendered: x has no attribute 'tems'."
)


def case(name: str) -> Case:
    return Case(name, "en", SHEET)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("'on one item.' is missing", "'on 2 items.' is missing", True),
        ("of 'it\\'s, 2 of' there is not all: 'of' is missing", 'of "a" there is not all: \'b c\' '
         "is missing", True),
        ("page 1: 'Yo' is nearer than 5 mm to the paper's edge (1 mm from the left, 43 mm from the "
         "top)", "page 2: 'So' is nearer than 5 mm to the paper's edge (2 mm from the left, 4 mm "
         "from the top)", True),
        ("page 1: 'Yo' is nearer than 5 mm to the paper's edge (1 mm from the left)",
         "page 1: 'Yo' is printed over other words (1 mm from the left)", False),
        ("it takes 2 pages; the layout has room for it on 1",
         "it takes 12 pages; the layout has room for it on 3", True),
        ("the document of one list has 2,000,001 characters",
         "the document of one list has 10,000,000 characters", True),
        ("its styles fetch 'http://a/1.png'; lists fetch nothing",
         "its styles fetch 'http://a/2.png'; lists fetch nothing", False),
        ("it has a <form>, which a list may not have", "it has a <script>, which a list may not "
         "have", False),
        (MISSPELT, MISSPELT.replace("6", "7"), False),
        (MISSPELT, MISSPELT.replace("tems", "trems"), False),
        ("the template a.j2, line 6, was not done after 10 seconds",
         "the template b.j2, line 6, was not done after 10 seconds", False),
    ],
)  # fmt: skip
def test_what_is_one_fault(one: str, other: str, alike: bool) -> None:
    assert (kind(one) == kind(other)) is alike


def test_a_fault_is_said_once_with_where_it_was_met() -> None:
    cases = [case(f"case {n}") for n in range(5)]
    found = [Broken(each, form, MISSPELT) for each in cases for form in ("html", "sheet")]
    found += [Broken(each, "email", f"'{each.name}' is missing") for each in cases[:2]]
    groups = grouped(found)
    assert [group.in_words(3) for group in groups] == [
        f"html, sheet: {MISSPELT}\n  in 5 cases: case 0 (en), case 1 (en), case 2 (en) and 2 more",
        "email: 'case 0' is missing, and 1 more like it\n  in 2 cases: case 0 (en), case 1 (en)",
    ]
    assert groups[0].in_words(2).startswith("all formats: The template")
    assert summary(groups, 64, 7) == "64 cases in 7 formats: 2 faults, in 5 cases."
    assert summary(groups[1:], 2, 1) == "2 cases in 1 format: 1 fault, in 2 cases."
    assert summary([], 1, 7) == "1 case in 7 formats: no faults."


FAULTS = (MISSPELT, "'a' is missing", "'b' is missing")
ROWS = st.tuples(st.integers(0, 9), st.sampled_from(("html", "mail")), st.sampled_from(FAULTS))


@given(st.lists(ROWS))
def test_nothing_is_lost(rows: list[tuple[int, str, str]]) -> None:
    found = [Broken(case(f"c{n}"), form, fault) for n, form, fault in rows]
    groups = grouped(found)
    assert len(groups) == len({kind(fault) for *_, fault in rows})
    for broken in found:
        (own,) = [group for group in groups if broken.fault in group.texts]
        assert broken.form in own.forms
        assert str(broken.case) in own.cases
