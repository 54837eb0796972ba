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
from chat.store.calls import Call, Outcome, play, refused
from chat.store.engine import Database, blocked, collided, driver_of, passing
from chat.store.journal import Journal
from chat.store.journal_postgres import OnPostgres
from chat.store.libpq import Libpq

# A deadlock is over at once; a server that restarts needs seconds.
PAUSES_S = (0.01, 0.05, 0.2, 0.6, 1.2, 2.0)
PATIENCE_S = 5.0

log = logging.getLogger(__name__)


class ManyWriters:
    """For any number of threads; lost connections are replaced by the pool when a call runs again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # The posts', which have one thread: taking a connection from the pool and giving it back costs as much as
        # a question does.
        self._held: tuple[Connection, Libpq] | None = None

    @property
    def behind(self) -> bool:
        """Rows follow their messages in the same transaction here."""
        return False

    def let_go(self) -> None:
        """Give the posts' connection back: before the database is closed."""
        held, self._held = self._held, None
        if held is not None:
            held[0].close()

    def commit(self, calls: Sequence[Call]) -> Iterator[list[Outcome]]:
        """A transaction for each group of neighbours that share their `batch`."""
        for _, group in groupby(calls, attrgetter("batch")):
            yield from self._group(list(group))

    def _group(self, calls: Sequence[Call]) -> Iterator[list[Outcome]]:
        """A batch that raises or meets a lock is run again one by one, each in a transaction of its own.

        Savepoints would keep the locks of the members before, in order of arrival: deadlocks with others.
        """
        try:
            outcomes = self._insist(calls)
        except Exception as error:
            if len(calls) > 1 and (blocked(error) or not passing(error)):
                log.warning("a batch of %d failed, each runs alone now", len(calls), exc_info=True)
                outcomes = []
            elif passing(error):
                log.exception("%d calls are refused: the server can't take them", len(calls))
                outcomes = [refused(call, error) for call in calls]
            else:
                outcomes = [Outcome(calls[0], error)]
        if outcomes:
            yield outcomes
        else:
            yield from self._one_by_one(calls)

    def _one_by_one(self, calls: Sequence[Call]) -> Iterator[list[Outcome]]:
        # Each may meet a lock of its own, and whoever waits behind all of them must not wait for all of them.
        until = monotonic() + PATIENCE_S
        for call in calls:
            if monotonic() < until:
                yield from self._group([call])
            else:
                yield [refused(call, TimeoutError("others waited too long"))]

    def _insist(self, calls: Sequence[Call]) -> list[Outcome]:
        """Not on a lock that words have met: they come again, and those of other tickets can't go past them here."""
        for pause in PAUSES_S:
            try:
                return self._transaction(calls)
            except Exception as error:
                if not (passing(error) or collided(error)) or (calls[0].kind == "post" and blocked(error)):
                    raise
                log.info("run again: %s", type(error).__name__)
            # Jitter, or two that met in a deadlock meet again.
            sleep(pause * uniform(0.5, 1.5))  # noqa: S311
        return self._transaction(calls)

    def _transaction(self, calls: Sequence[Call]) -> list[Outcome]:
        if calls[0].kind == "post":
            with self._held_open() as (sql, library):
                outcomes = play(sql, calls, OnPostgres(library))
                failpoint.pass_by("before_commit")
        else:
            with self._database.writes.begin() as sql:
                outcomes = play(sql, calls, Journal())
                failpoint.pass_by("before_commit")
        failpoint.pass_by("committed")
        return outcomes

    @contextmanager
    def _held_open(self) -> Iterator[tuple[Connection, Libpq]]:
        """For one transaction, which whoever asks SQLAlchemy is in too; after a failure another connection is taken."""
        if self._held is None:
            sql = self._database.posts.connect()
            self._held = sql, Libpq(driver_of(sql))
        sql, library = self._held
        try:
            library.begin()
            yield self._held
            sql.commit() if sql.in_transaction() else library.commit()
        except BaseException:
            sql.invalidate()  # nobody knows what is prepared on it: the driver forgets all at some rollbacks
            self.let_go()
            raise
