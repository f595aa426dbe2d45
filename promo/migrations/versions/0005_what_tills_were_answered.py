"""what tills were answered, what baskets hold until they are paid, uses by household."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _transaction() -> list[sa.Column[Any]]:
    return [
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("till", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("transaction", sa.String(), nullable=False),
    ]


def upgrade() -> None:
    _till_answers()
    _reservations()
    with op.batch_alter_table("redemptions", schema=None) as batch_op:
        batch_op.create_index("ix_redemptions_shopper", ["shopper", "offer"], unique=False)


def _till_answers() -> None:
    op.create_table(
        "till_answers",
        *_transaction(),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("of_store", sa.String(), nullable=True),
        sa.Column("of_till", sa.String(), nullable=True),
        sa.Column("of_day", sa.Date(), nullable=True),
        sa.Column("of_transaction", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "verb in ('reserve', 'redeem', 'return', 'void')", name=op.f("ck_till_answers_verb")
        ),
        sa.PrimaryKeyConstraint(
            "store", "till", "day", "transaction", "verb", name=op.f("pk_till_answers")
        ),
    )
    with op.batch_alter_table("till_answers", schema=None) as batch_op:
        columns = ["of_store", "of_till", "of_day", "of_transaction"]
        batch_op.create_index("ix_till_answers_of", columns, unique=False)
        batch_op.create_index("ix_till_answers_day", ["day"], unique=False)


def _reservations() -> None:
    op.create_table(
        "reservations",
        *_transaction(),
        sa.Column("offer", sa.String(), nullable=False),
        sa.Column("shopper", sa.String(), nullable=True),
        sa.Column("key_id", sa.BigInteger(), nullable=True),
        sa.Column("counter", sa.BigInteger(), nullable=True),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("money", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["offer"], ["offers.id"], name=op.f("fk_reservations_offer")),
        sa.PrimaryKeyConstraint(
            "store", "till", "day", "transaction", "offer", name=op.f("pk_reservations")
        ),
    )
    with op.batch_alter_table("reservations", schema=None) as batch_op:
        for column in ("offer", "shopper", "until"):
            name = batch_op.f(f"ix_reservations_{column}")
            batch_op.create_index(name, [column], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("redemptions", schema=None) as batch_op:
        batch_op.drop_index("ix_redemptions_shopper")
    op.drop_table("reservations")
    op.drop_table("till_answers")
