"""What checks by type say is ours: one style of places, no words of pydantic's, no value sent."""

import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, field_validator

from promo import fault_words


class Inner(BaseModel):
    word: str = "a"


class Everything(BaseModel, strict=True):
    """A field of each kind that our own models have."""

    text: Annotated[str, Field(min_length=1, max_length=2)] = "a"
    longer: Annotated[str, Field(min_length=2)] = "ab"
    paper: Annotated[str, Field(pattern="^(A4|Letter)$")] = "A4"
    other: Annotated[str, Field(pattern="^x+$")] = "x"
    whole: Annotated[int, Field(ge=0, le=9)] = 1
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    money: Decimal = Decimal(1)
    flag: bool = True
    one: Literal["a", "b"] = "a"
    day: datetime.date = datetime.date(2017, 11, 6)
    time: datetime.time = datetime.time(12)
    at: datetime.datetime | None = None
    some: Annotated[list[Inner], Field(min_length=1, max_length=1)] = [Inner()]
    named: dict[str, int] = {}
    own: str = "a"

    @field_validator("own")
    @classmethod
    def _own(cls, value: str) -> str:
        if value == "b":
            raise ValueError("expected anything but b")
        return value


CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"text": 5}, "text", "expected text"),
    ({"text": ""}, "text", "expected at least 1 character"),
    ({"text": "abc"}, "text", "expected at most 2 characters"),
    ({"longer": "a"}, "longer", "expected at least 2 characters"),
    ({"paper": "A5"}, "paper", "expected A4 or Letter"),
    ({"other": "y"}, "other", "expected text such as ^x+$"),
    ({"whole": "1"}, "whole", "expected a whole number"),
    ({"whole": 1.5}, "whole", "expected a whole number"),
    ({"whole": -1}, "whole", "expected 0 or more"),
    ({"whole": 10}, "whole", "expected 9 or less"),
    ({"share": 0}, "share", "expected a number above 0.0"),
    ({"share": 1.0}, "share", "expected a number below 1.0"),
    ({"share": "x"}, "share", "expected a number"),
    ({"flag": 1}, "flag", "expected true or false"),
    ({"one": "c"}, "one", "expected one of 'a' or 'b'"),
    ({"day": "soon"}, "day", "expected a day such as 2017-11-06"),
    ({"time": "soon"}, "time", "expected a time of day such as 16:00"),
    ({"at": "soon"}, "at", "expected a day and a time such as 2017-11-06T17:03:59"),
    ({"some": []}, "some", "expected at least 1"),
    ({"some": [{}, {}]}, "some", "expected at most 1"),
    ({"some": "x"}, "some", fault_words.LIST),
    ({"some": [5]}, "some[0]", fault_words.KEYS),
    ({"some": [{"word": 5}]}, "some[0].word", "expected text"),
    ({"named": []}, "named", fault_words.KEYS),
    ({"named": {"a": "x"}}, "named.a", "expected a whole number"),
    ({"named": {5: 5}}, "named.5", "expected text"),
    ({"own": "b"}, "own", "expected anything but b"),
]


@pytest.mark.parametrize(("sent", "place", "words"), CASES, ids=lambda each: str(each)[:40])
def test_each_fault_in_our_words(sent: dict[str, Any], place: str, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate(sent)
    [fault, *_] = caught.value.errors()
    found = fault_words.place(fault["loc"]).replace("[5]", ".5")
    assert (found, fault_words.expected(fault)) == (place, words)
    assert "nput" not in words


def test_no_json() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Inner).validate_json(b"{")
    [fault] = caught.value.errors()
    assert (fault_words.place(fault["loc"]), fault_words.expected(fault)) == ("", "expected JSON")


def test_places() -> None:
    assert fault_words.place(("lines", 3, "code")) == "lines[3].code"
    assert fault_words.place(("titles", "es", "[key]")) == "titles.es"
    assert fault_words.place((0, 1)) == "[0][1]"
