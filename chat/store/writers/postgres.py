"""The writer on PostgreSQL: one transaction for each action or batch, run again when the server drops it."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import attrgetter
from random import uniform
from time import monotonic, sleep

from sqlalchemy import Connection

from chat.store import failpoint
from chat.store.engines import Database, is_lock_timeout, is_transient, is_unique_violation, postgres_driver
from chat.store.libpq import Libpq
from chat.store.message_writers.base import MessageWriter
from chat.store.message_writers.postgres import PostgresMessageWriter
from chat.store.writers.write_queue import Outcome, QueuedCall, React, run_batch, unavailable

# A deadlock is over at once; a server that restarts needs seconds.
RETRY_DELAYS_S = (0.01, 0.05, 0.2, 0.6, 1.2, 2.0)
MAX_WAIT_S = 5.0
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

log = logging.getLogger(__name__)


class PostgresWriter:
    """For any number of threads, of which one commits batches. The pool replaces lost connections when a call runs
    again."""

    def __init__(self, database: Database, react: React) -> None:
        self._database = database
        self._react = react
        # That of the batches, which have one thread: taking a connection from the pool and returning it costs as much
        # as a query.
        self._batch_connection: tuple[Connection, Libpq] | None = None

    def commit(self, calls: Sequence[QueuedCall]) -> Iterator[list[Outcome]]:
        """Commit a transaction for each group of neighbours with the same `action`."""
        for _, group in groupby(calls, attrgetter("action")):
            yield from self._commit_group(list(group))

    def release_connection(self) -> None:
        """Return the batches' connection to its pool: before the database is closed."""
        connection, self._batch_connection = self._batch_connection, None
        if connection is not None:
            connection[0].close()

    def _commit_group(self, calls: Sequence[QueuedCall]) -> Iterator[list[Outcome]]:
        """A batch that raises or meets a lock runs again one by one, each call in a transaction of its own.

        Savepoints would keep the locks of the calls before, in order of arrival, and deadlock with other transactions.
        """
        try:
            outcomes = self._retry_transient(calls)
        except Exception as error:
            if len(calls) > 1 and (is_lock_timeout(error) or not is_transient(error)):
                log.warning("a batch of %d failed, each runs alone now", len(calls), exc_info=True)
                outcomes = []
            elif is_transient(error):
                log.exception("%d calls are refused: the server can't take them", len(calls))
                outcomes = [unavailable(call, error) for call in calls]
            else:
                outcomes = [Outcome(calls[0], error)]
        if outcomes:
            yield outcomes
        else:
            yield from self._one_by_one(calls)

    def _one_by_one(self, calls: Sequence[QueuedCall]) -> Iterator[list[Outcome]]:
        # Each may meet a lock of its own, and the calls behind them must not wait for all of these locks.
        deadline = monotonic() + MAX_WAIT_S
        for call in calls:
            if monotonic() < deadline:
                yield from self._commit_group([call])
            else:
                yield [unavailable(call, TimeoutError("others waited too long"))]

    def _retry_transient(self, calls: Sequence[QueuedCall]) -> list[Outcome]:
        """Not after a batch's lock timeout: clients repeat their posts, and posts to other tickets wait behind it."""
        for pause in RETRY_DELAYS_S:
            try:
                return self._run(calls)
            except Exception as error:
                if not (is_transient(error) or is_unique_violation(error)) or (
                    calls[0].kind == "batch" and is_lock_timeout(error)
                ):
                    raise
                log.info("run again: %s", type(error).__name__)
            # Jitter, because two that met in a deadlock would meet again.
            sleep(pause * uniform(0.5, 1.5))  # noqa: S311
        return self._run(calls)

    def _run(self, calls: Sequence[QueuedCall]) -> list[Outcome]:
        if calls[0].kind == "batch":
            with self._batch_transaction() as (sql, library):
                outcomes = run_batch(sql, calls, PostgresMessageWriter(library), self._react)
                failpoint.reach("before_commit")
        else:
            with self._database.writes.begin() as sql:
                sql.exec_driver_sql(LOCK_TIMEOUT)
                outcomes = run_batch(sql, calls, MessageWriter(), self._react)
                failpoint.reach("before_commit")
        failpoint.reach("committed")
        return outcomes

    @contextmanager
    def _batch_transaction(self) -> Iterator[tuple[Connection, Libpq]]:
        """One transaction, which SQLAlchemy joins when it is used; after a failure another connection is taken."""
        if self._batch_connection is None:
            sql = self._database.posts.connect()
            self._batch_connection = sql, Libpq(postgres_driver(sql))
        sql, library = self._batch_connection
        try:
            library.begin()
            yield self._batch_connection
            sql.commit() if sql.in_transaction() else library.commit()
        except BaseException:
            sql.invalidate()  # what is prepared on it is unknown: after some rollbacks the driver forgets all
            self.release_connection()
            raise
