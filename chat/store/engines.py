"""The engines on one database, which write or only read, and which of their failures pass."""

import sqlite3
import time
from functools import partial
from pathlib import Path

import orjson
import psycopg
from psycopg import pq
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

READERS = 4
WRITERS = 5  # PostgreSQL only: one for the posts, four for the other verbs
BEGIN = "BEGIN IMMEDIATE"  # SQLite's writer
IN_TRANSACTION = "begun"  # in a connection's info: its driver has begun a transaction that SQLAlchemy does not know of
STATEMENTS = 256  # that a connection of SQLite's keeps parsed
_LOCK_WAIT_S = 5.0
# The words of all tickets wait behind those of one that is locked; a crowded server's commits must fit into it.
_POSTS_LOCK_WAIT_S = 2.0

_SQLITE_TRANSIENT = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}
# Serialization failure, deadlock, lock timeout, idle too long, server going down or coming up; and by class:
# connection lost, resources (disk, memory, connections) used up, the server's own input and output.
_POSTGRESQL_TRANSIENT = ("40001", "40P01", "55P03", "25P03", "57P0", "08", "53", "58")


# Columns of JSON: quicker than Python's own, and refuses words that are no UTF-8.
_STRICT_JSON = {"json_serializer": lambda value: orjson.dumps(value).decode(), "json_deserializer": orjson.loads}


class Database:
    """The engines for a DATABASE_URL (`sqlite:///path` or `postgresql://…`); ValueError for any other.

    Nothing is opened before it is used. A transaction begins with the first statement on a connection:
    `writes` then holds SQLite's one write lock, `reads` sees one snapshot until it ends. `posts` is for words: on
    PostgreSQL one connection of a pool of its own, since who loses it must not close a pool that verbs are using.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.writes, self.posts, self.reads = _sqlite(parsed) if self.is_sqlite else _postgresql(parsed)

    def open(self) -> None:
        """Makes the SQLite file and its WAL, without which `mode=ro` readers cannot open it.

        A PostgreSQL server may still be away: its callers are told `Unavailable` until it is there.
        """
        if self.is_sqlite:
            self.writes.connect().close()

    def close(self) -> None:
        """The writer goes last: SQLite then folds the WAL into the file on the writer's own connection."""
        for engine in (self.reads, self.posts, self.writes):
            engine.dispose()


def checkpoint(driver: sqlite3.Connection) -> None:
    """Folds SQLite's WAL into its file, as far as readers let it; only ever on the writer's own connection.

    Library versions up to 3.51.2 can lose commits when a second connection does it beside a writer.
    """
    driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def sqlite_driver(sql: Connection) -> sqlite3.Connection:
    """SQLite's driver under a connection, for what SQLAlchemy would make ten times as dear."""
    driver = sql.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def postgres_driver(sql: Connection) -> psycopg.Connection:
    """PostgreSQL's driver under a connection."""
    driver = sql.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def rolled_back(sql: Connection) -> bool:
    """SQLite has ended the transaction by itself (a full disk), though SQLAlchemy still believes in it."""
    return not sqlite_driver(sql).in_transaction


def is_transient(error: BaseException) -> bool:
    """Whether the server or the disk failed, not the call: the same call may succeed later.

    Knows the drivers' own errors too, for code that speaks to them directly.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        # The low byte is the kind, the rest says where; errors of the Python module itself carry no code.
        return getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _SQLITE_TRANSIENT
    if isinstance(cause, psycopg.Error) and cause.sqlstate:
        return cause.sqlstate.startswith(_POSTGRESQL_TRANSIENT)
    # Without a state the server has not answered at all.
    return isinstance(cause, psycopg.OperationalError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def is_unique_violation(error: BaseException) -> bool:
    """Whether another transaction has just taken what must be unique: the same call, run again, sees it there."""
    return isinstance(error, DBAPIError) and isinstance(error.orig, psycopg.errors.UniqueViolation)


def is_lock_timeout(error: BaseException) -> bool:
    """Whether another transaction has held for too long what this one needs; that passes, who knows when."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, psycopg.errors.LockNotAvailable)


def _sqlite(url: URL) -> tuple[Engine, Engine, Engine]:
    if not url.database or url.database == ":memory:":
        raise ValueError("SQLite needs a file: readers have connections of their own")
    path = Path(url.database).absolute()
    writes = _sqlite_engine(path, "rwc", BEGIN, pool_size=1)
    event.listen(writes, "connect", _prepare_writer)
    return writes, writes, _sqlite_engine(path, "ro", "BEGIN", pool_size=READERS)


def _sqlite_engine(path: Path, mode: str, begin: str, pool_size: int) -> Engine:
    def connect() -> sqlite3.Connection:
        if mode == "rwc":
            path.touch(mode=0o600)
        # isolation_level None takes the driver's own, late BEGIN away; ours are below.
        return sqlite3.connect(
            f"{path.as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=_LOCK_WAIT_S,
            cached_statements=STATEMENTS,
        )

    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        creator=connect,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,
        **_STRICT_JSON,
    )
    event.listen(engine, "begin", partial(_begin, begin))
    # The driver's commit() does nothing, without a word, when SQLite has already rolled back; COMMIT says so.
    event.listen(engine, "commit", lambda sql: sqlite_driver(sql).execute("COMMIT"))
    return engine


def _begin(begin: str, sql: Connection) -> None:
    """Unless the driver has begun already: whoever then asks SQLAlchemy for something is in that transaction too. If
    SQLite has ended it meanwhile, another one must not be begun in its place."""
    if not sql.info.get(IN_TRANSACTION):
        sqlite_driver(sql).execute(begin)
    elif rolled_back(sql):
        raise sqlite3.OperationalError("SQLite has ended this transaction by itself")


def _prepare_writer(driver: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = driver.cursor()
    _enable_wal(cursor)
    # temp_store: a savepoint keeps a copy of every page that changes, by default in a file.
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "wal_autocheckpoint=0", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _postgresql(url: URL) -> tuple[Engine, Engine, Engine]:
    if url.drivername.partition("+")[0] not in ("postgresql", "postgres"):
        raise ValueError(f"DATABASE_URL: sqlite:///path or postgresql://…, not {url.drivername}")
    url = url.set(drivername="postgresql+psycopg")
    writes = _postgresql_engine(url, "READ COMMITTED", pool_size=WRITERS - 1)
    posts = _postgresql_engine(url, "READ COMMITTED", pool_size=1)
    for engine, seconds in ((writes, _LOCK_WAIT_S), (posts, _POSTS_LOCK_WAIT_S)):
        event.listen(engine, "connect", partial(_set_lock_timeout, seconds))
        event.listen(engine, "commit", _refuse_failed)
    reads = _postgresql_engine(url, "REPEATABLE READ", pool_size=READERS)
    event.listen(reads, "connect", _set_read_only)
    return writes, posts, reads


def _postgresql_engine(url: URL, isolation: str, pool_size: int) -> Engine:
    return create_engine(
        url,
        isolation_level=isolation,
        pool_size=pool_size,
        max_overflow=0,
        # Errors are logged with their statement, and the parameters are what people wrote.
        hide_parameters=True,
        **_STRICT_JSON,
        # What libpq.py is given is encoded there, whatever the database's own encoding is.
        connect_args={"connect_timeout": 5, "tcp_user_timeout": 15_000, "client_encoding": "utf8"},
    )


def _set_lock_timeout(seconds: float, driver: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = driver.cursor()
    cursor.execute(f"SET lock_timeout = '{seconds}s'")
    cursor.close()
    driver.commit()


def _refuse_failed(sql: Connection) -> None:
    """After an error that a verb has swallowed PostgreSQL answers COMMIT with ROLLBACK, and calls that no error."""
    if postgres_driver(sql).info.transaction_status == pq.TransactionStatus.INERROR:
        raise psycopg.errors.InFailedSqlTransaction("an error was swallowed, and has undone the transaction")


def _set_read_only(driver: psycopg.Connection, _entry: ConnectionPoolEntry) -> None:
    driver.read_only = True


def _enable_wal(cursor: DBAPICursor) -> None:
    """SQLite does not wait for this lock, whatever its timeout: of two processes that open a new file at once, one is
    refused on the spot."""
    until = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not is_transient(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return
