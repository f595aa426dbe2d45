"""Alembic's entry: runs the migrations on the engine that promo.database hands over."""

from alembic import context
from sqlalchemy import Connection

from promo.tables import Base


def foreign_keys(connection: Connection, state: str) -> None:
    """SQLite changes a table by making it anew; what refers to it must look away meanwhile."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"pragma foreign_keys={state}")
        connection.commit()


with context.config.attributes["engine"].connect() as connection:
    foreign_keys(connection, "off")
    try:
        context.configure(
            connection=connection, target_metadata=Base.metadata, render_as_batch=True
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        foreign_keys(connection, "on")
