"""journals of stores whose line was down, and what in them does not go with the rest."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KINDS = ("used_elsewhere", "over_budget", "serial_used", "withdrawn", "unknown_offer", "differs",
         "identity", "returned_twice", "no_sale", "voided_before")  # fmt: skip
NAMES = ("store", "till", "day", "transaction", "verb", "kind", "offer")


def upgrade() -> None:
    op.create_table(
        "journals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("first", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_journals_seq")),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_journals_store_stores")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journals")),
    )
    said = ", ".join(f"'{kind}'" for kind in KINDS)
    op.create_table(
        "conflicts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("till", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("transaction", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("offer", sa.String(), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=True),
        sa.Column("counter", sa.BigInteger(), nullable=True),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("money", sa.BigInteger(), nullable=False),
        sa.Column("bearer", sa.String(), nullable=True),
        sa.Column("journal", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(f"kind in ({said})", name=op.f("ck_conflicts_kind")),
        sa.CheckConstraint("verb in ('redeem', 'return', 'void')", name=op.f("ck_conflicts_verb")),
        sa.CheckConstraint("bearer in ('manufacturer', 'chain', 'store')",
                           name=op.f("ck_conflicts_bearer")),
        sa.ForeignKeyConstraint(["journal"], ["journals.id"],
                                name=op.f("fk_conflicts_journal_journals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflicts")),
        sa.UniqueConstraint(*NAMES, name=op.f(f"uq_conflicts_{'_'.join(NAMES)}")),
    )  # fmt: skip
    op.create_index("ix_conflicts_list", "conflicts", ["key_id", "counter"])
    op.create_index("ix_conflicts_at", "conflicts", ["at"])


def downgrade() -> None:
    op.drop_table("conflicts")
    op.drop_table("journals")
