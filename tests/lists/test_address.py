"""Address lines, as each country writes them."""

import pytest

from promo.lists.address import FIELDS, PATTERNS, is_enough, lines


def row(*values: str | None, **changes: str | None) -> dict[str, str | None]:
    return dict(zip(FIELDS, (*values, *[None] * 6), strict=False)) | changes


@pytest.mark.parametrize(
    ("address", "printed"),
    [
        (("12 Elm Street", "Apt 4", "Springfield", "OH", "45501", "US"),
         ("12 Elm Street", "Apt 4", "Springfield, OH 45501")),
        (("12 Elm Street", "", "Springfield", "OH", "45501", None),
         ("12 Elm Street", "Springfield, OH 45501")),
        (("12 Elm Street", None, "Springfield", None, "45501", "US"),
         ("12 Elm Street", "Springfield, 45501")),
        (("12 Elm Street", None, "Springfield", "OH", None, "US"),
         ("12 Elm Street", "Springfield, OH")),
        (("12 Elm Street", None, None, None, "45501", "US"), ("12 Elm Street", "45501")),
        (("10 King St W", None, "Toronto", "ON", "M5H 1A1", "CA"),
         ("10 King St W", "Toronto ON M5H 1A1", "CANADA")),
        (("Hauptstraße 5", None, "München", None, "80331", "DE"),
         ("Hauptstraße 5", "80331 München", "GERMANY")),
        (("1 High Street", None, "Leeds", None, "LS1 1AA", "GB"),
         ("1 High Street", "Leeds", "LS1 1AA", "UNITED KINGDOM")),
        (("Rua A 5", None, "Recife", "PE", "50000-000", "BR"),
         ("Rua A 5", "Recife - PE", "50000-000", "BRAZIL")),
        (("Rua A 5", None, "Recife", None, "50000-000", "BR"),
         ("Rua A 5", "Recife", "50000-000", "BRAZIL")),
        (("Calle 5", None, "Mérida", "YUC", "97000", "MX"),
         ("Calle 5", "97000 Mérida, YUC", "MEXICO")),
        (("5 Rue A", None, "Dakar", None, "10000", "SN"), ("5 Rue A", "10000 Dakar", "SENEGAL")),
    ],
)  # fmt: skip
def test_lines(address: tuple[str | None, ...], printed: tuple[str, ...]) -> None:
    assert lines(row(*address), "en_US") == printed


def test_the_country_is_said_in_the_sender_s_language_and_only_abroad() -> None:
    home = row("Hauptstraße 5", None, "München", None, "80331", "DE")
    assert lines(home, "de_DE") == ("Hauptstraße 5", "80331 München")
    assert lines(home, "es_US")[-1] == "ALEMANIA"
    assert lines(home | {"country": None}, "de_DE") == ("Hauptstraße 5", "80331 München")


@pytest.mark.parametrize("missing", ["line1", "city"])
def test_no_lines_where_mail_cannot_be_sent(missing: str) -> None:
    short = row("12 Elm Street", None, "Springfield", "OH", None, "US") | {missing: None}
    assert not is_enough(short)
    assert lines(short, "en_US") == ()


@pytest.mark.parametrize("country", [*PATTERNS, "SN"])
def test_nothing_is_lost_in_any_country(country: str) -> None:
    every = row("street", "flat", "town", "area", "code", country)
    said = " ".join(lines(every, "en_US"))
    wanted = {"street", "flat", "town"} | ({"code"} if country != "HK" else {"area"})
    assert wanted <= set(said.replace(",", "").split())
    assert not set("{}|") & set(said)


def test_a_line_that_was_broken_is_one_line() -> None:
    broken = row("12 Elm\nStreet", " \t ", "Spring\r\nfield", "OH", "45501", "US")
    assert lines(broken, "en_US") == ("12 Elm Street", "Spring field, OH 45501")
