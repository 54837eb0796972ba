"""Migrations: bring a database to the newest schema, and ask whether it has it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from chat.store.engines import Database

_HERE = Path(__file__).parent
_ADVISORY_KEY = 0x6775696368657400  # "guichet": the process that migrates this PostgreSQL database takes this lock


class BrokenReferences(Exception):
    """A migration on SQLite left rows that refer to no row; it was rolled back."""


def migrate(url: str) -> None:
    """Bring the database to the newest schema, all or nothing; two processes may do it at once.

    On SQLite the caller must own DATA_DIR (`lock_data_dir`): a running server must stay the only writer.
    """
    database = Database(url)
    try:
        with database.writes.connect() as sql:
            (_upgrade_sqlite if database.is_sqlite else _upgrade_postgresql)(sql)
    finally:
        database.close()


def head_is(url: str) -> bool:
    """Whether the database has the schema that this code was written for."""
    database = Database(url)
    try:
        with database.writes.connect() as sql:
            return set(MigrationContext.configure(sql).get_current_heads()) == set(
                ScriptDirectory(str(_HERE)).get_heads()
            )
    finally:
        database.close()


def alembic_config(sql: Connection) -> Config:
    """Alembic's settings without a file; its commands work in the open transaction of `sql`."""
    config = Config()
    # ConfigParser interpolates "%".
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = sql
    return config


def _upgrade_sqlite(sql: Connection) -> None:
    # Alembic alters a SQLite table by creating it again; with foreign keys on, dropping the old one would delete the
    # rows that refer to it. They can be switched outside of a transaction only, so before SQLAlchemy's first statement.
    driver = sql.connection.cursor()
    driver.execute("PRAGMA foreign_keys=OFF")
    with sql.begin():
        _upgrade(sql)
        if broken := sql.exec_driver_sql("PRAGMA foreign_key_check").all():
            raise BrokenReferences(str(broken[:5]))


def _upgrade_postgresql(sql: Connection) -> None:
    with sql.begin():
        sql.execute(text("SET LOCAL lock_timeout = 0"))
        sql.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY})
        # On a table in use the migration must fail; otherwise all other transactions would wait behind it.
        sql.execute(text("SET LOCAL lock_timeout = '5s'"))
        _upgrade(sql)


def _upgrade(sql: Connection) -> None:
    command.upgrade(alembic_config(sql), "head")
