from pathlib import Path
from typing import Any

import pytest
import yaml

from promo.offers import files
from promo.offers.terms import OfferError, parse

YAML = """
offers:
  - id: oat-1
    title: Oat milk, any size
    funder: Maker 7
    starts: 2017-11-01
    ends: 2017-11-30
    objective: grow
    reward: {amount_off: 1.25}
    buy: 2
    ladder: {heavy: 1.50, medium: 1.25, light: 1.00}
    budget: {money: 500, redemptions: 400}
    products: [internal:1, internal:2]
  - id: tea-1
    title: 'Tea: "Earl Grey", 茶'
    funder: chain
    starts: 2017-11-05
    ends: 2017-11-05
    reward: {amount_off: 1}
    budget: {money: 0, redemptions: 0}
    products: [internal:3]
"""
CSV = """\
id,title,funder,starts,ends,objective,amount_off,buy,heavy,medium,light,budget_money,\
budget_redemptions,products
oat-1,"Oat milk, any size",Maker 7,2017-11-01,2017-11-30,grow,1.25,2,1.50,1.25,1.00,500,\
400,internal:1 internal:2
tea-1,"Tea: ""Earl Grey"", 茶",chain,2017-11-05,2017-11-05,,1,,,,,0,0, internal:3
"""
HEAD, OAT, TEA = CSV.splitlines()


def read(folder: Path, name: str, text: str) -> list[tuple[str, Any]]:
    path = folder / name
    path.write_bytes(text.encode())
    return list(files.read(path))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_yaml_and_csv_give_the_same_offers(tmp_path: Path, ending: str, mark: str) -> None:
    from_yaml, from_csv = (
        [
            parse(raw, where, "USD")
            for where, raw in read(tmp_path, name, mark + text.replace("\n", ending))
        ]
        for name, text in (("o.yaml", YAML), ("o.csv", CSV))
    )
    assert from_csv == from_yaml
    assert [terms.id for terms in from_yaml] == ["oat-1", "tea-1"]
    assert from_yaml[1].title == 'Tea: "Earl Grey", 茶'


def test_an_offer_says_where_it_stands(tmp_path: Path) -> None:
    assert [where for where, _ in read(tmp_path, "o.yml", YAML)] == [
        "o.yml, offer 1 (oat-1)",
        "o.yml, offer 2 (tea-1)",
    ]
    assert [where for where, _ in read(tmp_path, "o.csv", CSV)] == [
        "o.csv, line 2 (oat-1)",
        "o.csv, line 3 (tea-1)",
    ]
    assert [where for where, _ in read(tmp_path, "p.yml", "offers: [{title: x}, 7]")] == [
        "p.yml, offer 1",
        "p.yml, offer 2",
    ]


def test_an_offer_on_a_whole_department(tmp_path: Path) -> None:
    products = [f"internal:{n:08}" for n in range(15_000)]
    offer = yaml.safe_load(YAML)["offers"][0] | {"products": products}
    row = OAT.replace("internal:1 internal:2", " ".join(products))
    ((_, from_yaml),) = read(tmp_path, "o.yaml", yaml.safe_dump({"offers": [offer]}))
    ((_, from_csv),) = read(tmp_path, "o.csv", f"{HEAD}\n{row}\n")
    assert parse(from_csv, "", "USD") == parse(from_yaml, "", "USD")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (OAT.replace("grow,1.25,2", "grow,,2"), "`reward` is missing"),
        (OAT.replace("2017-11-30", "30.11.2017"), "`ends` is '30.11.2017'"),
        (OAT.replace("500,400", "500,many"), "`budget.redemptions` is 'many'"),
        (
            OAT.replace("internal:1 internal:2", ""),
            r"`products` is \[\]: expected products, brands",
        ),
        (OAT.replace("oat-1", "  "), "`id` is missing"),
        (f"{OAT},surplus", "unknown key `more fields than columns`"),
        ("oat-1,Oat milk", "`funder` is missing"),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, row: str, sentence: str) -> None:
    (where, good), (bad_where, bad) = read(tmp_path, "o.csv", f"{HEAD}\n{TEA}\n{row}\n")
    assert parse(good, where, "USD").id == "tea-1"
    with pytest.raises(OfferError, match=rf"o\.csv, line 3 .*{sentence}"):
        parse(bad, bad_where, "USD")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("o.txt", b"", r"o\.txt: expected a file that ends in \.yaml, \.yml or \.csv"),
        ("o.yaml", b"\xff\xfe\x00", r"o\.yaml is not UTF-8"),
        ("o.yaml", b"offers: [", r"o\.yaml is no YAML"),
        ("o.yaml", b"", "o.yaml: expected a list of offers under the key `offers`"),
        ("o.yaml", b"offers: {id: 1}", "expected a list of offers"),
        ("o.yaml", b"- id: 1", "expected a list of offers"),
        ("o.csv", b"id,colour\n1,red\n", r"o\.csv, line 1: unknown column 'colour'; expected id,"),
        pytest.param("o.csv", b"id\n" + b"x" * 2**25, r"o\.csv, after line 1: field la", id="long"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OfferError, match=sentence):
        list(files.read(tmp_path / name))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OfferError, match=r"There is no file .*none\.csv"):
        files.read(tmp_path / "none.csv")


def test_no_offers_are_no_fault(tmp_path: Path) -> None:
    assert read(tmp_path, "o.csv", HEAD) == read(tmp_path, "o.yaml", "offers: []") == []
