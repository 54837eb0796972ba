"""A Valkey for each test, a proxy in front of it, and the Redis clients of two nodes."""

import shutil
from collections.abc import AsyncIterator

import pytest

from chat.cluster.embedded_valkey import private_folder
from chat.cluster.redis_client import Redis
from tests.cluster.servers import Server, SubscriptionProxy


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server(private_folder())
    await server.start()
    yield server
    await server.kill()
    shutil.rmtree(server.folder)


@pytest.fixture
async def proxy(server: Server) -> AsyncIterator[SubscriptionProxy]:
    proxy = SubscriptionProxy(server)
    await proxy.open()
    yield proxy
    await proxy.close()


@pytest.fixture
async def redis(server: Server) -> AsyncIterator[Redis]:
    """The client of the first node."""
    redis = Redis(server.url)
    yield redis
    await redis.close()


@pytest.fixture
async def other_redis(server: Server) -> AsyncIterator[Redis]:
    """The client of the second node."""
    redis = Redis(server.url)
    yield redis
    await redis.close()
