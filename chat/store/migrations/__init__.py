"""The schema's history: bringing a database up to date, and asking whether it is."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from chat.store.engines import Database

_HERE = Path(__file__).parent
_ADVISORY_KEY = 0x6775696368657400  # "guichet": whoever migrates this PostgreSQL database holds it


class BrokenReferences(Exception):
    """A migration of SQLite left rows that refer to nothing; it has been undone."""


def migrate(url: str) -> None:
    """Brings the database to the newest schema, all or nothing; two processes may do it at once.

    On SQLite the caller owns DATA_DIR (`lock.locked`), for a server at work would have a second writer.
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
    """Alembic's settings without a file; its commands then work on `sql`, in the transaction open there."""
    config = Config()
    # ConfigParser takes "%" for itself.
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = sql
    return config


def _upgrade_sqlite(sql: Connection) -> None:
    # SQLite alters a table by making it anew; with the keys on, dropping the old one would delete what refers
    # to it. They can only be switched outside of a transaction, so before SQLAlchemy's first statement.
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
        # A table in use must make the migration fail, not everybody else wait behind it.
        sql.execute(text("SET LOCAL lock_timeout = '5s'"))
        _upgrade(sql)


def _upgrade(sql: Connection) -> None:
    command.upgrade(alembic_config(sql), "head")
