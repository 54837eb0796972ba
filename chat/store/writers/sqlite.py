"""The writer on SQLite: all calls that wait share one transaction, on the one connection that may write."""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, groupby
from operator import attrgetter
from time import monotonic

from sqlalchemy import Connection

from chat.store import failpoint
from chat.store.engines import BEGIN, IN_TRANSACTION, Database, checkpoint, is_transient, rolled_back, sqlite_driver
from chat.store.message_writers.sqlite import SqliteMessageWriter
from chat.store.writers.write_queue import Outcome, QueuedCall, React, run_batch, unavailable

CHECKPOINT_EVERY = 4_000  # calls, some 16 to 32 MB of WAL; a checkpoint copies a page once, however often it changed
MAX_WAIT_S = 5.0

log = logging.getLogger(__name__)


class SqliteWriter:
    """For one thread only. It keeps its connection, because taking it from the pool and returning it costs as much as
    a small COMMIT."""

    def __init__(self, database: Database, react: React) -> None:
        self._database = database
        self._react = react
        self._connection: tuple[Connection, sqlite3.Connection] | None = None
        self._message_writer = SqliteMessageWriter()
        self._calls_since_checkpoint = 0

    def commit(self, calls: Sequence[QueuedCall]) -> Iterator[list[Outcome]]:
        """Commit all in one transaction; when that is lost (disk full, locked, COMMIT failed), one by one."""
        groups = [list(group) for _, group in groupby(calls, attrgetter("action"))]
        try:
            outcomes = self._commit_without_savepoints(groups) or self._commit_with_savepoints(groups)
        except Exception:
            log.warning("%d calls lost their transaction, each runs alone now", len(calls), exc_info=True)
            yield from self._one_by_one(calls)
        else:
            yield outcomes
        self._checkpoint_if_due(len(calls))

    def release_connection(self) -> None:
        """Return the connection to its pool: before the database is closed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection[0].close()

    def _commit_without_savepoints(self, groups: Sequence[Sequence[QueuedCall]]) -> list[Outcome]:
        """Commit batches only, since a savepoint copies every page that they change. Empty when an action is among
        them, or when a batch raised: then nothing was written, and `_commit_with_savepoints` runs them."""
        if any(group[0].kind == "action" for group in groups):
            return []
        try:
            with self._transaction() as sql:
                outcomes = [*chain.from_iterable(self._run_group(sql, group) for group in groups)]
        except Exception as error:
            if is_transient(error):
                raise
            log.warning("%d calls raised, they run again with savepoints", sum(map(len, groups)), exc_info=True)
            return []
        return self._committed(outcomes)

    def _commit_with_savepoints(self, groups: Sequence[Sequence[QueuedCall]]) -> list[Outcome]:
        with self._transaction() as sql:
            outcomes = [*chain.from_iterable(self._run_in_savepoint(sql, group) for group in groups)]
        return self._committed(outcomes)

    def _committed(self, outcomes: list[Outcome]) -> list[Outcome]:
        failpoint.reach("committed")
        return outcomes

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """One transaction on the writer's connection. After a failure it is rolled back with its connection, and the
        next one opens another."""
        if self._connection is None:
            sql = self._database.writes.connect()
            self._connection = sql, sqlite_driver(sql)
            self._message_writer.use_connection(self._connection[1])
        sql, driver = self._connection
        try:
            # Begun and committed by the driver where SQLAlchemy was not used: its own way costs more than SQLite's.
            driver.execute(BEGIN)
            with _joined(sql):
                yield sql
            failpoint.reach("before_commit")
            sql.commit() if sql.in_transaction() else driver.execute("COMMIT")
        except BaseException:
            self._message_writer.invalidate()
            self.release_connection()
            raise

    def _run_in_savepoint(self, sql: Connection, calls: Sequence[QueuedCall]) -> list[Outcome]:
        """Undo a call that raises alone, unless the transaction is lost. A batch that raises runs again one by one."""
        driver = sqlite_driver(sql)
        driver.execute("SAVEPOINT calls")
        try:
            outcomes = self._run_group(sql, calls)
        except Exception as error:
            if is_transient(error) or rolled_back(sql):
                raise
            driver.execute("ROLLBACK TO calls")
            self._message_writer.invalidate()
            outcomes = [Outcome(calls[0], error)] if len(calls) == 1 else []
        driver.execute("RELEASE calls")
        return outcomes or [*chain.from_iterable(self._run_in_savepoint(sql, [call]) for call in calls)]

    def _run_group(self, sql: Connection, calls: Sequence[QueuedCall]) -> list[Outcome]:
        outcomes = run_batch(sql, calls, self._message_writer, self._react)
        if calls[0].kind == "action":
            self._message_writer.invalidate()  # it may have changed any ticket
        return outcomes

    def _one_by_one(self, calls: Sequence[QueuedCall]) -> Iterator[list[Outcome]]:
        # Each may wait as long for a lock as all did together, so the last of 500 would wait 500 times that.
        deadline = monotonic() + MAX_WAIT_S
        for call in calls:
            if monotonic() < deadline:
                yield [self._commit_one(call)]
            else:
                yield [unavailable(call, TimeoutError("others waited too long"))]

    def _commit_one(self, call: QueuedCall) -> Outcome:
        try:
            return self._commit_with_savepoints([[call]])[0]
        except Exception as error:  # noqa: BLE001 (its caller gets it, whatever it is)
            log.warning("a call is refused: %s", error)
            return unavailable(call, error)

    def _checkpoint_if_due(self, calls: int) -> None:
        """Called after the answers, so that nobody waits for the checkpoint."""
        self._calls_since_checkpoint += calls
        if self._calls_since_checkpoint >= CHECKPOINT_EVERY and self._connection:
            self._calls_since_checkpoint = 0
            checkpoint(self._connection[1])


@contextmanager
def _joined(sql: Connection) -> Iterator[None]:
    """Inside the block, SQLAlchemy joins the driver's transaction instead of beginning one."""
    sql.info[IN_TRANSACTION] = True
    try:
        yield
    finally:
        del sql.info[IN_TRANSACTION]
