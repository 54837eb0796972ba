"""A desk behind real HTTP doors: SQLite, Valkey, and a clock that tests set."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
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
from chat.links import TicketLinks
from chat.settings import Settings
from chat.store.migrations import migrate
from chat.store.rows import AgentRow, MessageRow
from chat.store.store import Store
from chat.web.auth.tokens import hash_token
from chat.web.core.context import WebContext
from chat.web.core.passwords import Passwords
from chat.web.routes import install as open_doors

MONDAY_TEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # 10:00 in Paris
# One port a test process, for PUBLIC_URL must name it before the server is there.
PORT = unused_port()
ORIGIN = f"http://localhost:{PORT}"
PASSWORD = "a rather long password"
# As quick as Argon2 gets: these tests are not about how hard it is to guess.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

Client = TestClient[web.Request, web.Application]
MakeClient = Callable[[TestServer], Awaitable[Client]]


@dataclass
class Clock:
    """The time of these tests."""

    now: datetime = MONDAY_TEN

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **how_much: float) -> None:
        self.now += timedelta(**how_much)


@dataclass
class House:
    """The server with its rooms, and one browser at its door."""

    browser: Client
    doors: WebContext
    clock: Clock
    served: list[web.Application] = field(default_factory=list)

    async def ada(self, email: str = "ada@example.com", name: str = "Ada") -> AgentRow:
        """An agent of the team who can sign in with PASSWORD."""
        new = NewAgent(email, name, password_hash=QUICK.hash(PASSWORD))
        return await self.doors.store.write(agents.add_agent, new, self.clock())

    async def comes(self, agent: AgentRow) -> None:
        """The agent is available and connected."""
        await self.doors.store.write(agents.set_presence, agent.id, "available", self.clock())
        self.doors.agent_presence.add(str(agent.id))

    async def answers(self, agent: AgentRow, ticket: str, text: str, client_id: str = "answer-" * 3) -> MessageRow:
        """The agent writes on a ticket."""
        post = Post(
            ticket,
            client_id,
            text,
            DomainContext(self.clock(), frozenset({agent.id}), self.doors.timeouts),
            agent_id=agent.id,
        )
        return await self.doors.store.post(post_batch, post)

    async def owner_link(self, token: str = "the-first-link") -> str:
        """The path of a fresh link for the owner."""
        await self.doors.store.write(password_links.create_password_link, None, hash_token(token), self.clock())
        return f"/setup/{token}"

    async def has_site(self, key: str, *origins: str) -> None:
        await self.doors.store.write(set_site, key, SiteEdit(key.title(), origins), self.clock())


@pytest.fixture(scope="session")
def new_install(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, copied for each test."""
    path = tmp_path_factory.mktemp("web") / "new.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def settings(new_install: Path, tmp_path: Path) -> Settings:
    """What most tests run with; a test that needs another value overrides this."""
    path = tmp_path / "guichet.db"
    shutil.copy(new_install, path)
    return Settings(
        data_dir=tmp_path,
        database_url=f"sqlite:///{path}",
        public_url=ORIGIN,
        secret_key="s" * 40,
    )


@pytest.fixture
async def house(settings: Settings, valkey: str, aiohttp_client: MakeClient) -> AsyncIterator[House]:
    """The doors of a new install, on a Monday morning at ten."""
    clock, store, redis = Clock(), Store(settings.database_url, lambda told: None), Redis(valkey)
    await store.start()
    await store.write(seed.seed, clock())
    presence = Presence(redis, "agents", "node")
    await presence.start()
    doors = WebContext(
        settings=settings,
        store=store,
        links=TicketLinks(settings.secret_key.encode(), settings.public_url),
        agent_presence=presence,
        redis=redis,
        limits=RateLimits(redis),
        clock=clock,
        timeouts=timeouts_of(settings),
        passwords=Passwords(QUICK),
    )
    app = web.Application()
    open_doors(app, doors)
    try:
        yield House(await aiohttp_client(TestServer(app, port=PORT)), doors, clock)
    finally:
        await presence.close()
        await redis.close()
        await store.close()
