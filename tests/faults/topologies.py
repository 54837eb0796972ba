"""Topologies: SingleProcess (SQLite), InProcess (a node in this process), Cluster (two nodes, PostgreSQL, Valkey)."""

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

from chat.cluster.embedded_valkey import EmbeddedValkey, private_folder, socket_path
from chat.settings import Settings
from tests.cli.cli_client import children
from tests.cluster.servers import Server as Valkey
from tests.faults.proxy import Proxy
from tests.faults.server_process import ServerProcess
from tests.faults.topology import HasPort, Topology, postgres_query, set_up_database, sqlite_query
from tests.realtime.node import Clock, running_node
from tests.services import Postgres

BASE_ENVIRON = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
# High limits, so that only faults cause errors, and a long offer time, so that no offer expires. The flood client
# uses another address.
TEST_ENVIRON = {
    "TRUSTED_PROXIES": "127.0.0.1/32",
    "VISITOR_STARTS": "10000",
    "AGENT_COMMANDS": "100000",
    "OFFER_RING_S": "3600",
}


class SingleProcess(Topology):
    """`python -m chat serve`: SQLite and embedded Valkey."""

    async def open(self) -> None:
        self.database = self.folder / "guichet.db"
        self.query = sqlite_query(self.database)
        self.cookies = await set_up_database(f"sqlite:///{self.database}")
        self.processes = [
            ServerProcess(
                "serve", ("serve",), BASE_ENVIRON | TEST_ENVIRON | {"DATA_DIR": str(self.folder), "PORT": "0"}
            )
        ]
        await self.start(self.processes[0])


class ListeningPort(NamedTuple):
    """The port of a node in this process."""

    port: int


class LogRecorder(logging.Handler):
    """Records log entries of this process in the JSON format of a server process."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.entries: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.entries.append(json.dumps({"event": self.format(record), "level": record.levelname.lower()}))


# True in tasks of test clients and of other topologies, false in tasks of the in-process node. Tasks and callbacks
# inherit the value.
is_client_task: ContextVar[bool] = ContextVar("is_client_task", default=False)


class InProcess(Topology):
    """A node in this process, with a settable clock."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._client_tasks: WeakSet[asyncio.Task[Any]] = WeakSet()

    async def open(self) -> None:
        self._stack, self._log_recorder, self.clock = AsyncExitStack(), LogRecorder(), Clock()
        self.clock.turn_to(datetime.now(UTC))
        database = self.folder / "guichet.db"
        self.query = sqlite_query(database)
        self.cookies = await set_up_database(f"sqlite:///{database}")
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
            offer_ring_s=3_600,
        )
        asyncio.get_running_loop().set_task_factory(self._create_task)
        token = is_client_task.set(False)
        try:
            node = await self._stack.enter_async_context(running_node(settings, self.clock))
        finally:
            is_client_task.reset(token)
        self._port = ListeningPort(int(node.url.rpartition(":")[2]))
        logging.getLogger().addHandler(self._log_recorder)

    @property
    def servers(self) -> Sequence[HasPort]:
        return [self._port]

    def server_log(self) -> Iterable[str]:
        return self._log_recorder.entries

    def task_count(self) -> int:
        return sum(task not in self._client_tasks for task in asyncio.all_tasks())

    def _create_task(
        self,
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        context: Context | None = None,
        **newer: bool | str | None,  # from Python 3.13 on
    ) -> asyncio.Task[Any]:
        assert isinstance(coroutine, Coroutine)
        create: Callable[..., asyncio.Task[Any]] = asyncio.Task
        task = create(coroutine, loop=loop, context=context, **newer)
        if is_client_task.get():
            self._client_tasks.add(task)
        return task

    async def repair(self) -> None:
        await super().repair()
        self._log_recorder.entries.clear()

    async def close(self) -> None:
        await super().close()
        await self._stack.aclose()
        asyncio.get_running_loop().set_task_factory(None)
        logging.getLogger().removeHandler(self._log_recorder)


class Cluster(Topology):
    """Two `web`, one `worker`, PostgreSQL and Valkey, with a proxy on each connection between them."""

    def __init__(self, folder: Path, server: Postgres, database_url: str) -> None:
        super().__init__(folder)
        self._server, self.database_url = server, database_url
        self._valkey_folder = private_folder()
        self.valkey = Valkey(self._valkey_folder)
        self.query = postgres_query(database_url)
        self.redis_proxies: dict[str, Proxy] = {}
        self.sql_proxies: dict[str, Proxy] = {}

    async def open(self) -> None:
        await self.valkey.start()
        self.cookies = await set_up_database(self.database_url.replace("postgresql:", "postgresql+psycopg:"))
        self.processes = [await self._create_process(name) for name in ("one", "two", "worker")]
        await asyncio.gather(*(self.start(process) for process in self.processes))

    async def _create_process(self, name: str) -> ServerProcess:
        redis = await Proxy(socket_path(self._valkey_folder)).open()
        sql = await Proxy(self._server.folder / ".s.PGSQL.5432").open()
        self.redis_proxies[name], self.sql_proxies[name] = redis, sql
        self.backend_proxies += [redis, sql]
        database = urlsplit(self.database_url).path.lstrip("/")
        environ = {
            "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{sql.port}/{database}",
            "REDIS_URL": f"redis://127.0.0.1:{redis.port}",
            "SECRET_KEY": "k" * 32,
            "DATA_DIR": str(self.folder / name),
            "PORT": "0",
        }
        return ServerProcess(name, ("worker" if name == "worker" else "web",), BASE_ENVIRON | TEST_ENVIRON | environ)

    def redis(self) -> Redis:
        """A direct connection to Redis, without proxy."""
        return Redis.from_url(self.valkey.url)

    async def repair(self) -> None:
        try:
            async with asyncio.timeout(2), self.redis() as client:
                await client.ping()
        except (RedisError, OSError, TimeoutError):
            await self.valkey.kill()
            await self.valkey.start()
        await super().repair()

    async def keys_without_ttl(self) -> list[str]:
        async with self.redis() as client:
            return [key.decode() async for key in client.scan_iter() if await client.ttl(key) == -1]

    def freeze_postgres(self) -> list[int]:
        """Stop every process of PostgreSQL with SIGSTOP; returns their pids."""
        postmaster = int((self._server.folder / "data/postmaster.pid").read_text().split()[0])
        frozen = [postmaster, *children(postmaster)]
        send_signal(frozen, signal.SIGSTOP)
        return frozen

    async def close(self) -> None:
        await super().close()
        await self.valkey.kill()
        shutil.rmtree(self._valkey_folder, ignore_errors=True)


def send_signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)
