"""families of makers' products, and serial numbers of coupons that are taken."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "coupon_families",
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", "family", "product", name=op.f("pk_coupon_families")),
    )
    op.create_table(
        "coupon_serials",
        sa.Column("coupon", sa.String(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("till", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("transaction", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("coupon", "serial", name=op.f("pk_coupon_serials")),
    )
    with op.batch_alter_table("coupon_serials", schema=None) as batch_op:
        columns = ["store", "till", "day", "transaction"]
        batch_op.create_index("ix_coupon_serials_transaction", columns, unique=False)
        batch_op.create_index(batch_op.f("ix_coupon_serials_until"), ["until"], unique=False)


def downgrade() -> None:
    op.drop_table("coupon_serials")
    op.drop_table("coupon_families")
