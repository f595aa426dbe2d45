"""Neighbours: what households with a like basket, and items bought by like households, say.

Households x items is a large and sparse matrix. Its few greatest singular directions say what
goes with what, and cost time in proportion to the pairs: no household is ever held against every
other. What a household bought of late, seen through them, is a smoother answer than its own few
purchases; so is how far it has lately departed from what BG/NBD expected.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from promo.shoppers.crowd import Past, items
from promo.shoppers.histories import Array, Histories, Indices

Floats = NDArray[np.float32]

WIDE, NARROW = 32, 24  # directions of all purchases, and of recent ones
RECENT = 28  # days in which a recent purchase loses half its weight
MORE, ROUNDS = 8, 4  # directions more than asked for and power iterations: Halko's p and q
BLOCK = 1 << 16  # pairs scored at a time
NAMES = (
    "usual",  # of the pair, what is left of log(1 + purchase days) in WIDE directions
    "recent",  # log of what is left of decayed purchases in NARROW ones
    "like_items",  # surprise of the household at items bought by like households
    "like_households",  # surprise at the item of households that buy alike
)


@dataclass(frozen=True)
class Cells:
    """Which row (household) and column (item) of the matrix each pair is in."""

    row: Indices
    column: Indices
    shape: tuple[int, int]

    @classmethod
    def of(cls, h: Histories) -> "Cells":
        """Those of all pairs."""
        item = items(h)
        return cls(h.household, item, (h.visits.households, int(item.max(initial=-1)) + 1))

    def matrix(self, values: Array) -> csr_array:
        """The matrix with a value a pair."""
        filled = (values.astype(np.float32), (self.row, self.column))
        return csr_array(filled, shape=self.shape)

    def dot(self, rows: Floats, columns: Floats) -> Array:
        """Of each pair, the product of its row's and its column's vectors."""
        found = np.empty(len(self.row))
        for begin in range(0, len(found), BLOCK):
            some = slice(begin, begin + BLOCK)
            pair = rows[self.row[some]], columns[self.column[some]]
            found[some] = np.einsum("ij,ij->i", *pair)
        return found


def columns(h: Histories, pasts: tuple[Past, ...], seed: int) -> Floats:
    """NAMES of each pair, of shape (pairs, NAMES); `h` is of all households."""
    cells = Cells.of(h)
    buyers = np.maximum(np.bincount(cells.column, minlength=cells.shape[1]), 1)
    rarity = np.log(cells.shape[0] / buyers + 1)
    rows, columns = directions(cells.matrix(np.log1p(h.n) * rarity[cells.column]), WIDE, seed)
    decayed = np.log1p(h.sum(np.exp2((1 - h.age) / RECENT)))
    recent = cells.dot(*directions(cells.matrix(decayed), NARROW, seed))
    surprise = surprises(len(h.start), pasts)
    by_items, by_households = _spread(cells, surprise, _unit(rows), _unit(columns))
    found = (
        cells.dot(rows, columns),
        np.log(np.maximum(recent, 0) + 0.01),
        by_items,
        by_households / np.sqrt(buyers[cells.column] + 10),
    )
    return np.column_stack(found).astype(np.float32)


def surprises(pairs: int, pasts: tuple[Past, ...]) -> Array:
    """Of each pair, bought less expected in past fortnights, in standard deviations."""
    bought, expected = np.zeros(pairs), np.zeros(pairs)
    for past in pasts:
        bought[past.pairs] += past.bought
        expected[past.pairs] += past.expected
    found: Array = (bought - expected) / np.sqrt(expected + 0.3)
    return found


def _spread(cells: Cells, surprise: Array, rows: Floats, columns: Floats) -> tuple[Array, Array]:
    """Sums of other pairs' surprises: of the household by likeness of items, and of the item."""
    matrix = cells.matrix(surprise)
    by_items = cells.dot(matrix @ columns, columns)
    by_households = cells.dot(rows, matrix.T @ rows)
    own_items, own_households = ((of**2).sum(axis=1) for of in (columns, rows))
    return (
        by_items - surprise * own_items[cells.column],
        by_households - surprise * own_households[cells.row],
    )


def directions(matrix: csr_array, width: int, seed: int) -> tuple[Floats, Floats]:
    """The truncated singular value decomposition, as U S and V, of `width` columns or fewer.

    By a randomised range finder: Halko, Martinsson & Tropp, "Finding structure with randomness",
    SIAM Review 53 (2011), algorithm 4.4.
    """
    random = np.random.default_rng(seed)
    wide = min(width + MORE, *matrix.shape)
    seen = matrix @ random.standard_normal((matrix.shape[1], wide)).astype(np.float32)
    for _ in range(ROUNDS):
        seen = matrix @ np.linalg.qr(matrix.T @ np.linalg.qr(seen)[0])[0]
    basis = np.linalg.qr(seen)[0]
    u, s, vt = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    rows = (basis @ (u * s))[:, :width]
    return np.ascontiguousarray(rows), np.ascontiguousarray(vt[:width].T)


def _unit(vectors: Floats) -> Floats:
    """The same directions, each of length one."""
    found: Floats = vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + np.float32(1e-6))
    return found
