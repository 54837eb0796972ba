"""Rate limits: counted on all nodes together, and on each node alone while Redis is unavailable."""

import asyncio

import pytest

from chat.cluster.rate_limits import FixedWindowCounter, RateLimits
from chat.cluster.redis_client import Redis, RedisUnavailable
from tests.cluster.servers import Server, until


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_window_allows_the_limit_and_returns_the_wait() -> None:
    clock = Clock()
    windows = FixedWindowCounter(clock=clock)
    assert [windows.try_acquire("vic", 2, 10) for _ in range(3)] == [None, None, 10]
    clock.now += 4
    assert windows.try_acquire("vic", 2, 10) == 6
    assert windows.try_acquire("zoe", 2, 10) is None
    clock.now += 6
    assert [windows.try_acquire("vic", 2, 10) for _ in range(3)] == [None, None, 10]


def test_windows_of_different_lengths_are_separate() -> None:
    windows = FixedWindowCounter(clock=Clock())
    assert [windows.try_acquire("vic", 1, 10) for _ in range(2)] == [None, 10]
    assert [windows.try_acquire("vic", 1, 60) for _ in range(2)] == [None, 60]


def test_memory_is_bounded_by_the_number_of_windows() -> None:
    windows = FixedWindowCounter(max_windows=100, clock=Clock())
    for number in range(1000):
        windows.try_acquire(f"client {number}", 1, 60)
    assert len(windows) == 100
    assert windows.try_acquire("client 999", 1, 60) == 60


async def test_a_released_attempt_is_free_again_until_the_window_ends(redis: Redis, other_redis: Redis) -> None:
    here, there = RateLimits(redis), RateLimits(other_redis)
    assert [await here.try_acquire("vic", 2, 60) for _ in range(2)] == [None, None]
    await there.release("vic", 60)
    assert await here.try_acquire("vic", 2, 60) is None
    wait = await here.try_acquire("vic", 2, 60)
    assert wait is not None
    assert 0 < wait <= 60
    await here.release("zoe", 60)
    assert [await here.try_acquire("zoe", 1, 60) is None for _ in range(2)] == [True, False]


async def test_two_nodes_count_together(redis: Redis, other_redis: Redis) -> None:
    here, there = RateLimits(redis), RateLimits(other_redis)
    results = [await limits.try_acquire("vic", 3, 60) for limits in (here, there, here)]
    assert results == [None, None, None]
    for limits in (here, there):
        wait = await limits.try_acquire("vic", 3, 60)
        assert wait is not None
        assert 0 < wait <= 60
    assert await there.try_acquire("zoe", 3, 60) is None


async def test_of_two_hundred_concurrent_attempts_fifty_succeed(redis: Redis, other_redis: Redis) -> None:
    nodes = (RateLimits(redis), RateLimits(other_redis))
    answers = await asyncio.gather(*(nodes[turn % 2].try_acquire("vic", 50, 60) for turn in range(200)))
    assert answers.count(None) == 50


async def test_an_attempt_after_the_window_succeeds(redis: Redis) -> None:
    limits = RateLimits(redis)
    assert await limits.try_acquire("vic", 1, 0.3) is None
    assert await limits.try_acquire("vic", 1, 0.3) is not None

    async def succeeds() -> bool:
        return await limits.try_acquire("vic", 1, 0.3) is None

    await until(succeeds)


async def test_keys_are_stored_hashed(redis: Redis) -> None:
    token = "vics-secret-token"
    await RateLimits(redis).try_acquire(token, 1, 60)
    (name,) = await redis.call(lambda client: client.keys("*"))
    assert str(name).startswith("b'guichet:limit:")
    assert "secret" not in str(name)


async def test_during_a_redis_hang_the_node_counts_alone(server: Server, redis: Redis) -> None:
    limits = RateLimits(redis)
    assert [await limits.try_acquire("vic", 2, 60) for _ in range(2)] == [None, None]
    server.pause()
    assert [await limits.try_acquire("vic", 2, 60) for _ in range(2)] == [None, None]
    assert await limits.try_acquire("vic", 2, 60) is not None
    with pytest.raises(RedisUnavailable):
        await redis.call(lambda client: client.ping())
    server.resume()
    await until(lambda: redis.available_since is not None)
    assert await limits.try_acquire("vic", 2, 60) is not None
