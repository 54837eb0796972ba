"""SQLite's writer: everything that waits in one transaction, each call in a savepoint."""

import logging
from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from operator import attrgetter
from time import monotonic

from sqlalchemy import Connection

from chat.store import failpoint
from chat.store.calls import Call, Outcome, play, refused
from chat.store.engine import Database, checkpoint, passing, rolled_back

CHECKPOINT_EVERY = 1_000  # calls, some 4 to 16 MB of WAL
PATIENCE_S = 5.0

log = logging.getLogger(__name__)


class OneWriter:
    """For one thread only: it is the one writer of the file."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._since_checkpoint = 0

    def commit(self, calls: Sequence[Call]) -> Iterator[list[Outcome]]:
        """All in one transaction; when that is gone (disk full, locked, COMMIT failed) one by one."""
        try:
            together = self._transaction(calls)
        except Exception:
            log.warning("%d calls lost their transaction, each runs alone now", len(calls), exc_info=True)
            yield from self._one_by_one(calls)
        else:
            yield together
        self._checkpoint_now_and_then(len(calls))

    def _transaction(self, calls: Sequence[Call]) -> list[Outcome]:
        with self._database.writes.begin() as sql:
            groups = [list(group) for _, group in groupby(calls, attrgetter("batch"))]
            outcomes = list(chain.from_iterable(_in_savepoint(sql, group) for group in groups))
            failpoint.pass_by("before_commit")
        failpoint.pass_by("committed")
        return outcomes

    def _one_by_one(self, calls: Sequence[Call]) -> Iterator[list[Outcome]]:
        # Each may wait as long for a lock as all did together: the last of 500 must not wait 500 times that.
        until = monotonic() + PATIENCE_S
        for call in calls:
            yield [self._one(call) if monotonic() < until else refused(call, TimeoutError("others waited too long"))]

    def _one(self, call: Call) -> Outcome:
        try:
            return self._transaction([call])[0]
        except Exception as error:  # noqa: BLE001 (its caller is told, whatever it is)
            log.warning("a call is refused: %s", error)
            return refused(call, error)

    def _checkpoint_now_and_then(self, calls: int) -> None:
        """After the answers, so that nobody waits for it."""
        self._since_checkpoint += calls
        if self._since_checkpoint >= CHECKPOINT_EVERY:
            self._since_checkpoint = 0
            checkpoint(self._database.writes)


def _in_savepoint(sql: Connection, calls: Sequence[Call]) -> list[Outcome]:
    """A batch that raises is run again one by one; a call that raises is undone alone, unless all is lost."""
    try:
        with sql.begin_nested():
            return play(sql, calls)
    except Exception as error:
        if passing(error) or rolled_back(sql):
            raise
        if len(calls) == 1:
            return [Outcome(calls[0], error)]
    return list(chain.from_iterable(_in_savepoint(sql, [call]) for call in calls))
