"""what the commands that change the house did, and how that ended."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("night", sa.Date(), nullable=True),
        sa.Column("process", sa.BigInteger(), nullable=False),
        sa.Column("began", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("code", sa.BigInteger(), nullable=True),
        sa.Column("sentence", sa.String(), nullable=True),
        sa.Column("stages", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "outcome in ('done', 'set_aside', 'failed')", name=op.f("ck_attempts_outcome")
        ),
        sa.CheckConstraint("(ended is null) = (outcome is null)", name=op.f("ck_attempts_ended")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        columns = ["command", "night"]
        batch_op.create_index("ix_attempts_command_night", columns, unique=False)


def downgrade() -> None:
    op.drop_table("attempts")
