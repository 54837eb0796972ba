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

from chat.desk import agents, install
from chat.desk.agents import NewAgent
from chat.desk.changes import Situation
from chat.desk.messages import Post, post_batch
from chat.desk.sites import SiteEdit, set_site
from chat.live.limits import Limits
from chat.live.presence import Presence
from chat.live.redis import Redis
from chat.present import Links
from chat.settings import Settings
from chat.store.migrations import migrate
from chat.store.rows import AgentRow, MessageRow
from chat.store.works import Works
from chat.web.doors import Doors
from chat.web.passwords import Passwords
from chat.web.routes import install as open_doors
from chat.web.tokens import hashed

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
    doors: Doors
    clock: Clock
    served: list[web.Application] = field(default_factory=list)

    async def ada(self, email: str = "ada@example.com", name: str = "Ada") -> AgentRow:
        """An agent of the team who can sign in with PASSWORD."""
        new = NewAgent(email, name, password_hash=QUICK.hash(PASSWORD))
        return await self.doors.works.run(agents.add, new, self.clock())

    async def comes(self, agent: AgentRow) -> None:
        """The agent is available and connected."""
        await self.doors.works.run(agents.set_presence, agent.id, "available", self.clock())
        self.doors.agents.hold(str(agent.id))

    async def answers(self, agent: AgentRow, ticket: str, text: str, client_id: str = "answer-" * 3) -> MessageRow:
        """The agent writes on a ticket."""
        post = Post(ticket, client_id, text, Situation(self.clock(), frozenset({agent.id})), agent_id=agent.id)
        return await self.doors.works.post(post_batch, post)

    async def owner_link(self, token: str = "the-first-link") -> str:
        """The path of a fresh link for the owner."""
        await self.doors.works.run(agents.new_link, None, hashed(token), self.clock())
        return f"/setup/{token}"

    async def has_site(self, key: str, *origins: str) -> None:
        await self.doors.works.run(set_site, key, SiteEdit(key.title(), origins), self.clock())


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
    clock, works, redis = Clock(), Works(settings.database_url, lambda told: None), Redis(valkey)
    await works.start()
    await works.run(install.seed, clock())
    presence = Presence(redis, "agents", "node")
    await presence.start()
    doors = Doors(
        settings=settings,
        works=works,
        links=Links(settings.secret_key.encode(), settings.public_url),
        agents=presence,
        redis=redis,
        limits=Limits(redis),
        clock=clock,
        passwords=Passwords(QUICK),
    )
    app = web.Application()
    open_doors(app, doors)
    try:
        yield House(await aiohttp_client(TestServer(app, port=PORT)), doors, clock)
    finally:
        await presence.close()
        await redis.close()
        await works.close()
