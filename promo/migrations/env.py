"""Alembic's entry: runs the migrations on the engine that promo.database hands over.

All of them in one transaction, on SQLite too, whose driver would else commit each statement that
changes a table: a migration that fails leaves the schema and the rows that were there.
"""

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from promo.tables import Base


def foreign_keys(connection: Connection, state: str) -> None:
    """SQLite changes a table by making it anew; what refers to it must look away meanwhile."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"pragma foreign_keys={state}")
        connection.commit()


def migrate(connection: Connection) -> None:
    """Run what is to be run; afterwards every row must still refer to one that is there."""
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        connection.exec_driver_sql("begin immediate")
    context.run_migrations()
    if is_sqlite:
        lost = connection.exec_driver_sql("pragma foreign_key_check").first()
        if lost is not None:
            fault = ValueError(f"a row of {lost[0]} would refer to one of {lost[2]} that is gone")
            raise IntegrityError("pragma foreign_key_check", None, fault)


with context.config.attributes["engine"].connect() as connection:
    foreign_keys(connection, "off")
    try:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            migrate(connection)
    finally:
        connection.rollback()
        foreign_keys(connection, "on")
