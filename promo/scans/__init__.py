"""Scans in: till logs and master data, checked, and the Parquet lake they live in."""

FORMATS = ("complete-journey", "csv", "parquet", "poslog")
# In the order in which they refer to each other.
TABLES = (
    "products", "stores", "shoppers", "cards", "consents", "shelf_prices", "assortment",
    "out_of_stock", "promotions", "scans",
)  # fmt: skip
