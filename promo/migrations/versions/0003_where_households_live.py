"""where households live: address lines and e-mail, in the one table that holds names."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = ("line1", "line2", "city", "region", "postal_code", "country", "email")


def upgrade() -> None:
    with op.batch_alter_table("shoppers", schema=None) as batch_op:
        for name in COLUMNS:
            batch_op.add_column(sa.Column(name, sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("shoppers", schema=None) as batch_op:
        for name in reversed(COLUMNS):
            batch_op.drop_column(name)
