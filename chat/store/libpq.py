"""libpq without the driver's cursors, which cost more than the statements of the fast path themselves."""

import psycopg
from psycopg import pq

SUCCESS = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)
# Posts to all tickets wait behind those to a locked one. The commits of a crowded server must fit into this time.
# A session's setting would stay behind on the connection of a pooler, so each transaction has its own.
BEGIN = b"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '2s'"


def is_pooled(driver: psycopg.Connection) -> bool:
    """Whether a pooler such as PgBouncer passes the transactions on, each perhaps to another connection of its own:
    then nothing may be prepared. A pooler answers a new client with a process id that it made up."""
    found = check_result(driver.pgconn.exec_(b"SELECT pg_backend_pid()")).get_value(0, 0)
    return found != b"%d" % driver.info.backend_pid


class Libpq:
    """One connection, shared with its driver: both may run statements in a transaction that was begun here. Raises the
    driver's errors."""

    def __init__(self, driver: psycopg.Connection) -> None:
        self._library = driver.pgconn
        self._prepares = driver.prepare_threshold is not None
        self._prepared: dict[str, bytes] = {}

    def begin(self) -> None:
        """Begin a transaction, which the driver joins."""
        check_result(self._library.exec_(BEGIN))

    def commit(self) -> None:
        """Raises when PostgreSQL rolled back instead, which it reports as no error, because a statement had failed."""
        if check_result(self._library.exec_(b"COMMIT")).command_status != b"COMMIT":
            raise psycopg.errors.InFailedSqlTransaction("the transaction was rolled back")

    def query(self, statement: str, *values: str) -> bytes:
        """The first column of the one row of `statement`, with $1, $2 for `values`; empty when NULL. Except behind a
        pooler, a statement is prepared once and stays prepared, so use few."""
        encoded = [value.encode() for value in values]
        if self._prepares:
            result = self._library.exec_prepared(self._prepared_name(statement), encoded)
        else:
            result = self._library.exec_params(statement.encode(), encoded)
        return check_result(result).get_value(0, 0) or b""

    def _prepared_name(self, statement: str) -> bytes:
        name = self._prepared.get(statement)
        if name is None:
            name = b"guichet_%d" % len(self._prepared)
            check_result(self._library.prepare(name, statement.encode()))
            self._prepared[statement] = name
        return name


def check_result(result: pq.abc.PGresult) -> pq.abc.PGresult:
    """The result unchanged; raises the psycopg.Error of its SQLSTATE, OperationalError without an answer."""
    if result.status in SUCCESS:
        return result
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    error = _error_class(state)(result.error_message.decode(errors="replace"))
    error.sqlstate = state or None
    raise error


def _error_class(state: str) -> type[psycopg.Error]:
    try:
        return psycopg.errors.lookup(state)
    except KeyError:
        return psycopg.DatabaseError if state else psycopg.OperationalError
