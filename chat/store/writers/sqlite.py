"""SQLite's writer: everything that waits in one transaction, each call in a savepoint."""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, groupby
from operator import attrgetter
from time import monotonic

from sqlalchemy import Connection

from chat.store import failpoint
from chat.store.engines import IN_TRANSACTION, Database, checkpoint, is_transient, rolled_back, sqlite_driver
from chat.store.message_writers.sqlite import SqliteMessageWriter
from chat.store.writers.write_queue import Outcome, QueuedCall, refused, run_batch

CHECKPOINT_EVERY = 4_000  # calls, some 16 to 32 MB of WAL; the pages that they share are copied once
MAX_WAIT_S = 5.0

log = logging.getLogger(__name__)


class SqliteWriter:
    """For one thread only: it is the one writer of the file."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Held, for taking it from the pool and giving it back costs as much as a small COMMIT.
        self._connection: tuple[Connection, sqlite3.Connection] | None = None
        self._message_writer = SqliteMessageWriter()
        self._since_checkpoint = 0

    @property
    def rows_pending(self) -> bool:
        """Whether tickets' rows are behind words that are committed; may be asked on any thread."""
        return self._message_writer.rows_pending

    def commit(self, calls: Sequence[QueuedCall]) -> Iterator[list[Outcome]]:
        """All in one transaction; when that is gone (disk full, locked, COMMIT failed) one by one."""
        groups = [list(group) for _, group in groupby(calls, attrgetter("batch"))]
        try:
            together = self._commit_without_savepoints(groups) or self._transaction(groups)
        except Exception:
            log.warning("%d calls lost their transaction, each runs alone now", len(calls), exc_info=True)
            yield from self._one_by_one(calls)
        else:
            yield together
        self._checkpoint_if_due(len(calls))

    def _commit_without_savepoints(self, groups: Sequence[Sequence[QueuedCall]]) -> list[Outcome]:
        """Posts, and rows that follow them, without a savepoint, which would copy every page that they change, and
        without a transaction unless somebody asks for one: words are one statement. Nothing when a verb is among them,
        or when it raised, as it does when some words stand already: then it is done with care."""
        if any(group[0].kind == "verb" for group in groups):
            return []
        try:
            with self._open() as (sql, driver):
                with _begun(sql):
                    outcomes = [*chain.from_iterable(self._run_group(sql, group) for group in groups)]
                failpoint.reach("before_commit")
                if not self._message_writer.in_transaction:
                    self._message_writer.insert_waiting()
                else:  # SQLAlchemy's own commit costs more than SQLite's
                    sql.commit() if sql.in_transaction() else driver.execute("COMMIT")
        except Exception as error:
            if is_transient(error):
                raise
            if not isinstance(error, sqlite3.IntegrityError):
                log.warning("%d calls raised, they run again with care", sum(map(len, groups)), exc_info=True)
            return []
        return self._committed(outcomes)

    def _transaction(self, groups: Sequence[Sequence[QueuedCall]]) -> list[Outcome]:
        with self._open() as (sql, _), sql.begin():
            self._message_writer.in_transaction = True
            outcomes = list(chain.from_iterable(self._run_in_savepoint(sql, group) for group in groups))
            failpoint.reach("before_commit")
        return self._committed(outcomes)

    def _committed(self, outcomes: list[Outcome]) -> list[Outcome]:
        self._message_writer.committed()
        failpoint.reach("committed")
        return outcomes

    @contextmanager
    def _open(self) -> Iterator[tuple[Connection, sqlite3.Connection]]:
        """The writer's own connection, for one transaction; after a failure it is undone, and taken anew."""
        if self._connection is None:
            sql = self._database.writes.connect()
            self._connection = sql, sqlite_driver(sql)
            self._message_writer.use_connection(self._connection[1])
        try:
            yield self._connection
        except BaseException:
            self._message_writer.rolled_back()
            self.release_connection()
            raise

    def release_connection(self) -> None:
        """Give the connection back: before the database is closed."""
        held, self._connection = self._connection, None
        if held is not None:
            held[0].close()

    def _run_group(self, sql: Connection, calls: Sequence[QueuedCall]) -> list[Outcome]:
        """Posts, or rows that follow."""
        if calls[0].kind == "settle":
            self._message_writer.flush_rows()
        return self._run_batch(sql, calls)

    def _run_in_savepoint(self, sql: Connection, calls: Sequence[QueuedCall]) -> list[Outcome]:
        if calls[0].kind == "post":
            return self._in_savepoint(sql, calls)
        # Outside its savepoint, for the verb may fail. What one writes is not known here, so all is read again.
        self._message_writer.flush_rows()
        outcomes = self._in_savepoint(sql, calls)
        if calls[0].kind == "verb":
            self._message_writer.invalidate()
        return outcomes

    def _in_savepoint(self, sql: Connection, calls: Sequence[QueuedCall]) -> list[Outcome]:
        """A batch that raises is run again one by one; a call that raises is undone alone, unless all is lost."""
        driver = sqlite_driver(sql)
        driver.execute("SAVEPOINT calls")
        try:
            outcomes = self._run_batch(sql, calls)
        except Exception as error:
            if is_transient(error) or rolled_back(sql):
                raise
            driver.execute("ROLLBACK TO calls")
            self._message_writer.savepoint_rolled_back()
            outcomes = [Outcome(calls[0], error)] if len(calls) == 1 else []
        driver.execute("RELEASE calls")
        return outcomes or list(chain.from_iterable(self._in_savepoint(sql, [call]) for call in calls))

    def _run_batch(self, sql: Connection, calls: Sequence[QueuedCall]) -> list[Outcome]:
        return run_batch(sql, calls, self._message_writer)

    def _one_by_one(self, calls: Sequence[QueuedCall]) -> Iterator[list[Outcome]]:
        # Each may wait as long for a lock as all did together: the last of 500 must not wait 500 times that.
        until = monotonic() + MAX_WAIT_S
        for call in calls:
            yield [self._one(call) if monotonic() < until else refused(call, TimeoutError("others waited too long"))]

    def _one(self, call: QueuedCall) -> Outcome:
        try:
            return self._transaction([[call]])[0]
        except Exception as error:  # noqa: BLE001 (its caller is told, whatever it is)
            log.warning("a call is refused: %s", error)
            return refused(call, error)

    def _checkpoint_if_due(self, calls: int) -> None:
        """After the answers, so that nobody waits for it."""
        self._since_checkpoint += calls
        if self._since_checkpoint >= CHECKPOINT_EVERY:
            self._since_checkpoint = 0
            with self._open() as (_, driver):
                checkpoint(driver)


@contextmanager
def _begun(sql: Connection) -> Iterator[None]:
    """SQLAlchemy is to begin nothing of its own meanwhile: asked for anything, it joins what the journal has begun."""
    sql.info[IN_TRANSACTION] = True
    try:
        yield
    finally:
        del sql.info[IN_TRANSACTION]
