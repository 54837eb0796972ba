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
from chat.store.calls import Call, Outcome, play, refused
from chat.store.engine import BEGUN, Database, checkpoint, lite, passing, rolled_back
from chat.store.journal_sqlite import OnSqlite

CHECKPOINT_EVERY = 4_000  # calls, some 16 to 32 MB of WAL; the pages that they share are copied once
PATIENCE_S = 5.0

log = logging.getLogger(__name__)


class OneWriter:
    """For one thread only: it is the one writer of the file."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Held, for taking it from the pool and giving it back costs as much as a small COMMIT.
        self._held: tuple[Connection, sqlite3.Connection] | None = None
        self._journal = OnSqlite()
        self._since_checkpoint = 0

    @property
    def behind(self) -> bool:
        """Whether tickets' rows are behind words that are committed; may be asked on any thread."""
        return self._journal.behind

    def commit(self, calls: Sequence[Call]) -> Iterator[list[Outcome]]:
        """All in one transaction; when that is gone (disk full, locked, COMMIT failed) one by one."""
        groups = [list(group) for _, group in groupby(calls, attrgetter("batch"))]
        try:
            together = self._lightly(groups) or self._transaction(groups)
        except Exception:
            log.warning("%d calls lost their transaction, each runs alone now", len(calls), exc_info=True)
            yield from self._one_by_one(calls)
        else:
            yield together
        self._checkpoint_now_and_then(len(calls))

    def _lightly(self, groups: Sequence[Sequence[Call]]) -> list[Outcome]:
        """Posts, and rows that follow them, without a savepoint, which would copy every page that they change, and
        without a transaction unless somebody asks for one: words are one statement. Nothing when a verb is among them,
        or when it raised, as it does when some words stand already: then it is done with care."""
        if any(group[0].kind == "verb" for group in groups):
            return []
        try:
            with self._open() as (sql, driver):
                with _begun(sql):
                    outcomes = [*chain.from_iterable(self._done(sql, group) for group in groups)]
                failpoint.pass_by("before_commit")
                if not self._journal.begun:
                    self._journal.store()
                else:  # SQLAlchemy's own commit costs more than SQLite's
                    sql.commit() if sql.in_transaction() else driver.execute("COMMIT")
        except Exception as error:
            if passing(error):
                raise
            if not isinstance(error, sqlite3.IntegrityError):
                log.warning("%d calls raised, they run again with care", sum(map(len, groups)), exc_info=True)
            return []
        return self._committed(outcomes)

    def _transaction(self, groups: Sequence[Sequence[Call]]) -> list[Outcome]:
        with self._open() as (sql, _), sql.begin():
            self._journal.begun = True
            outcomes = list(chain.from_iterable(self._guarded(sql, group) for group in groups))
            failpoint.pass_by("before_commit")
        return self._committed(outcomes)

    def _committed(self, outcomes: list[Outcome]) -> list[Outcome]:
        self._journal.committed()
        failpoint.pass_by("committed")
        return outcomes

    @contextmanager
    def _open(self) -> Iterator[tuple[Connection, sqlite3.Connection]]:
        """The writer's own connection, for one transaction; after a failure it is undone, and taken anew."""
        if self._held is None:
            sql = self._database.writes.connect()
            self._held = sql, lite(sql)
            self._journal.on(self._held[1])
        try:
            yield self._held
        except BaseException:
            self._journal.over()
            self.let_go()
            raise

    def let_go(self) -> None:
        """Give the connection back: before the database is closed."""
        held, self._held = self._held, None
        if held is not None:
            held[0].close()

    def _done(self, sql: Connection, calls: Sequence[Call]) -> list[Outcome]:
        """Posts, or rows that follow."""
        if calls[0].kind == "settle":
            self._journal.settle()
        return self._played(sql, calls)

    def _guarded(self, sql: Connection, calls: Sequence[Call]) -> list[Outcome]:
        if calls[0].kind == "post":
            return self._in_savepoint(sql, calls)
        # Outside its savepoint, for the verb may fail. What one writes is not known here, so all is read again.
        self._journal.settle()
        outcomes = self._in_savepoint(sql, calls)
        if calls[0].kind == "verb":
            self._journal.forget()
        return outcomes

    def _in_savepoint(self, sql: Connection, calls: Sequence[Call]) -> list[Outcome]:
        """A batch that raises is run again one by one; a call that raises is undone alone, unless all is lost."""
        driver = lite(sql)
        driver.execute("SAVEPOINT calls")
        try:
            outcomes = self._played(sql, calls)
        except Exception as error:
            if passing(error) or rolled_back(sql):
                raise
            driver.execute("ROLLBACK TO calls")
            self._journal.undone()
            outcomes = [Outcome(calls[0], error)] if len(calls) == 1 else []
        driver.execute("RELEASE calls")
        return outcomes or list(chain.from_iterable(self._in_savepoint(sql, [call]) for call in calls))

    def _played(self, sql: Connection, calls: Sequence[Call]) -> list[Outcome]:
        return play(sql, calls, self._journal)

    def _one_by_one(self, calls: Sequence[Call]) -> Iterator[list[Outcome]]:
        # Each may wait as long for a lock as all did together: the last of 500 must not wait 500 times that.
        until = monotonic() + PATIENCE_S
        for call in calls:
            yield [self._one(call) if monotonic() < until else refused(call, TimeoutError("others waited too long"))]

    def _one(self, call: Call) -> Outcome:
        try:
            return self._transaction([[call]])[0]
        except Exception as error:  # noqa: BLE001 (its caller is told, whatever it is)
            log.warning("a call is refused: %s", error)
            return refused(call, error)

    def _checkpoint_now_and_then(self, calls: int) -> None:
        """After the answers, so that nobody waits for it."""
        self._since_checkpoint += calls
        if self._since_checkpoint >= CHECKPOINT_EVERY:
            self._since_checkpoint = 0
            with self._open() as (_, driver):
                checkpoint(driver)


@contextmanager
def _begun(sql: Connection) -> Iterator[None]:
    """SQLAlchemy is to begin nothing of its own meanwhile: asked for anything, it joins what the journal has begun."""
    sql.info[BEGUN] = True
    try:
        yield
    finally:
        del sql.info[BEGUN]
