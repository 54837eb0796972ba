"""libpq without the driver's cursors, which cost more than the statements of the fast path themselves."""

import psycopg
from psycopg import pq

SUCCESS = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)


class Libpq:
    """One connection, shared with its driver: both may run statements in a transaction that was begun here. Raises the
    driver's errors."""

    def __init__(self, driver: psycopg.Connection) -> None:
        self._library = driver.pgconn
        self._prepared: dict[str, bytes] = {}

    def begin(self) -> None:
        """Begin a transaction, which the driver joins."""
        check_result(self._library.exec_(b"BEGIN ISOLATION LEVEL READ COMMITTED"))

    def commit(self) -> None:
        """Raises when PostgreSQL rolled back instead, which it reports as no error, because a statement had failed."""
        if check_result(self._library.exec_(b"COMMIT")).command_status != b"COMMIT":
            raise psycopg.errors.InFailedSqlTransaction("the transaction was rolled back")

    def query(self, statement: str, *values: str) -> bytes:
        """The first column of the one row of `statement`, with $1, $2 for `values`; empty when NULL. A statement is
        prepared once and stays prepared, so use few."""
        name = self._prepared.get(statement)
        if name is None:
            name = b"guichet_%d" % len(self._prepared)
            check_result(self._library.prepare(name, statement.encode()))
            self._prepared[statement] = name
        return (
            check_result(self._library.exec_prepared(name, [value.encode() for value in values])).get_value(0, 0) or b""
        )


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
