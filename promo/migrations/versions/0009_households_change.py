"""households forgotten, joined and split, and what became of their lists."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "household_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("households", sa.BigInteger(), nullable=False),
        sa.Column("work", sa.JSON(), nullable=True),
        sa.CheckConstraint(
            "kind in ('forget', 'join', 'split')", name=op.f("ck_household_changes_kind")
        ),
        sa.CheckConstraint(
            "state in ('begun', 'emptied', 'done')", name=op.f("ck_household_changes_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_changes")),
    )
    op.create_table(
        "forgotten_cards",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_forgotten_cards")),
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("forgotten", sa.BigInteger(), server_default="0", nullable=False)
        )
    with op.batch_alter_table("lists", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("joined", sa.BigInteger(), server_default="0", nullable=False)
        )
        batch_op.drop_constraint("uq_lists_night_shopper", type_="unique")
        batch_op.create_unique_constraint(
            "uq_lists_night_shopper_joined", ["night", "shopper", "joined"]
        )


def downgrade() -> None:
    with op.batch_alter_table("lists", schema=None) as batch_op:
        batch_op.drop_constraint("uq_lists_night_shopper_joined", type_="unique")
        batch_op.create_unique_constraint("uq_lists_night_shopper", ["night", "shopper"])
        batch_op.drop_column("joined")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_column("forgotten")
    op.drop_table("forgotten_cards")
    op.drop_table("household_changes")
