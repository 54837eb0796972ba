"""The Valkey of one test, the line to it, and the two nodes that share it."""

import shutil
from collections.abc import AsyncIterator

import pytest

from chat.cluster.embedded_valkey import private_folder
from chat.cluster.redis_client import Redis
from tests.cluster.servers import Line, Server


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server(private_folder())
    await server.start()
    yield server
    await server.kill()
    shutil.rmtree(server.folder)


@pytest.fixture
async def line(server: Server) -> AsyncIterator[Line]:
    line = Line(server)
    await line.open()
    yield line
    await line.close()


@pytest.fixture
async def redis(server: Server) -> AsyncIterator[Redis]:
    """The first node's."""
    redis = Redis(server.url)
    yield redis
    await redis.close()


@pytest.fixture
async def other_redis(server: Server) -> AsyncIterator[Redis]:
    """The second node's."""
    redis = Redis(server.url)
    yield redis
    await redis.close()
