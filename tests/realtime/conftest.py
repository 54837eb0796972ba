"""Fixtures for the socket tests: nodes, visitors and agents."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from chat import app
from chat.cluster.bus.bus import Bus, BusTiming
from chat.cluster.redis_client import Redis
from chat.settings import Settings
from chat.store.migrations import migrate
from chat.vocabulary import Role
from chat.websocket import admission
from tests.realtime.node import Node, running_node
from tests.realtime.socket_clients import Agent, Visitor
from tests.services import Postgres

ConnectVisitor = Callable[..., Awaitable[Visitor]]
ConnectAgent = Callable[..., Awaitable[Agent]]


@pytest.fixture
def redis_timeout_s() -> float:
    """Tests in which Redis goes away override this; in the others a stalled machine must not be taken for an outage."""
    return 10.0


@pytest.fixture
def settings(tmp_path: Path, valkey: str, redis_timeout_s: float, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with short times."""
    monkeypatch.setattr(app, "VISITOR_GRACE_S", 1.0)
    monkeypatch.setattr(app, "Redis", partial(Redis, timeout_s=redis_timeout_s))
    # On a loaded machine a handshake may be late, and these clients do not reconnect.
    monkeypatch.setattr(admission, "MAX_WAIT_MS", 60_000)
    # For one beat after its start, a node sends its events to every node.
    monkeypatch.setattr(app, "Bus", partial(Bus, timing=BusTiming(heartbeat_s=0.1)))
    return Settings(
        public_url="http://chat.example",
        redis_url=valkey,
        secret_key="k" * 32,
        database_url=f"sqlite:///{tmp_path / 'guichet.db'}",
        data_dir=tmp_path,
        agent_grace_s=2,
        reconcile_s=0.3,
    )


@pytest.fixture
async def node(settings: Settings) -> AsyncIterator[Node]:
    """One node on SQLite."""
    migrate(settings.database_url)
    async with running_node(settings) as started:
        yield started


@pytest.fixture
async def nodes(settings: Settings, postgres: Postgres) -> AsyncIterator[tuple[Node, Node]]:
    """Two nodes with one PostgreSQL and one Redis; the second one runs the jobs on tickets."""
    with postgres.database(create_schema) as url:
        shared = replace(settings, database_url=with_driver(url))
        async with running_node(shared, runs_ticket_jobs=False) as first, running_node(shared) as second:
            yield first, second


def with_driver(url: str) -> str:
    """The URL with the driver's name, as in the settings."""
    return url.replace("postgresql:", "postgresql+psycopg:")


def create_schema(url: str) -> None:
    """Create the schema of a template database."""
    migrate(with_driver(url))


@pytest.fixture
async def people() -> AsyncIterator[AsyncExitStack]:
    """Disconnects all clients at the end."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def visitor(people: AsyncExitStack) -> ConnectVisitor:
    """`await visitor(node, token=…)`: a visitor's client that has said hello."""

    async def arrive(node: Node, **auth: object) -> Visitor:
        person = Visitor()
        people.push_async_callback(person.disconnect)
        await person.connect_and_hello(node, **auth)
        return person

    return arrive


@pytest.fixture
def agent(people: AsyncExitStack) -> ConnectAgent:
    """`await agent(node, "Ada")`: an agent's client that has said hello, available by default."""

    async def show_up(node: Node, name: str, role: Role = "agent", available: bool = True) -> Agent:
        row = await node.add_agent(name, role)
        person = Agent()
        people.push_async_callback(person.disconnect)
        await person.connect_and_hello(node, await node.sign_in(row))
        if available:
            await person.run("set_presence", state="available")
        return person

    return show_up
