"""Three places: a shop (one process, SQLite), a hall (in this process), a town (two nodes, PostgreSQL, Valkey)."""

import asyncio
import json
import logging
import os
import shutil
import signal
from collections.abc import Callable, Coroutine, Generator, Iterable, Sequence
from contextlib import AsyncExitStack
from contextvars import Context, ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from weakref import WeakSet

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat.live.embedded import EmbeddedValkey, private_folder, socket_in
from chat.settings import Settings
from tests.cli.operator import children
from tests.faults.proxy import Proxy
from tests.faults.server_process import Child
from tests.faults.topology import Listens, Place, furnished, postgres_query, sqlite_query
from tests.live.servers import Server as Valkey
from tests.realtime.node import Clock, running
from tests.services import Postgres

PLAIN = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
# Nobody's limits are in the way of what is measured, and no offer is missed. Who floods comes by another address.
WIDE = {"TRUSTED_PROXIES": "127.0.0.1/32", "VISITOR_STARTS": "10000", "AGENT_COMMANDS": "100000", "OFFER_S": "3600"}


class Shop(Place):
    """`python -m chat serve`: SQLite and the Valkey that it brings."""

    async def open(self) -> None:
        self.database = self.folder / "guichet.db"
        self.query = sqlite_query(self.database)
        self.cookies = await furnished(f"sqlite:///{self.database}")
        self.children = [Child("serve", ("serve",), PLAIN | WIDE | {"DATA_DIR": str(self.folder), "PORT": "0"})]
        await self.start(self.children[0])


class Port(NamedTuple):
    """Where a node of this process listens."""

    port: int


class Ear(logging.Handler):
    """Keeps what is logged here as a child would have written it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.dumps({"event": self.format(record), "level": record.levelname.lower()}))


# Whether what is done is not the hall's own doing but a guest's, or another place's: tasks and callbacks inherit it.
a_guests: ContextVar[bool] = ContextVar("a_guests", default=False)


class Hall(Place):
    """A node in this very process, whose clock can be turned."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._guests: WeakSet[asyncio.Task[Any]] = WeakSet()

    async def open(self) -> None:
        self._stack, self._ear, self.clock = AsyncExitStack(), Ear(), Clock()
        self.clock.turn_to(datetime.now(UTC))
        database = self.folder / "guichet.db"
        self.query = sqlite_query(database)
        self.cookies = await furnished(f"sqlite:///{database}")
        valkey = EmbeddedValkey()
        redis_url = await valkey.start()
        self._stack.push_async_callback(valkey.stop)
        settings = Settings(
            public_url="http://chat.example",
            redis_url=redis_url,
            secret_key="k" * 32,
            database_url=f"sqlite:///{database}",
            data_dir=self.folder,
            visitor_starts=10_000,
            offer_s=3_600,
        )
        asyncio.get_running_loop().set_task_factory(self._begun)
        guests = a_guests.set(False)
        try:
            node = await self._stack.enter_async_context(running(settings, self.clock))
        finally:
            a_guests.reset(guests)
        self._port = Port(int(node.url.rpartition(":")[2]))
        logging.getLogger().addHandler(self._ear)

    @property
    def listening(self) -> Sequence[Listens]:
        return [self._port]

    def log(self) -> Iterable[str]:
        return self._ear.lines

    def tasks(self) -> int:
        return sum(task not in self._guests for task in asyncio.all_tasks())

    def _begun(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        context: Context | None = None,
        **newer: bool | str | None,  # from Python 3.13 on
    ) -> asyncio.Task[Any]:
        assert isinstance(work, Coroutine)
        begin: Callable[..., asyncio.Task[Any]] = asyncio.Task
        task = begin(work, loop=loop, context=context, **newer)
        if a_guests.get():
            self._guests.add(task)
        return task

    async def mend(self) -> None:
        await super().mend()
        self._ear.lines.clear()

    async def close(self) -> None:
        await super().close()
        await self._stack.aclose()
        asyncio.get_running_loop().set_task_factory(None)
        logging.getLogger().removeHandler(self._ear)


class Town(Place):
    """Two `web`, one `worker`, PostgreSQL and Valkey, and a proxy on each way between them."""

    def __init__(self, folder: Path, server: Postgres, database_url: str) -> None:
        super().__init__(folder)
        self._server, self.database_url = server, database_url
        self._valkey_folder = private_folder()
        self.valkey = Valkey(self._valkey_folder)
        self.query = postgres_query(database_url)
        self.redis_lines: dict[str, Proxy] = {}
        self.sql_lines: dict[str, Proxy] = {}

    async def open(self) -> None:
        await self.valkey.start()
        self.cookies = await furnished(self.database_url.replace("postgresql:", "postgresql+psycopg:"))
        self.children = [await self._child(name) for name in ("one", "two", "worker")]
        await asyncio.gather(*(self.start(child) for child in self.children))

    async def _child(self, name: str) -> Child:
        redis = await Proxy(socket_in(self._valkey_folder)).open()
        sql = await Proxy(self._server.folder / ".s.PGSQL.5432").open()
        self.redis_lines[name], self.sql_lines[name] = redis, sql
        self.lines += [redis, sql]
        database = urlsplit(self.database_url).path.lstrip("/")
        environ = {
            "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{sql.port}/{database}",
            "REDIS_URL": f"redis://127.0.0.1:{redis.port}",
            "SECRET_KEY": "k" * 32,
            "DATA_DIR": str(self.folder / name),
            "PORT": "0",
        }
        return Child(name, ("worker" if name == "worker" else "web",), PLAIN | WIDE | environ)

    def redis(self) -> Redis:
        """A line of our own, past the proxies."""
        return Redis.from_url(self.valkey.url)

    async def mend(self) -> None:
        try:
            async with asyncio.timeout(2), self.redis() as client:
                await client.ping()
        except (RedisError, OSError, TimeoutError):
            await self.valkey.kill()
            await self.valkey.start()
        await super().mend()

    async def lasting_keys(self) -> list[str]:
        async with self.redis() as client:
            return [key.decode() async for key in client.scan_iter() if await client.ttl(key) == -1]

    def freeze_sql(self) -> list[int]:
        """Stops every process of PostgreSQL, and says which."""
        postmaster = int((self._server.folder / "data/postmaster.pid").read_text().split()[0])
        frozen = [postmaster, *children(postmaster)]
        signalled(frozen, signal.SIGSTOP)
        return frozen

    async def close(self) -> None:
        await super().close()
        await self.valkey.kill()
        shutil.rmtree(self._valkey_folder, ignore_errors=True)


def signalled(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)
