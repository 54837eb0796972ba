"""Nodes and people for the tests of the sockets."""

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
from tests.realtime.node import Node, running
from tests.realtime.socket_clients import Agent, Visitor
from tests.services import Postgres

Arrive = Callable[..., Awaitable[Visitor]]
ShowUp = Callable[..., Awaitable[Agent]]


@pytest.fixture
def redis_timeout_s() -> float:
    """Stories in which Redis goes away override this; in the others a machine that stands still must not look so."""
    return 10.0


@pytest.fixture
def settings(tmp_path: Path, valkey: str, redis_timeout_s: float, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Times as short as the tests' patience."""
    monkeypatch.setattr(app, "VISITOR_GRACE_S", 1.0)
    monkeypatch.setattr(app, "Redis", partial(Redis, timeout_s=redis_timeout_s))
    # On a loaded machine a handshake may well be late, and these people do not come again by themselves.
    monkeypatch.setattr(admission, "MAX_WAIT_MS", 60_000)
    # One beat after its start a node says things to those only who want them.
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
    async with running(settings) as started:
        yield started


@pytest.fixture
async def nodes(settings: Settings, postgres: Postgres) -> AsyncIterator[tuple[Node, Node]]:
    """Two nodes over one PostgreSQL and one Redis; the second one runs the jobs on tickets."""
    with postgres.database(prepare) as url:
        shared = replace(settings, database_url=driven(url))
        async with running(shared, runs_ticket_jobs=False) as first, running(shared) as second:
            yield first, second


def driven(url: str) -> str:
    """The address with the driver named, as settings have it."""
    return url.replace("postgresql:", "postgresql+psycopg:")


def prepare(url: str) -> None:
    """A database's schema, cloned for each test."""
    migrate(driven(url))


@pytest.fixture
async def people() -> AsyncIterator[AsyncExitStack]:
    """Everybody leaves at the end."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def visitor(people: AsyncExitStack) -> Arrive:
    """`await visitor(node, token=…)`: a tab that has said hello."""

    async def arrive(node: Node, **auth: object) -> Visitor:
        person = Visitor()
        people.push_async_callback(person.leave)
        await person.open(node, **auth)
        return person

    return arrive


@pytest.fixture
def agent(people: AsyncExitStack) -> ShowUp:
    """`await agent(node, "Ada")`: a console that has said hello, available unless told otherwise."""

    async def show_up(node: Node, name: str, role: Role = "agent", available: bool = True) -> Agent:
        row = await node.hire(name, role)
        person = Agent()
        people.push_async_callback(person.leave)
        await person.open(node, await node.sign_in(row))
        if available:
            await person.does("set_presence", state="available")
        return person

    return show_up
