"""A place: servers behind doors, a team that is hired, and a database that can be read past the servers."""

import asyncio
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg

from bench.furnish import ALWAYS_OPEN
from chat.desk import agents, calendar_in_force, install
from chat.desk.agents import NewAgent
from chat.store.migrations import migrate
from chat.store.works import Works
from chat.web.tokens import hashed
from tests.faults.history import Shown, Truth
from tests.faults.proxy import Proxy
from tests.faults.server_process import Child

TEAM = ("Ada", "Ben", "Cleo")
MESSAGES = """
    SELECT t.public_id, m.seq, m.public_id, m.text, m.author, m.client_id
    FROM messages m JOIN tickets t ON t.id = m.ticket_id ORDER BY t.id, m.seq
"""
NOTES = "SELECT text FROM notes"
# Alembic keeps what it does in its module: two places may not be made at the same moment.
_migrating = asyncio.Lock()
Query = Callable[[str], list[tuple[Any, ...]]]


class Listens(Protocol):
    """Whatever has a port."""

    @property
    def port(self) -> int: ...


class Door(Proxy):
    """One person's own way to some nodes, wherever these listen after they were started again."""

    def __init__(self, nodes: Sequence[Listens]) -> None:
        super().__init__()
        self._nodes = nodes
        self.follow()

    def follow(self) -> None:
        self.upstreams = [("127.0.0.1", node.port) for node in self._nodes]


class Place:
    """What a shop, a town and a hall have in common."""

    cookies: dict[str, str]
    query: Query

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: list[Child] = []
        self.doors: list[Door] = []
        self.lines: list[Proxy] = []

    async def open(self) -> None:
        raise AssertionError("a place is a shop, a town or a hall")

    @property
    def listening(self) -> Sequence[Listens]:
        """What people come to."""
        return self.nodes

    @property
    def nodes(self) -> Sequence[Child]:
        """The processes that have doors."""
        return [child for child in self.children if child.name != "worker"]

    async def truth(self) -> Truth:
        return await asyncio.to_thread(truth_by, self.query)

    async def door(self, *nodes: Child) -> Door:
        """For one person, before these nodes or all of them."""
        door = Door(nodes or self.listening)
        await door.open()
        self.doors.append(door)
        return door

    async def start(self, child: Child, **variables: str) -> None:
        """Starts it again; its doors lead to its new port."""
        await child.start(**variables)
        for door in self.doors:
            door.follow()

    async def mend(self) -> None:
        """Everything as it was before a fault, and a new page in the log."""
        for line in self.lines:
            line.flow()
        for child in self.children:
            if not child.runs:
                await self.start(child)
            child.lines.clear()
        for door in self.doors:
            await door.close()
        self.doors.clear()

    def log(self) -> Iterable[str]:
        return (line for child in self.children for line in child.lines)

    def tasks(self) -> int:
        """How many asyncio tasks there are, where that can be seen."""
        return 0

    async def lasting_keys(self) -> list[str]:
        """Those in Redis that will not go by themselves; none where Redis can't be seen from here."""
        return []

    async def close(self) -> None:
        for child in self.children:
            if child.runs:
                await child.kill()
        for line in (*self.lines, *self.doors):
            await line.close()


async def furnished(url: str) -> dict[str, str]:
    """A desk that never closes; the team's cookies by name."""
    now = datetime.now(UTC)
    async with _migrating:
        await asyncio.to_thread(migrate, url)
    works = Works(url, lambda _: None)
    await works.start()
    await works.run(install.seed, now)
    await works.run(calendar_in_force.set_calendar, ALWAYS_OPEN)
    tokens = {name: secrets.token_urlsafe(32) for name in TEAM}
    for name, token in tokens.items():
        new = NewAgent(f"{name.lower()}@desk.example", name, "supervisor", 100)
        row = await works.run(agents.add, new, now)
        await works.run(agents.open_session, row.id, hashed(token), now)
    await works.close()
    return {name: f"guichet={token}" for name, token in tokens.items()}


# -- the database, past the servers --------------------------------------------------------------------------


def sqlite_query(path: Path) -> Query:
    def query(sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return list(connection.execute(sql))

    return query


def postgres_query(url: str) -> Query:
    def query(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(url) as connection:
            return list(connection.execute(sql.encode()))

    return query


def truth_by(query: Query) -> Truth:
    """All that the database holds of what was said."""
    messages: dict[str, list[Shown]] = {}
    rows = query(MESSAGES)
    for ticket, seq, public_id, text, _, _ in rows:
        messages.setdefault(ticket, []).append(Shown(seq, public_id, text))
    return Truth(messages, list(keys_of(rows)), [text for (text,) in query(NOTES)])


def keys_of(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, str, str]]:
    """What each text was sent under; events have no key."""
    return ((ticket, author, key) for ticket, *_, author, key in rows if key is not None)
