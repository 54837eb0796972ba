"""A web server over SQLite and Valkey, with a clock that tests set."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, unused_port
from argon2 import PasswordHasher

from chat.app import timeouts_of
from chat.cluster.presence import Presence
from chat.cluster.rate_limits import RateLimits
from chat.cluster.redis_client import Redis
from chat.domain import seed
from chat.domain.context import DomainContext
from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch
from chat.domain.people import agents, password_links
from chat.domain.people.agents import NewAgent
from chat.domain.people.sites import SiteEdit, set_site
from chat.domain.reactions import react
from chat.links import TicketLinks
from chat.settings import Settings
from chat.store.migrations import migrate
from chat.store.rows import AgentRow, MessageRow
from chat.store.store import Store
from chat.web.auth.tokens import hash_token
from chat.web.core.context import WebContext
from chat.web.core.passwords import Passwords
from chat.web.routes import install

MONDAY_TEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # 10:00 in Paris
# One port for each test process: PUBLIC_URL names it before the server starts.
PORT = unused_port()
ORIGIN = f"http://localhost:{PORT}"
PASSWORD = "a rather long password"
# Argon2 with the cheapest parameters: these tests are not about the cost of guessing.
FAST_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

Client = TestClient[web.Request, web.Application]
MakeClient = Callable[[TestServer], Awaitable[Client]]


@dataclass
class Clock:
    """The server's clock."""

    now: datetime = MONDAY_TEN

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@dataclass
class WebServer:
    """The server, an HTTP client, and helpers that act in the domain."""

    client: Client
    context: WebContext
    clock: Clock

    async def add_agent(self, email: str = "ada@example.com", name: str = "Ada") -> AgentRow:
        """Add an agent who can sign in with PASSWORD."""
        new = NewAgent(email, name, password_hash=FAST_HASHER.hash(PASSWORD))
        return await self.context.store.write(agents.add_agent, new, self.clock())

    async def connect_agent(self, agent: AgentRow) -> None:
        """Make the agent available and online."""
        await self.context.store.write(agents.set_presence, agent.id, "available", self.clock())
        self.context.agent_presence.add(str(agent.id))

    async def post_reply(self, agent: AgentRow, ticket: str, text: str, client_id: str = "answer-" * 3) -> MessageRow:
        """Post a message of the agent to a ticket."""
        post = Post(
            ticket,
            client_id,
            text,
            DomainContext(self.clock(), frozenset({agent.id}), self.context.timeouts),
            agent_id=agent.id,
        )
        return await self.context.store.post(post_batch, post)

    async def create_owner_link(self, token: str = "the-first-link") -> str:
        """Create a link for the owner; returns its path."""
        await self.context.store.write(password_links.create_password_link, None, hash_token(token), self.clock())
        return f"/setup/{token}"

    async def add_site(self, key: str, *origins: str) -> None:
        await self.context.store.write(set_site, key, SiteEdit(key.title(), origins), self.clock())


@pytest.fixture(scope="session")
def new_install(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, copied for each test."""
    path = tmp_path_factory.mktemp("web") / "new.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def settings(new_install: Path, tmp_path: Path) -> Settings:
    """The settings of most tests; a test that needs another value overrides this fixture."""
    path = tmp_path / "guichet.db"
    shutil.copy(new_install, path)
    return Settings(
        data_dir=tmp_path,
        database_url=f"sqlite:///{path}",
        public_url=ORIGIN,
        secret_key="s" * 40,
    )


@pytest.fixture
async def server(settings: Settings, valkey: str, aiohttp_client: MakeClient) -> AsyncIterator[WebServer]:
    """The server of a new install, on a Monday at 10:00 in Paris."""
    clock, store, redis = Clock(), Store(settings.database_url, lambda facts: None, react), Redis(valkey)
    await store.start()
    await store.write(seed.seed, clock())
    presence = Presence(redis, "agents", "node")
    await presence.start()
    context = WebContext(
        settings=settings,
        store=store,
        links=TicketLinks(settings.secret_key.encode(), settings.public_url),
        agent_presence=presence,
        redis=redis,
        limits=RateLimits(redis),
        clock=clock,
        timeouts=timeouts_of(settings),
        passwords=Passwords(FAST_HASHER),
    )
    app = web.Application()
    install(app, context)
    try:
        yield WebServer(await aiohttp_client(TestServer(app, port=PORT)), context, clock)
    finally:
        await presence.close()
        await redis.close()
        await store.close()
