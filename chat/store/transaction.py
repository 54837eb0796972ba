"""The transaction of one domain call: the connection it uses and the facts it records."""

from typing import NamedTuple

from sqlalchemy import Connection

from chat.store.message_writers.base import MessageWriter


class Unavailable(Exception):
    """The store can't take this call now (disk full, server away, too many waiting, closed): ask again later.

    The call was not acknowledged. If a server died during COMMIT, nobody knows whether the call was committed:
    repeating it with the same key is safe.
    """


class RecordedFact(NamedTuple):
    """A fact, and the sid of the socket whose command caused it, if a socket did: its ack is its copy of the fact."""

    fact: object
    origin: str | None


class Transaction:
    """What a domain call gets: `sql` for statements, `record` for facts.

    Never commit or roll back `sql`, because other calls share the transaction; `sql.begin_nested()` is allowed.
    `writer` is for batches of posts and read marks only.
    """

    __slots__ = ("facts", "origin", "sql", "writer")

    def __init__(self, sql: Connection, origin: str | None = None, writer: MessageWriter | None = None) -> None:
        self.sql = sql
        self.origin = origin
        self.writer = writer or MessageWriter()
        self.facts: list[RecordedFact] = []

    def record(self, fact: object) -> None:
        """Record a fact, which is published after COMMIT, in order, and dropped if this call fails."""
        self.facts.append(RecordedFact(fact, self.origin))
