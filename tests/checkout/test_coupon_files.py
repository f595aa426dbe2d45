"""Files about coupons: good rows in, a sentence for each other one; nothing but sentences."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select

from promo import tables
from promo.checkout import families, family_file, handed, positive_file
from promo.checkout.filed import Filed, TooManyRefused
from promo.cli import main
from promo.config import Settings
from promo.offers import catalogue
from promo.offers.terms import OfferError, Terms

GOOD: dict[str, Any] = {
    "base_gs1": "8112011234567999999", "description": "1.00 off any",
    "redemption_start_date": "2017-11-01", "redemption_end_date": "2017-11-30",
    "primary_purchase_save_value": 100, "primary_purchase_requirements": 1,
    "primary_purchase_req_code": 0, "primary_purchase_gtins": ["614141000012", "internal:7"],
}  # fmt: skip
ITEM = "gtin:00614141000012"


def read(raw: Mapping[str, Any], own: Settings) -> Terms:
    return positive_file.to_terms(raw, own.coupons, "f.jsonl, line 3", {})


@pytest.fixture
def stocked(sqlite_engine: Engine) -> Engine:
    plain = {"description": "", "store_brand": False, "no_coupon": False, "delisted": False}
    with sqlite_engine.begin() as connection:
        connection.execute(
            insert(tables.Product), [plain | {"id": ITEM, "domain": "gtin", "code": ITEM[5:]}]
        )
    return sqlite_engine


def take(engine: Engine, own: Settings, name: str, text: str, importer: Any) -> Filed:
    path = own.folder / name
    path.write_text(text, encoding="utf-8")
    with engine.begin() as connection:
        found: Filed = importer(connection, own, path)
    return found


def offers(engine: Engine) -> dict[str, Any]:
    offer, pair = tables.Offer, tables.OfferProduct
    with engine.connect() as connection:
        pairs = connection.execute(select(pair.offer, pair.product, pair.purchase)).all()
        rows = connection.execute(select(offer.__table__)).mappings()
        return {row["id"]: (row["terms"], sorted(p[1:] for p in pairs if p[0] == row["id"]))
                for row in rows}  # fmt: skip


def test_a_row_as_terms(settings: Settings) -> None:
    terms = read(GOOD | {"save_value_code": 7, "donot_multiply_flag": True}, settings)
    assert (terms.id, terms.funder, terms.handling) == ("8112:011234567999999", "1234567", 8)
    assert (terms.starts, terms.ends) == (date(2017, 11, 1), date(2017, 11, 30))
    assert terms.products == (ITEM, "internal:7")
    assert (terms.printable, terms.may_be_doubled, terms.returns) == (False, False, "keep")
    assert terms.reward.number == 100
    store = read(GOOD | {"store_coupon": 1}, settings)
    assert (store.funder, store.funder_share, store.handling) == ("chain", 0, 0)
    second = {
        "additional_purchase_rules_code": 1, "second_purchase_requirements": 2,
        "second_purchase_req_code": 0, "second_purchase_gtins": "internal:8 internal:9",
        "second_purchase_excluded_gtins": "internal:9", "applies_to_which_item": 1,
    }  # fmt: skip
    both = read(GOOD | second, settings)
    assert both.reward.applies_to == "second"
    assert positive_file.counted(both) == [(ITEM, 1), ("internal:7", 1), ("internal:8", 2)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"base_gs1": "8112911234567999999"}, "`base_gs1` is '8112911234567999999': The format of"),
        ({"base_gs1": "81120112345679999990666666"}, "expected nothing"),
        ({"base_gs1": None}, "`base_gs1` is missing"),
        ({"redemption_end_date": "2017-02-30"}, "`redemption_end_date` is '2017-02-30'"),
        ({"redemption_end_date": "2017-10-30"}, "`ends` is '?2017-10-30'?: .*before the day it"),
        ({"primary_purchase_save_value": "1.00"}, "`primary_purchase_save_value` is '1.00'"),
        ({"primary_purchase_save_value": 0}, "A save value of 0 with code 0 gives nothing"),
        (
            {"primary_purchase_req_code": 5},
            "`primary_purchase_req_code` is 5: .*0, 1, 2, 3, 4 or 9",
        ),
        ({"primary_purchase_requirements": 0}, "requirements`: A requirement of 0"),
        ({"primary_purchase_requirements": None}, "`primary_purchase_requirements` is missing"),
        ({"primary_purchase_gtins": ["614141000013"]}, "check digit 3, but the GS1 standard"),
        ({"primary_purchase_gtins": []}, "`primary_purchase_gtins` is empty; expected item codes"),
        ({"primary_purchase_gtins": [614141000012]}, "expected item codes as text"),
        ({"second_purchase_gtins": ["internal:8"]}, "`second_purchase_req_code` is missing"),
        ({"save_value_code": 3}, "`save_value_code` is 3: .* 0, 1, 2, 5, 6 or 7"),
        (
            {"save_value_code": 5, "primary_purchase_save_value": 101},
            "101 percent is more than all",
        ),
        ({"additional_purchase_rules_code": 3}, "is 3, which is read in two ways"),
        ({"additional_purchase_rules_code": 0}, "`rule`"),
        ({"applies_to_which_item": 1}, "applies to the second purchase, and there is none"),
        ({"store_coupon": 2}, "`store_coupon` is 2"),
        ({"brand": "Acme"}, "unknown key `brand`"),
    ],
)
def test_a_fault_is_a_sentence(change: dict[str, Any], words: str, settings: Settings) -> None:
    raw = {name: value for name, value in (GOOD | change).items() if value is not None}
    with pytest.raises(OfferError, match=words) as caught:
        read(raw, settings)
    assert str(caught.value).startswith("f.jsonl, line 3")


def test_csv_and_json_lines_say_the_same(stocked: Engine, settings: Settings) -> None:
    lines = [json.dumps(GOOD), "", "{", "[]", json.dumps(GOOD | {"store_coupon": 7}),
             json.dumps(GOOD)]  # fmt: skip
    done = take(stocked, settings, "a.jsonl", "\n".join(lines), positive_file.import_file)
    assert done.taken == 1
    assert [each.split(":")[0] for each in done.refused] == [
        "a.jsonl, line 3", "a.jsonl, line 4", "a.jsonl, line 5",
        "a.jsonl, line 6",
    ]  # fmt: skip
    assert "stands twice in this file" in done.refused[-1]
    assert done.notices == ["1 items are not in the product table yet; they count as soon as they "
                            "are."]  # fmt: skip
    first = offers(stocked)
    assert first["8112:011234567999999"][1] == [(ITEM, 1)]
    cells = GOOD | {"primary_purchase_gtins": "614141000012 internal:7"}
    text = ",".join(cells) + "\n" + ",".join(map(str, cells.values())) + "\n1,2\n"
    done = take(stocked, settings, "a.csv", text, positive_file.import_file)
    assert (done.taken, len(done.refused)) == (1, 1)
    assert "a.csv, line 3" in done.refused[0]
    assert offers(stocked) == first


def test_items_that_come_later_count_from_then_on(stocked: Engine, settings: Settings) -> None:
    take(stocked, settings, "a.jsonl", json.dumps(GOOD), positive_file.import_file)
    with stocked.begin() as connection:
        plain = {"description": "", "store_brand": False, "no_coupon": False, "delisted": False}
        row = plain | {"id": "internal:7", "domain": "internal", "code": "7"}
        connection.execute(insert(tables.Product), [row])
        assert catalogue.resolve_again(connection, settings) == 1
    assert offers(stocked)["8112:011234567999999"][1] == [(ITEM, 1), ("internal:7", 1)]


def test_no_own_offer_may_have_a_coupons_name(stocked: Engine, settings: Settings) -> None:
    raw = {
        "id": "8112:011234567999999", "title": "x", "funder": "f", "starts": "2017-11-01",
        "ends": "2017-11-30", "reward": {"amount_off": 1}, "products": [ITEM],
        "budget": {"money": 1, "redemptions": 1},
    }  # fmt: skip
    with stocked.begin() as connection:
        found = catalogue.import_offers(connection, settings, [("offers.yaml, offer 1", raw)])
    assert "begins as those of manufacturers' coupons" in found.refused[0]


def test_families_of_a_maker_replace_what_was_said_before(
    stocked: Engine, settings: Settings
) -> None:
    head, table = "prefix,family,code\n", tables.CouponFamily
    text = f"{head}0614141,121,614141000012\n0614141,000,614141000012\n06141,121,614141000012\n"
    with pytest.raises(TooManyRefused) as caught:
        take(stocked, settings, "f.csv", text, family_file.import_file)
    first, second, last = str(caught.value).splitlines()
    assert "line 3: `family` is '000'" in first
    assert "line 4: `prefix` is '06141': expected 6 to 12 digits." in second
    assert last == (
        "Nothing was taken in: 2 of 3 rows were refused, more than ingest.max_reject_rate allows."
    )
    text = f"{head}0614141,122,614141000012\n0614142,300,internal:9\n0614142,300,internal:9\n"
    for _ in range(2):
        assert not take(stocked, settings, "f.csv", text, family_file.import_file).refused
    with stocked.connect() as connection:
        rows = connection.execute(select(table.prefix, table.family, table.product)).all()
    assert sorted(map(tuple, rows)) == [("0614141", "122", ITEM), ("0614142", "300", "internal:9")]


def test_a_faulty_row_takes_nothing_away(stocked: Engine, settings: Settings) -> None:
    """What could not be read may have been what is known."""
    head, table = "prefix,family,code\n", tables.CouponFamily
    known = f"{head}0614141,121,614141000012\n0614141,122,internal:1\n"
    take(stocked, settings, "f.csv", known, family_file.import_file)

    def families_of() -> set[tuple[str, str]]:
        with stocked.connect() as connection:
            return {(family, product) for family, product in connection.execute(
                select(table.family, table.product).where(table.prefix == "0614141")
            )}  # fmt: skip

    before = families_of()
    some = "".join(f"0614141,300,internal:{n}\n" for n in range(99))
    done = take(stocked, settings, "f.csv", f"{head}0614141,1x1,614141000012\n{some}",
                family_file.import_file)  # fmt: skip
    assert (done.taken, len(done.refused)) == (99, 1)
    assert "nothing that was known of a maker was taken away" in done.notices[0]
    assert families_of() == before | {("300", f"internal:{n}") for n in range(99)}
    with pytest.raises(TooManyRefused):
        take(stocked, settings, "f.csv", f"{head}0614141,1x1,internal:5\n{some[:60]}",
             family_file.import_file)  # fmt: skip
    assert len(families_of()) == 101
    assert not take(stocked, settings, "f.csv", known, family_file.import_file).refused
    assert families_of() == before


def test_a_maker_has_one_list_however_its_prefix_is_written(
    stocked: Engine, settings: Settings
) -> None:
    head, table = "prefix,family,code\n", tables.CouponFamily
    with stocked.begin() as connection:  # as an earlier version kept it
        connection.execute(insert(table).values(prefix="614141", family="100", product=ITEM))
    for prefix in ("614141", "0614141"):
        take(stocked, settings, "f.csv", f"{head}{prefix},121,614141000012\n",
             family_file.import_file)  # fmt: skip
        with stocked.connect() as connection:
            rows = connection.execute(select(table.prefix, table.family, table.product)).all()
        assert [tuple(row) for row in rows] == [("0614141", "121", ITEM)]
    assert families.spellings("614141") == families.spellings("0614141") == {"614141", "0614141"}
    assert families.spellings("9501101") == {"9501101"}
    for kept in ("614141", "0614141"):
        listed = families.Families({(families.maker(kept), "121")}, (), ())
        for asked in ("614141", "0614141"):
            assert listed.lists(asked)
            assert listed.knows((asked, "100"))


@pytest.mark.parametrize(
    ("prefix", "product", "is_of"),
    [
        ("0614141", "gtin:00614141000012", True),
        ("0614142", "gtin:00614141000012", False),
        ("614141", "gtin:00614141000012", True),  # six digits: a U.P.C. company prefix
        ("061414", "gtin:00614141000012", False),
        ("614141", "gtin:06141410000128", False),  # a GTIN-13 of another country
        ("0614141", "gtin:10614141000019", True),  # a case of them
        ("950110", "gtin:09501101530003", False),
        ("9501101", "gtin:09501101530003", True),
        ("0614141", "internal:0614141", False),
    ],
)
def test_company_prefixes(prefix: str, product: str, is_of: bool) -> None:
    assert families.is_of(prefix, product) == is_of


def test_the_commands(settings: Settings, stocked: Engine) -> None:
    def run(*words: str) -> Any:
        config = ["--config", str(settings.folder / "config.yaml"), "coupons"]
        return CliRunner().invoke(main, [*config, *words])

    file = settings.folder / "a.jsonl"
    file.write_text(json.dumps(GOOD) + "\nno\n", encoding="utf-8")
    got = run("import", str(file))
    assert (got.exit_code, got.stdout) == (1, "1 coupon in, 1 refused.\n")
    assert "Refused. a.jsonl, line 2: 'no'; expected a JSON object" in got.stderr
    file = settings.folder / "f.csv"
    file.write_text("prefix,family,code\n0614141,121,614141000012\n", encoding="utf-8")
    got = run("families", str(file))
    assert (got.exit_code, got.stdout) == (0, "1 item of families in, 0 refused.\n")
    assert run("import", str(settings.folder / "none.jsonl")).exit_code == 3


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["8112011234567999999", "2017-11-01", "614141000012"]),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=2),
    max_leaves=5,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(sorted(positive_file.Row.model_fields)), VALUES, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_row_is_terms_or_a_sentence(settings: Settings, changes: dict[str, Any]) -> None:
    try:
        terms = read(GOOD | changes, settings)
    except OfferError as error:
        assert str(error).startswith("f.jsonl, line 3")  # noqa: PT017
        return
    assert Terms.from_stored(terms.stored()) == terms


DIGITS = st.text("0123456789", max_size=70)
SCANNED = st.one_of(
    st.text(max_size=80), DIGITS,
    st.tuples(st.sampled_from(["", "]C1", "]e0", "\x1d", "("]), st.sampled_from(["8110", "8112"]),
              st.sampled_from(["", ")"]), DIGITS).map("".join),
    DIGITS.map(lambda text: f"81101061414165432131001101{text}"),
)  # fmt: skip


@given(SCANNED)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_handed_over_is_read_or_refused_by_name(settings: Settings, text: str) -> None:
    found = handed.read(text, settings.coupons, "USD", date(2017, 11, 8))
    assert handed.read(text, settings.coupons, "USD", date(2017, 11, 8)) == found
    if found.why:
        assert found.detail
        return
    if found.terms is not None:
        assert found.terms.id == found.offer
        assert Terms.from_stored(found.terms.stored()) == found.terms
    if found.digits:
        again = handed.read(found.digits, settings.coupons, "USD", date(2017, 11, 8))
        assert again == found
        assert handed.claim_of(found.digits) == found.claim
