"""A domain call on its way to the database: what it is given, what it leaves behind."""

from typing import NamedTuple

from sqlalchemy import Connection

from chat.store.message_writers.base import MessageWriter


class Unavailable(Exception):
    """The store can't take this now (disk full, server away, too many waiting, closed): ask again later.

    The call is not acknowledged, and with a server that died during COMMIT nobody knows whether it was done:
    repeating it with the same key is safe.
    """


class RecordedFact(NamedTuple):
    """A fact, and the sid of the socket that asked for it (its ack is its copy), if a socket did."""

    fact: object
    origin: str | None


class Transaction:
    """One domain call's hand on the database: statements through `sql`, facts through `happened`.

    The transaction is not its own: never commit or roll back, `sql.begin_nested()` is allowed. `journal` is for
    batches of posts alone.
    """

    __slots__ = ("_sql", "facts", "origin", "writer")

    def __init__(self, sql: Connection, origin: str | None = None, writer: MessageWriter | None = None) -> None:
        self._sql = sql
        self.origin = origin
        self.writer = writer or MessageWriter()
        self.facts: list[RecordedFact] = []

    @property
    def sql(self) -> Connection:
        """In the transaction, which begins when it is first asked for."""
        self.writer.begin()
        return self._sql

    def as_from(self, origin: str | None) -> "Transaction":
        """The same in another socket's name, for a call that is made for many."""
        tx = Transaction(self._sql, origin, self.writer)
        tx.facts = self.facts
        return tx

    def record(self, fact: object) -> None:
        """Announced after COMMIT, in order; forgotten if this call fails."""
        self.facts.append(RecordedFact(fact, self.origin))
