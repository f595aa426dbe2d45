import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from promo.offers.coins import coins, key, keys

MANY = keys(f"household {n}" for n in range(50_000))


def test_a_coin_is_the_same_for_ever() -> None:
    """Worked out once; lists that are out were drawn by these."""
    assert key("718") == 15357014630449978566
    assert coins(1, "control", keys(["718", "1"])).tolist() == [
        0.22058345007031355,
        0.4668146449996813,
    ]


def test_coins_fall_evenly_and_neighbours_know_nothing_of_each_other() -> None:
    thrown = coins(1, "x", MANY)
    assert (thrown >= 0).all()
    assert (thrown < 1).all()
    counts = np.histogram(thrown, bins=20, range=(0, 1))[0]
    expected = len(MANY) / 20
    assert ((counts - expected) ** 2 / expected).sum() < 43.8  # chi-square, 19 degrees, .999
    assert abs(np.corrcoef(thrown[:-1], thrown[1:])[0, 1]) < 4 / np.sqrt(len(MANY))


def test_every_part_of_a_coin_moves_it() -> None:
    base = coins(1, "x", MANY, MANY[::-1])
    for other in (
        coins(2, "x", MANY, MANY[::-1]),
        coins(1, "y", MANY, MANY[::-1]),
        coins(1, "x", MANY[::-1], MANY),
        coins(1, "x", MANY),
    ):
        assert (base == other).sum() <= 1
        assert abs(np.corrcoef(base, other)[0, 1]) < 4 / np.sqrt(len(MANY))


@given(st.lists(st.text(max_size=8), min_size=1, max_size=20), st.integers(0, 19), st.integers())
def test_a_coin_does_not_depend_on_its_neighbours(names: list[str], at: int, seed: int) -> None:
    name = names[at % len(names)]
    together = coins(seed, "x", keys(names))[names.index(name)]
    assert together == coins(seed, "x", keys([name]))[0]


def test_keys_of_two_kinds_make_a_table() -> None:
    table = coins(1, "x", MANY[:3, None], MANY[None, :4])
    assert table.shape == (3, 4)
    assert table[2, 3] == coins(1, "x", MANY[2:3], MANY[3:4])[0]
