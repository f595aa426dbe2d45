"""Address lines in the order of the country, for the window of an envelope.

Patterns follow what the Universal Postal Union publishes on each country's addressing
("Postal addressing systems in member countries"). A country that is not in the table gets the
order that most countries have: postal code before town.
"""

from collections.abc import Mapping
from functools import lru_cache

from babel.core import Locale

# Of what stands below the street; lines are parted by |. Empty fields leave no trace.
TOWN_FIRST = "{city} {region} {postal_code}"
CODE_FIRST = "{postal_code} {city}"
CODE_AFTER = "{city} {postal_code}"
CODE_BELOW = "{city}|{postal_code}"
REGION_BELOW = "{postal_code} {city}|{region}"
PATTERNS = {
    **dict.fromkeys(("US", "PR", "GU", "VI", "AS", "MP", "UM"), "{city}, {region} {postal_code}"),
    **dict.fromkeys(("CA", "AU"), TOWN_FIRST),
    **dict.fromkeys(("NZ", "SG", "BN", "BM", "TW", "NP", "BD", "PK", "LB", "SA"), CODE_AFTER),
    **dict.fromkeys(("GB", "GG", "IM", "JE", "GI", "ZA", "LK"), CODE_BELOW),
    "IE": "{city}|{region}|{postal_code}",
    "IN": "{city} {postal_code}|{region}",
    "ID": "{city} {postal_code}|{region}",
    "BR": "{city} - {region}|{postal_code}",
    "MX": "{postal_code} {city}, {region}",
    "IT": "{postal_code} {city} {region}",
    "ES": REGION_BELOW,
    "AR": REGION_BELOW,
    "MY": REGION_BELOW,
    "CN": "{city}|{region} {postal_code}",
    "KR": "{city}, {region}|{postal_code}",
    "TH": "{city}|{region} {postal_code}",
    "HK": "{city}|{region}",
    **dict.fromkeys(("RU", "UA"), "{city}|{region}|{postal_code}"),
    "JP": "{city}, {region} {postal_code}",
}
FIELDS = ("line1", "line2", "city", "region", "postal_code", "country")


def is_enough(row: Mapping[str, str | None]) -> bool:
    """Whether mail can be sent: a street, or what stands for it, and a town or a postal code."""
    return bool(row["line1"] and (row["city"] or row["postal_code"]))


def lines(row: Mapping[str, str | None], locale: str) -> tuple[str, ...]:
    """The lines below the name; none where mail cannot be sent.

    row: FIELDS; locale: the chain's own, whose country is not printed: mail that leaves it bears
    the country's name as the last line, in capitals, in the sender's language, as the Universal
    Postal Union asks for.
    """
    if not is_enough(row):
        return ()
    said = {name: " ".join((row[name] or "").split()) for name in FIELDS}
    own = _territory(locale)
    country = said["country"].upper() or own
    pattern = PATTERNS.get(country, CODE_FIRST)
    below = [_filled(part, said) for part in pattern.split("|")]
    abroad = "" if country == own else _country(country, locale)
    return tuple(line for line in (said["line1"], said["line2"], *below, abroad) if line)


def _filled(part: str, said: Mapping[str, str]) -> str:
    """A line of a pattern; what parts two fields goes where one of them is empty."""
    line = ""
    for piece in part.split("{")[1:]:
        name, _, after = piece.partition("}")
        if said[name]:
            line += said[name] + after
    return line.rstrip(" ,-")


@lru_cache(maxsize=16)
def _territory(locale: str) -> str:
    return Locale.parse(locale).territory or ""


@lru_cache(maxsize=512)
def _country(code: str, locale: str) -> str:
    return str(Locale.parse(locale).territories.get(code, code)).upper()
