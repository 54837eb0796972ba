"""Base of all topologies: servers behind proxies, a team of agents, and direct access to the database."""

import asyncio
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg

from bench.fixtures import ALWAYS_OPEN
from chat.domain import seed
from chat.domain.calendar.actions import set_calendar
from chat.domain.people import agents, sessions
from chat.domain.people.agents import NewAgent
from chat.domain.reactions import react
from chat.store.migrations import migrate
from chat.store.store import Store
from chat.web.auth.tokens import hash_token
from tests.faults.history import DatabaseState, MessageRecord
from tests.faults.proxy import Proxy
from tests.faults.server_process import ServerProcess

TEAM = ("Ada", "Ben", "Cleo")
MESSAGES_SQL = """
    SELECT t.public_id, m.seq, m.public_id, m.text, m.author, m.client_id
    FROM messages m JOIN tickets t ON t.id = m.ticket_id ORDER BY t.id, m.seq
"""
NOTES_SQL = "SELECT text FROM notes"
# Alembic has module-level state, so two migrations must not run at the same time.
_migration_lock = asyncio.Lock()
Query = Callable[[str], list[tuple[Any, ...]]]


class HasPort(Protocol):
    """Anything that listens on a port."""

    @property
    def port(self) -> int: ...


class UserProxy(Proxy):
    """The proxy between one user and some nodes; it follows the nodes' ports after a restart."""

    def __init__(self, nodes: Sequence[HasPort]) -> None:
        super().__init__()
        self._nodes = nodes
        self.update_upstreams()

    def update_upstreams(self) -> None:
        self.upstreams = [("127.0.0.1", node.port) for node in self._nodes]


class Topology:
    """Common parts of SingleProcess, InProcess and Cluster."""

    cookies: dict[str, str]
    query: Query

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[ServerProcess] = []
        self.user_proxies: list[UserProxy] = []
        self.backend_proxies: list[Proxy] = []

    async def open(self) -> None:
        raise AssertionError("use SingleProcess, InProcess or Cluster")

    @property
    def servers(self) -> Sequence[HasPort]:
        """The servers that users connect to."""
        return self.nodes

    @property
    def nodes(self) -> Sequence[ServerProcess]:
        """The processes that accept connections from users."""
        return [process for process in self.processes if process.name != "worker"]

    async def database_state(self) -> DatabaseState:
        return await asyncio.to_thread(read_database_state, self.query)

    async def open_user_proxy(self, *nodes: ServerProcess) -> UserProxy:
        """A proxy for one user, in front of these nodes or of all."""
        proxy = UserProxy(nodes or self.servers)
        await proxy.open()
        self.user_proxies.append(proxy)
        return proxy

    async def start(self, process: ServerProcess, **variables: str) -> None:
        """Start a process again; the user proxies then use its new port."""
        await process.start(**variables)
        for proxy in self.user_proxies:
            proxy.update_upstreams()

    async def repair(self) -> None:
        """Undo the faults: restore all connections, start ended processes, clear logs, close user proxies."""
        for proxy in self.backend_proxies:
            proxy.restore()
        for process in self.processes:
            if not process.is_running:
                await self.start(process)
            process.log.clear()
        for proxy in self.user_proxies:
            await proxy.close()
        self.user_proxies.clear()

    def server_log(self) -> Iterable[str]:
        return (entry for process in self.processes for entry in process.log)

    def task_count(self) -> int:
        """The number of asyncio tasks of the node, or 0 if it runs in another process."""
        return 0

    async def keys_without_ttl(self) -> list[str]:
        """Keys in Redis that never expire; empty if the tests cannot reach this Redis."""
        return []

    async def close(self) -> None:
        for process in self.processes:
            if process.is_running:
                await process.kill()
        for proxy in (*self.backend_proxies, *self.user_proxies):
            await proxy.close()


async def set_up_database(url: str) -> dict[str, str]:
    """Migrate, open the service around the clock and add the team; returns session cookies by agent name."""
    now = datetime.now(UTC)
    async with _migration_lock:
        await asyncio.to_thread(migrate, url)
    store = Store(url, lambda _: None, react)
    await store.start()
    await store.write(seed.seed, now)
    await store.write(set_calendar, ALWAYS_OPEN)
    tokens = {name: secrets.token_urlsafe(32) for name in TEAM}
    for name, token in tokens.items():
        new = NewAgent(f"{name.lower()}@desk.example", name, "supervisor", 100)
        row = await store.write(agents.add_agent, new, now)
        await store.write(sessions.open_session, row.id, hash_token(token), now)
    await store.close()
    return {name: f"guichet={token}" for name, token in tokens.items()}


# -- direct access to the database ---------------------------------------------------------------------------


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


def read_database_state(query: Query) -> DatabaseState:
    """All messages, client keys and notes in the database."""
    messages: dict[str, list[MessageRecord]] = {}
    rows = query(MESSAGES_SQL)
    for ticket, seq, public_id, text, _, _ in rows:
        messages.setdefault(ticket, []).append(MessageRecord(seq, public_id, text))
    return DatabaseState(messages, list(client_keys(rows)), [text for (text,) in query(NOTES_SQL)])


def client_keys(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, str, str]]:
    """The (ticket, author, client_id) of each message that a client sent; events have no client_id."""
    return ((ticket, author, key) for ticket, *_, author, key in rows if key is not None)
