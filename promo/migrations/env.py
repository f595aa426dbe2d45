"""Alembic's entry: runs the migrations on the engine that promo.database hands over."""

from alembic import context

from promo.tables import Base

with context.config.attributes["engine"].connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
