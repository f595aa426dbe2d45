"""what is stopped is found without looking at every offer."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    stopped, stop = sa.text("state = 'stopped'"), sa.text("kind = 'stopped'")
    op.create_index(
        "ix_offers_stopped", "offers", ["id"], sqlite_where=stopped, postgresql_where=stopped
    )
    op.create_index(
        "ix_offer_events_stopped", "offer_events", ["offer"],
        sqlite_where=stop, postgresql_where=stop,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_offer_events_stopped", "offer_events")
    op.drop_index("ix_offers_stopped", "offers")
