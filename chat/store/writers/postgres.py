"""PostgreSQL's writers: a transaction for each verb or batch of posts, run again when the server drops it."""

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
from chat.store.writers.write_queue import Outcome, QueuedCall, refused, run_batch

# A deadlock is over at once; a server that restarts needs seconds.
RETRY_DELAYS_S = (0.01, 0.05, 0.2, 0.6, 1.2, 2.0)
MAX_WAIT_S = 5.0

log = logging.getLogger(__name__)


class PostgresWriter:
    """For any number of threads; lost connections are replaced by the pool when a call runs again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # The posts', which have one thread: taking a connection from the pool and giving it back costs as much as
        # a question does.
        self._posts_connection: tuple[Connection, Libpq] | None = None

    @property
    def rows_pending(self) -> bool:
        """Rows follow their messages in the same transaction here."""
        return False

    def release_connection(self) -> None:
        """Give the posts' connection back: before the database is closed."""
        held, self._posts_connection = self._posts_connection, None
        if held is not None:
            held[0].close()

    def commit(self, calls: Sequence[QueuedCall]) -> Iterator[list[Outcome]]:
        """A transaction for each group of neighbours that share their `batch`."""
        for _, group in groupby(calls, attrgetter("batch")):
            yield from self._group(list(group))

    def _group(self, calls: Sequence[QueuedCall]) -> Iterator[list[Outcome]]:
        """A batch that raises or meets a lock is run again one by one, each in a transaction of its own.

        Savepoints would keep the locks of the members before, in order of arrival: deadlocks with others.
        """
        try:
            outcomes = self._retry_transient(calls)
        except Exception as error:
            if len(calls) > 1 and (is_lock_timeout(error) or not is_transient(error)):
                log.warning("a batch of %d failed, each runs alone now", len(calls), exc_info=True)
                outcomes = []
            elif is_transient(error):
                log.exception("%d calls are refused: the server can't take them", len(calls))
                outcomes = [refused(call, error) for call in calls]
            else:
                outcomes = [Outcome(calls[0], error)]
        if outcomes:
            yield outcomes
        else:
            yield from self._one_by_one(calls)

    def _one_by_one(self, calls: Sequence[QueuedCall]) -> Iterator[list[Outcome]]:
        # Each may meet a lock of its own, and whoever waits behind all of them must not wait for all of them.
        until = monotonic() + MAX_WAIT_S
        for call in calls:
            if monotonic() < until:
                yield from self._group([call])
            else:
                yield [refused(call, TimeoutError("others waited too long"))]

    def _retry_transient(self, calls: Sequence[QueuedCall]) -> list[Outcome]:
        """Not on a lock that words have met: they come again, and those of other tickets can't go past them here."""
        for pause in RETRY_DELAYS_S:
            try:
                return self._transaction(calls)
            except Exception as error:
                if not (is_transient(error) or is_unique_violation(error)) or (
                    calls[0].kind == "post" and is_lock_timeout(error)
                ):
                    raise
                log.info("run again: %s", type(error).__name__)
            # Jitter, or two that met in a deadlock meet again.
            sleep(pause * uniform(0.5, 1.5))  # noqa: S311
        return self._transaction(calls)

    def _transaction(self, calls: Sequence[QueuedCall]) -> list[Outcome]:
        if calls[0].kind == "post":
            with self._posts_transaction() as (sql, library):
                outcomes = run_batch(sql, calls, PostgresMessageWriter(library))
                failpoint.reach("before_commit")
        else:
            with self._database.writes.begin() as sql:
                outcomes = run_batch(sql, calls, MessageWriter())
                failpoint.reach("before_commit")
        failpoint.reach("committed")
        return outcomes

    @contextmanager
    def _posts_transaction(self) -> Iterator[tuple[Connection, Libpq]]:
        """For one transaction, which whoever asks SQLAlchemy is in too; after a failure another connection is taken."""
        if self._posts_connection is None:
            sql = self._database.posts.connect()
            self._posts_connection = sql, Libpq(postgres_driver(sql))
        sql, library = self._posts_connection
        try:
            library.begin()
            yield self._posts_connection
            sql.commit() if sql.in_transaction() else library.commit()
        except BaseException:
            sql.invalidate()  # nobody knows what is prepared on it: the driver forgets all at some rollbacks
            self.release_connection()
            raise
