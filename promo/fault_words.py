"""What a check by type found wrong, in our own words: one place style, one way to say what is due.

pydantic's own messages speak of inputs and patterns; whoever reads ours writes offers, settings and
till software. What stands here by the name of a fault names no value that was sent.
"""

from collections.abc import Iterable, Mapping
from typing import Any

DAY, TIME, MOMENT = "2017-11-06", "16:00", "2017-11-06T17:03:59"
NUMBER, WHOLE = "expected a number", "expected a whole number"
KEYS, LIST = "expected keys with values, as in `key: value`", "expected a list, as in [this, that]"
WORDS: Mapping[str, str] = {
    **dict.fromkeys(("string_type", "string_unicode"), "expected text"),
    "string_too_short": "expected at least {min_length} character(s)",
    "string_too_long": "expected at most {max_length} character(s)",
    "string_pattern_mismatch": "expected {pattern}",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing"), NUMBER),
    "finite_number": "expected a finite number",
    **dict.fromkeys(("bool_type", "bool_parsing"), "expected true or false"),
    "greater_than": "expected a number above {gt}",
    "greater_than_equal": "expected {ge} or more",
    "less_than": "expected a number below {lt}",
    "less_than_equal": "expected {le} or less",
    **dict.fromkeys(("literal_error", "enum"), "expected one of {expected}"),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        f"expected a day such as {DAY}",
    ),
    **dict.fromkeys(("time_type", "time_parsing"), f"expected a time of day such as {TIME}"),
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_from_date_parsing"),
        f"expected a day and a time such as {MOMENT}",
    ),
    "too_short": "expected at least {min_length}",
    "too_long": "expected at most {max_length}",
    "json_invalid": "expected JSON",
    "invalid_key": "expected a key that is text",
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type", "mapping_type"), KEYS),
    **dict.fromkeys(("tuple_type", "list_type", "set_type", "frozen_set_type"), LIST),
}
# What regular expressions of ours ask for.
PATTERNS: Mapping[str, str] = {
    r"^[^\x00-\x1f]+$": "text in one line",
    r"^[!-~]{1,64}$": "1 to 64 characters of ASCII, without a blank",
    r"^[\x20-\x7e]+$": "characters of ASCII that can be printed",
    r"^[\x09\x0a\x0d\x1d\x20-\x7e]+$": "what a scanner sends: characters of ASCII",
    r"^[^\x00-\x08\x0b\x0c\x0e-\x1c\x1e\x1f\x7f]+$": "text without control characters",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$": f"a local time such as {MOMENT}",
    r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$": "a language such as `es` or `zh-Hant`",
    "^(A4|Letter)$": "A4 or Letter",
    "^(02|04|2[0-9])$": "one of 02, 04 and 20 to 29",
    "^[0-9]{13}$": "13 digits",
    "^[0-9]{6,12}$": "6 to 12 digits",
    "^[0-9]{3}$": "three digits",
}


def place(where: Iterable[int | str]) -> str:
    """Where a fault is: `lines[3].code`."""
    text = ""
    for part in where:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part != "[key]":  # the key itself is named before it
            text += f".{part}" if text else part
    return text


def expected(fault: Mapping[str, Any]) -> str:
    """What was expected, of one of pydantic's errors, without the value that it got."""
    words = WORDS.get(fault["type"])
    if words is None:  # our own checks speak for themselves
        return str(fault["msg"]).removeprefix("Value error, ")
    known = dict(fault.get("ctx", {}))
    if "pattern" in known:
        known["pattern"] = PATTERNS.get(known["pattern"], f"text such as {known['pattern']}")
    said = words.format(**known)
    return said.replace("1 character(s)", "1 character").replace("character(s)", "characters")
