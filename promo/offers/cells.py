"""The grid's cells, loyalty and volume, by name alone: who prints a list needs no rewards."""

LOYALTY = ("national", "store_brand", "switcher")
VOLUME = ("heavy", "medium", "light")
NOT_A_BUYER = "none"
Cell = tuple[str, str]
CELLS: tuple[Cell, ...] = (
    *((loyalty, volume) for loyalty in LOYALTY for volume in VOLUME),
    ("unknown", NOT_A_BUYER),
)
