"""store keys: who may ask the service at the tills."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "store_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("verbs", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_store_keys_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_keys")),
    )
    with op.batch_alter_table("store_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_store_keys_store"), ["store"], unique=False)


def downgrade() -> None:
    op.drop_table("store_keys")
