"""A domain call on its way to the database: what it is given, what it leaves behind."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

# Many works of one transaction in, as many answers out; an Exception among them is that member's refusal.
Batch = Callable[[Sequence["Work"], Sequence[object]], Sequence[object]]


class Unavailable(Exception):
    """The store can't take this now (disk full, server away, too many waiting, closed): ask again later.

    The call is not acknowledged, and with a server that died during COMMIT nobody knows whether it was done:
    repeating it with the same key is safe.
    """


class Told(NamedTuple):
    """A fact, and the sid of the socket that asked for it (its ack is its copy), if a socket did."""

    fact: object
    origin: str | None


class Work:
    """One domain call's hand on the database: statements through `sql`, facts through `happened`.

    The transaction is not its own: never commit or roll back, `sql.begin_nested()` is allowed.
    """

    __slots__ = ("origin", "sql", "told")

    def __init__(self, sql: Connection, origin: str | None = None) -> None:
        self.sql = sql
        self.origin = origin
        self.told: list[Told] = []

    def happened(self, fact: object) -> None:
        """Announced after COMMIT, in order; forgotten if this call fails."""
        self.told.append(Told(fact, self.origin))


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A caller who waits for `future`. Neighbours in the queue with an equal `batch` are run as one."""

    batch: Batch
    item: object
    origin: str | None
    future: asyncio.Future[object]


class Outcome(NamedTuple):
    """What a call's caller is to get (an Exception is raised there), and what the world is told."""

    call: Call
    answer: object
    told: Sequence[Told] = ()


def play(sql: Connection, calls: Sequence[Call]) -> list[Outcome]:
    """Runs calls that share their `batch`, in the transaction that is open on `sql`."""
    works = [Work(sql, call.origin) for call in calls]
    answers = calls[0].batch(works, [call.item for call in calls])
    return [
        Outcome(call, answer, () if isinstance(answer, Exception) else work.told)
        for call, answer, work in zip(calls, answers, works, strict=True)
    ]


def refused(call: Call, why: Exception) -> Outcome:
    """The outcome of a call that could not be brought to a COMMIT."""
    answer = Unavailable(f"the store is out of reach: {why}")
    answer.__cause__ = why
    return Outcome(call, answer)
