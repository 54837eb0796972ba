"""PostgreSQL's own client library, for the statements that all words pass: a cursor costs more than what it carries."""

import psycopg
from psycopg import pq

DONE = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)


class Libpq:
    """One connection, beside its driver: inside a transaction that was begun here both may ask. Raises what the driver
    raises."""

    def __init__(self, driver: psycopg.Connection) -> None:
        self._library = driver.pgconn
        self._prepared: dict[str, bytes] = {}

    def begin(self) -> None:
        """A transaction, which the driver then finds begun."""
        check_result(self._library.exec_(b"BEGIN ISOLATION LEVEL READ COMMITTED"))

    def commit(self) -> None:
        """Of a transaction that has failed PostgreSQL says that it was rolled back, and calls that no error."""
        if check_result(self._library.exec_(b"COMMIT")).command_status != b"COMMIT":
            raise psycopg.errors.InFailedSqlTransaction("the transaction was rolled back")

    def query(self, statement: str, *values: str) -> bytes:
        """The first column of the one row that `statement` gives, with $1, $2 for `values`; empty when it is NULL.
        It is prepared once, so there must be few."""
        name = self._prepared.get(statement)
        if name is None:
            name = b"guichet_%d" % len(self._prepared)
            check_result(self._library.prepare(name, statement.encode()))
            self._prepared[statement] = name
        return (
            check_result(self._library.exec_prepared(name, [value.encode() for value in values])).get_value(0, 0) or b""
        )


def check_result(result: pq.abc.PGresult) -> pq.abc.PGresult:
    """The result of what was done; raises psycopg.Error, by its SQLSTATE where the server has answered at all."""
    if result.status in DONE:
        return result
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    error = _kind(state)(result.error_message.decode(errors="replace"))
    error.sqlstate = state or None
    raise error


def _kind(state: str) -> type[psycopg.Error]:
    try:
        return psycopg.errors.lookup(state)
    except KeyError:
        return psycopg.DatabaseError if state else psycopg.OperationalError
