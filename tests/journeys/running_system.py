"""The whole system for a test: a server, its clock, and the websites that use it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher
from sqlalchemy import select

from chat import app, processes
from chat.domain.people import agents
from chat.domain.people.agents import NewAgent
from chat.domain.people.sessions import MAX_UNUSED, record_use
from chat.settings import Settings
from chat.store.rows import AgentRow
from chat.store.store import Store
from chat.store.tables import sessions
from chat.store.transaction import Transaction
from chat.vocabulary import Role
from tests.journeys import websites
from tests.realtime.node import Clock

PASSWORD = "a rather long password"
# The cheapest Argon2 parameters: these tests are not about password strength.
FAST_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def use_all_sessions(tx: Transaction, now: datetime) -> None:
    record_use(tx, tx.sql.execute(select(sessions.c.token_hash)).scalars().all(), now)


@dataclass
class RunningSystem:
    """`chat_url` is the server's address; the websites use several host names on one port."""

    settings: Settings
    clock: Clock
    websites_port: int = 0
    home: app.Node | None = None
    _server: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def chat_url(self) -> str:
        return self.settings.public_url

    @property
    def store(self) -> Store:
        """The store, for what operator commands do."""
        assert self.home, "the server is down"
        return self.home.operator.store

    @property
    def clock_offset(self) -> timedelta:
        """How far the system's clock is ahead of the machine's clock."""
        return self.clock() - datetime.now(UTC)

    async def turn_to(self, moment: datetime) -> None:
        """Turn the clock. Meanwhile the sessions are used, as a node records it of consoles that stay connected."""
        while moment - self.clock() > MAX_UNUSED / 2:
            self.clock.turn_to(self.clock() + MAX_UNUSED / 2)
            await self.store.write(use_all_sessions, self.clock())
        self.clock.turn_to(moment)

    def website_url(self, path: str = "/", host: str = "www.app.localhost") -> str:
        """The URL of a page with the widget; same-site with the chat, unless `host` is other.localhost."""
        return f"http://{host}:{self.websites_port}{path}"

    async def add_agent(self, name: str, role: Role = "agent", capacity: int = 4, display_name: str = "") -> AgentRow:
        """Add an agent whose password is PASSWORD; `display_name` if it differs from `name`."""
        new = NewAgent(email_of(name), display_name or name, role, capacity, password_hash=FAST_HASHER.hash(PASSWORD))
        return await self.store.write(agents.add_agent, new, self.clock())

    async def start(self) -> None:
        """Start the server; a restart uses the same port."""
        listener, self.settings = processes.listen(self.settings)
        assert self.settings.redis_url
        self.home = await self._server.enter_async_context(
            app.start_node(self.settings, self.settings.redis_url, self.clock)
        )
        await self._server.enter_async_context(processes.start_listening(self.home.app, listener))

    async def stop(self) -> None:
        """Stop the server; acknowledged messages stay in the database."""
        await self._server.aclose()
        self.home = None


def email_of(name: str) -> str:
    return f"{name.split()[0].lower()}@desk.example"


@asynccontextmanager
async def run_system(settings: Settings) -> AsyncIterator[RunningSystem]:
    """A running system whose clock starts on a Tuesday at half past ten in Paris."""
    system = RunningSystem(replace(settings, port=0, public_url="http://chat.app.localhost:0"), Clock())
    await system.start()
    try:
        async with websites.serve_websites(system.chat_url) as system.websites_port:
            yield system
    finally:
        await system.stop()
