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
    titles: {es: Leche de avena}
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
id,title,title_es,funder,starts,ends,objective,amount_off,buy,heavy,medium,light,budget_money,\
budget_redemptions,products
oat-1,"Oat milk, any size",Leche de avena,Maker 7,2017-11-01,2017-11-30,grow,1.25,2,1.50,1.25,1.00,\
500,400,internal:1 internal:2
tea-1,"Tea: ""Earl Grey"", 茶",,chain,2017-11-05,2017-11-05,,1,,,,,0,0, internal:3
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
    assert from_yaml[0].titles == {"es": "Leche de avena"}
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
        ("o.parquet", b"\xff", r"o\.parquet: expected a file that ends in"),
        ("o.csv", b"\n", r"o\.csv is empty; expected a line of column names"),
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


def test_yaml_takes_numbers_codes_and_times_as_they_are_written(tmp_path: Path) -> None:
    text = """
offers:
  - id: 0012
    when: {after: 16:00, before: 20:30}
    products: [04011]
    reward: {amount_off: 0.10}
    starts: 2017-02-30
    exclusive: true
"""
    ((where, raw),) = read(tmp_path, "o.yaml", text)
    assert where == "o.yaml, offer 1 (0012)"
    assert raw == {
        "id": "0012", "when": {"after": "16:00", "before": "20:30"}, "products": ["04011"],
        "reward": {"amount_off": "0.10"}, "starts": "2017-02-30", "exclusive": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("offer", "sentence"),
    [
        ("{id: a, title: x, id: b}", r"offer 1: the key `id` stands twice, again in line 2\."),
        ("{id: a, reward: {amount_off: 1, amount_off: 2}}",
         r"offer 1 \(a\): `reward`: the key `amount_off` stands twice, again in line 2\."),
        ("{id: a, second: {but_not: {brands: [x], brands: [y]}}}",
         r"offer 1 \(a\): `second\.but_not`: the key `brands` stands twice"),
        ("{id: a, ? [1, 2] : 3}", "offer 1: found unhashable key, line 2"),
        ("{id: !!python/object:os.system x}", "offer 1: could not determine a constructor"),
        ("{id: &a [*a, *a]}", "offer 1: found unconstructable recursive node, line 2"),
    ],
)  # fmt: skip
def test_a_fault_of_yaml_costs_one_offer(tmp_path: Path, offer: str, sentence: str) -> None:
    text = f"offers:\n  - {offer}\n{YAML.partition('offers:')[2]}"
    (where, bad), *good = read(tmp_path, "o.yaml", text)
    with pytest.raises(OfferError, match=sentence):
        parse(bad, where, "USD")
    assert [parse(raw, at, "USD").id for at, raw in good] == ["oat-1", "tea-1"]


def test_a_list_that_holds_itself_many_times_is_refused_quickly(tmp_path: Path) -> None:
    knots = "\n".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]" for n in range(1, 60))
    text = f"k0: &k0 [x]\n{knots}\noffers:\n  - {{id: *k59, title: *k59, products: *k59}}\n"
    ((where, raw),) = read(tmp_path, "o.yaml", text)
    with pytest.raises(OfferError, match="`id` is"):
        parse(raw, where, "USD")


def test_csv_holds_every_reward(tmp_path: Path) -> None:
    head = "id,percent_off,at_most,get,buy,spend,heavy,medium,light,none,brands,categories"
    rows = [
        "a,20,3.00,,,10,30,20,10,5,Acme Foods|Zeta,",
        "b,,,1,2,,,,,,,COLD CEREAL | TEAS",
    ]
    more = "title,funder,starts,ends,budget_money,budget_redemptions,uses_per_list,manufacturer"
    rest = "T,F,2017-11-01,2017-11-30,9,9,3,60"
    text = "\n".join([f"{head},{more}", *(f"{row},{rest}" for row in rows)])
    first, second = (parse(raw, where, "USD") for where, raw in read(tmp_path, "o.csv", text))
    assert first.reward.number == 2000
    assert (first.need, first.amount, first.ladder) == (
        "spend", 1000, {"heavy": 3000, "medium": 2000, "light": 1000, "none": 500},
    )  # fmt: skip
    assert first.brands == ("Acme Foods", "Zeta")
    assert second.categories == ("COLD CEREAL", "TEAS")
    assert (second.buy, second.uses.per_list, second.funder_share) == (2, 3, 0.6)


def test_a_column_stands_once(tmp_path: Path) -> None:
    with pytest.raises(OfferError, match=r"o\.csv, line 1: the column 'buy' stands twice\."):
        read(tmp_path, "o.csv", "id,buy,buy\na,1,2\n")
