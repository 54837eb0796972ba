"""A domain call on its way to the database: what it is given, what it leaves behind."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection

from chat.store.journal import Journal

# Many works of one transaction in, as many answers out; an Exception among them is that member's refusal.
Batch = Callable[[Sequence["Work"], Sequence[Any]], Sequence[object]]
Then = Callable[[Any], None]


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

    The transaction is not its own: never commit or roll back, `sql.begin_nested()` is allowed. `journal` is for
    batches of posts alone.
    """

    __slots__ = ("_sql", "journal", "origin", "told")

    def __init__(self, sql: Connection, origin: str | None = None, journal: Journal | None = None) -> None:
        self._sql = sql
        self.origin = origin
        self.journal = journal or Journal()
        self.told: list[Told] = []

    @property
    def sql(self) -> Connection:
        """In the transaction, which begins when it is first asked for."""
        self.journal.begin()
        return self._sql

    def as_from(self, origin: str | None) -> "Work":
        """The same in another socket's name, for a call that is made for many."""
        work = Work(self._sql, origin, self.journal)
        work.told = self.told
        return work

    def happened(self, fact: object) -> None:
        """Announced after COMMIT, in order; forgotten if this call fails."""
        self.told.append(Told(fact, self.origin))


Kind = Literal["post", "verb", "settle"]


class Call:
    """A caller, whose `then` is given the answer. Neighbours in the queue with an equal `batch` are run as one.

    A post keeps the journal by itself. Before any other kind the tickets' rows follow their messages; to settle is
    that and nothing more.
    """

    __slots__ = ("batch", "item", "kind", "origin", "then")

    def __init__(self, batch: Batch, item: object, origin: str | None, then: Then, kind: Kind) -> None:
        self.batch = batch
        self.item = item
        self.origin = origin
        self.then = then
        self.kind = kind


class Outcome(NamedTuple):
    """What a call's caller is to get (an Exception is raised there), and what the world is told."""

    call: Call
    answer: object
    told: Sequence[Told] = ()


def play(sql: Connection, calls: Sequence[Call], journal: Journal) -> list[Outcome]:
    """Runs calls that share their `batch`, in the transaction that is open on `sql`."""
    works = [Work(sql, call.origin, journal) for call in calls]
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
