"""A town to play in: the whole system at an address of its own, its clock, and the websites that use it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher

from chat import app
from chat.desk import agents
from chat.desk.agents import NewAgent
from chat.settings import Settings
from chat.store.rows import AgentRow, Role
from chat.store.works import Works
from tests.journeys import websites
from tests.realtime.node import Clock

PASSWORD = "a rather long password"
# As quick as Argon2 gets: these tests are not about how hard it is to guess.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class Town:
    """`chat` is the server's address; the websites answer under several names at one port."""

    settings: Settings
    clock: Clock
    websites_port: int = 0
    home: app.House | None = None
    _server: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def chat(self) -> str:
        return self.settings.public_url

    @property
    def works(self) -> Works:
        """What an operator's commands go through."""
        assert self.home, "the server is down"
        return self.home.desk.works

    @property
    def ahead(self) -> timedelta:
        """How far the town's clock is ahead of the machine's."""
        return self.clock() - datetime.now(UTC)

    def website(self, path: str = "/", host: str = "www.app.localhost") -> str:
        """A page with the widget. Of the same site as the chat, unless `host` is other.localhost."""
        return f"http://{host}:{self.websites_port}{path}"

    async def hire(self, name: str, role: Role = "agent", capacity: int = 4, shown: str = "") -> AgentRow:
        """Somebody who can sign in with PASSWORD; `shown` when others see another name than signs in."""
        new = NewAgent(email_of(name), shown or name, role, capacity, password_hash=QUICK.hash(PASSWORD))
        return await self.works.run(agents.add, new, self.clock())

    async def open(self) -> None:
        """Start the server; a second time at the same port."""
        door, self.settings = app.listen(self.settings)
        assert self.settings.redis_url
        self.home = await self._server.enter_async_context(
            app.house(self.settings, self.settings.redis_url, self.clock)
        )
        await self._server.enter_async_context(app.open_doors(self.home.app, door))

    async def shut(self) -> None:
        """Stop the server; what was acknowledged stays."""
        await self._server.aclose()
        self.home = None


def email_of(name: str) -> str:
    return f"{name.split()[0].lower()}@desk.example"


@asynccontextmanager
async def awake(settings: Settings) -> AsyncIterator[Town]:
    """A town with its server up, on a Tuesday at half past ten in Paris."""
    town = Town(replace(settings, port=0, public_url="http://chat.app.localhost:0"), Clock())
    await town.open()
    try:
        async with websites.on_line(town.chat) as town.websites_port:
            yield town
    finally:
        await town.shut()
