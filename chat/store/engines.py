"""The engines of one database, for writing and for reading, and which of their errors are transient."""

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

from chat.store.libpq import is_pooled

READERS = 4
WRITERS = 5  # PostgreSQL only: one for batches, four for actions
BEGIN = "BEGIN IMMEDIATE"  # SQLite's writer
IN_TRANSACTION = "begun"  # in a connection's info: the driver has begun a transaction, which SQLAlchemy must join
STATEMENTS = 256  # how many parsed statements a SQLite connection keeps
_LOCK_WAIT_S = 5.0

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
# Serialization failure, deadlock, lock timeout, idle too long, server shutting down or starting; and the classes of
# lost connections, exhausted resources (disk, memory, connections) and the server's own I/O errors.
_POSTGRESQL_TRANSIENT = ("40001", "40P01", "55P03", "25P03", "57P0", "08", "53", "58")


# For JSON columns: faster than Python's own, and it refuses text that is not UTF-8.
_STRICT_JSON = {"json_serializer": lambda value: orjson.dumps(value).decode(), "json_deserializer": orjson.loads}


class Database:
    """The engines for a DATABASE_URL (`sqlite:///path` or `postgresql://…`); ValueError for any other.

    Nothing is opened before it is used. A transaction begins with the first statement on a connection: `writes` then
    has SQLite's one write lock, `reads` sees one snapshot until it ends. `posts` is for batches: on PostgreSQL one
    connection in a pool of its own, because losing it must not close the pool that actions use.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.writes, self.posts, self.reads = _sqlite(parsed) if self.is_sqlite else _postgresql(parsed)

    def open(self) -> None:
        """Create the SQLite file and its WAL, without which `mode=ro` readers can't open it.

        A PostgreSQL server may be away: until it answers, callers get `Unavailable`.
        """
        if self.is_sqlite:
            self.writes.connect().close()

    def close(self) -> None:
        """The writer closes last: SQLite then checkpoints the WAL on the writer's own connection."""
        for engine in (self.reads, self.posts, self.writes):
            engine.dispose()


def checkpoint(driver: sqlite3.Connection) -> None:
    """Checkpoint SQLite's WAL as far as readers allow; only on the writer's own connection.

    Library versions up to 3.51.2 can lose commits when a second connection checkpoints beside a writer.
    """
    driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def sqlite_driver(sql: Connection) -> sqlite3.Connection:
    """The SQLite driver's connection, for statements that cost ten times as much through SQLAlchemy."""
    driver = sql.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def postgres_driver(sql: Connection) -> psycopg.Connection:
    """The PostgreSQL driver's connection."""
    driver = sql.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def rolled_back(sql: Connection) -> bool:
    """Whether SQLite has ended the transaction by itself (a full disk), which SQLAlchemy does not notice."""
    return not sqlite_driver(sql).in_transaction


def is_transient(error: BaseException) -> bool:
    """Whether the server or the disk failed, not the call: the same call may succeed later.

    Takes the drivers' own errors too, for code that uses the drivers directly.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        # The low byte is the primary code; errors of the Python module itself have none.
        return getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _SQLITE_TRANSIENT
    if isinstance(cause, psycopg.Error) and cause.sqlstate:
        return cause.sqlstate.startswith(_POSTGRESQL_TRANSIENT)
    # Without a SQLSTATE the server has not answered at all.
    return isinstance(cause, psycopg.OperationalError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def is_unique_violation(error: BaseException) -> bool:
    """Whether another transaction has just inserted the same key: the call, run again, finds that row."""
    return isinstance(error, DBAPIError) and isinstance(error.orig, psycopg.errors.UniqueViolation)


def is_lock_timeout(error: BaseException) -> bool:
    """Whether this transaction waited too long for a lock of another one."""
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
        # isolation_level None turns off the driver's own, late BEGIN; ours is below.
        driver = sqlite3.connect(
            f"{path.as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=_LOCK_WAIT_S,
            cached_statements=STATEMENTS,
        )
        # SQLite's lower() knows ASCII only. On PostgreSQL a migration creates the function of this name.
        driver.create_function("fold_case", 1, lambda given: given and given.casefold(), deterministic=True)
        return driver

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
    # The driver's commit() silently does nothing when SQLite has already rolled back; COMMIT raises.
    event.listen(engine, "commit", lambda sql: sqlite_driver(sql).execute("COMMIT"))
    return engine


def _begin(begin: str, sql: Connection) -> None:
    """Begin, unless the driver has begun: then SQLAlchemy joins that transaction. Raises if SQLite has ended it:
    a new transaction in its place would hide that its statements are lost."""
    if not sql.info.get(IN_TRANSACTION):
        sqlite_driver(sql).execute(begin)
    elif rolled_back(sql):
        raise sqlite3.OperationalError("SQLite has ended this transaction by itself")


def _prepare_writer(driver: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = driver.cursor()
    _enable_wal(cursor)
    # temp_store: a savepoint copies every page that changes, by default into a file.
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "wal_autocheckpoint=0", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _postgresql(url: URL) -> tuple[Engine, Engine, Engine]:
    if url.drivername.partition("+")[0] not in ("postgresql", "postgres"):
        raise ValueError(f"DATABASE_URL: sqlite:///path or postgresql://…, not {url.drivername}")
    url = url.set(drivername="postgresql+psycopg")
    writes = _postgresql_engine(url, "READ COMMITTED", pool_size=WRITERS - 1)
    posts = _postgresql_engine(url, "READ COMMITTED", pool_size=1)
    for engine in (writes, posts):
        event.listen(engine, "commit", _refuse_failed)
    reads = _postgresql_engine(url, "REPEATABLE READ", pool_size=READERS)
    event.listen(reads, "connect", _set_read_only)
    return writes, posts, reads


def _postgresql_engine(url: URL, isolation: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        isolation_level=isolation,
        pool_size=pool_size,
        max_overflow=0,
        # Errors are logged with their statement; the parameters are what people wrote.
        hide_parameters=True,
        **_STRICT_JSON,
        # libpq.py encodes its values as UTF-8, whatever the database's own encoding is.
        connect_args={"connect_timeout": 5, "tcp_user_timeout": 15_000, "client_encoding": "utf8"},
    )
    event.listen(engine, "connect", _prepare_nothing_in_a_pool)
    return engine


def _prepare_nothing_in_a_pool(driver: psycopg.Connection, _entry: ConnectionPoolEntry) -> None:
    if is_pooled(driver):
        driver.prepare_threshold = None


def _refuse_failed(sql: Connection) -> None:
    """After an error that an action swallowed, PostgreSQL answers COMMIT with ROLLBACK and reports no error."""
    if postgres_driver(sql).info.transaction_status == pq.TransactionStatus.INERROR:
        raise psycopg.errors.InFailedSqlTransaction("an action swallowed an error, which rolled the transaction back")


def _set_read_only(driver: psycopg.Connection, _entry: ConnectionPoolEntry) -> None:
    driver.read_only = True


def _enable_wal(cursor: DBAPICursor) -> None:
    """SQLite does not wait for this lock, whatever its timeout: of two processes that open a new file at once, one
    fails immediately. So try again."""
    deadline = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not is_transient(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
