"""what stores carry and are out of, and the promotions that run in them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _product(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["product"], ["products.id"], name=op.f(f"fk_{table}_product"))


def upgrade() -> None:
    op.create_table(
        "assortment",
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("carried", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_assortment_store")),
        _product("assortment"),
        sa.PrimaryKeyConstraint("store", "product", "day", name=op.f("pk_assortment")),
    )
    op.create_table(
        "out_of_stock",
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "last_day is null or first_day <= last_day", name=op.f("ck_out_of_stock_days")
        ),
        _product("out_of_stock"),
        sa.PrimaryKeyConstraint("store", "product", "first_day", name=op.f("pk_out_of_stock")),
    )
    op.create_table(
        "promotions",
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_promotions_days")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_promotions_price")),
        _product("promotions"),
        sa.PrimaryKeyConstraint("store", "product", "first_day", name=op.f("pk_promotions")),
    )
    for table in ("out_of_stock", "promotions"):
        op.create_index(f"ix_{table}_last_day", table, ["store", "last_day"], unique=False)


def downgrade() -> None:
    for table in ("promotions", "out_of_stock", "assortment"):
        op.drop_table(table)
