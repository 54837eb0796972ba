"""Limits: Vic may ask so often and no oftener, on all nodes together, and on each while Redis is away."""

import asyncio

import pytest

from chat.cluster.rate_limits import FixedWindowCounter, RateLimits
from chat.cluster.redis_client import Redis, RedisUnavailable
from tests.cluster.servers import Server, until


class Clock:
    """The only thing of these tests that is not real."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_window_lets_so_many_through_and_names_the_wait() -> None:
    clock = Clock()
    windows = FixedWindowCounter(clock=clock)
    assert [windows.try_acquire("vic", 2, 10) for _ in range(3)] == [None, None, 10]
    clock.now += 4
    assert windows.try_acquire("vic", 2, 10) == 6
    assert windows.try_acquire("zoe", 2, 10) is None
    clock.now += 6
    assert [windows.try_acquire("vic", 2, 10) for _ in range(3)] == [None, None, 10]


def test_windows_of_one_key_but_another_length_are_apart() -> None:
    windows = FixedWindowCounter(clock=Clock())
    assert [windows.try_acquire("vic", 1, 10) for _ in range(2)] == [None, 10]
    assert [windows.try_acquire("vic", 1, 60) for _ in range(2)] == [None, 60]


def test_strangers_do_not_fill_the_memory() -> None:
    windows = FixedWindowCounter(room=100, clock=Clock())
    for number in range(1000):
        windows.try_acquire(f"stranger {number}", 1, 60)
    assert len(windows) == 100
    assert windows.try_acquire("stranger 999", 1, 60) == 60


async def test_two_nodes_count_together(redis: Redis, other_redis: Redis) -> None:
    here, there = RateLimits(redis), RateLimits(other_redis)
    spent = [await limits.try_acquire("vic", 3, 60) for limits in (here, there, here)]
    assert spent == [None, None, None]
    for limits in (here, there):
        wait = await limits.try_acquire("vic", 3, 60)
        assert wait is not None
        assert 0 < wait <= 60
    assert await there.try_acquire("zoe", 3, 60) is None


async def test_asked_two_hundred_times_at_once_fifty_get_through(redis: Redis, other_redis: Redis) -> None:
    nodes = (RateLimits(redis), RateLimits(other_redis))
    answers = await asyncio.gather(*(nodes[turn % 2].try_acquire("vic", 50, 60) for turn in range(200)))
    assert answers.count(None) == 50


async def test_after_its_window_vic_may_ask_again(redis: Redis) -> None:
    limits = RateLimits(redis)
    assert await limits.try_acquire("vic", 1, 0.3) is None
    assert await limits.try_acquire("vic", 1, 0.3) is not None

    async def may_ask() -> bool:
        return await limits.try_acquire("vic", 1, 0.3) is None

    await until(may_ask)


async def test_no_token_is_kept_in_clear(redis: Redis) -> None:
    token = "vics-secret-token"
    await RateLimits(redis).try_acquire(token, 1, 60)
    (name,) = await redis.call(lambda client: client.keys("*"))
    assert str(name).startswith("b'guichet:limit:")
    assert "secret" not in str(name)


async def test_while_redis_hangs_the_node_counts_alone(server: Server, redis: Redis) -> None:
    limits = RateLimits(redis)
    assert [await limits.try_acquire("vic", 2, 60) for _ in range(2)] == [None, None]
    server.hang()
    assert [await limits.try_acquire("vic", 2, 60) for _ in range(2)] == [None, None]
    assert await limits.try_acquire("vic", 2, 60) is not None
    with pytest.raises(RedisUnavailable):
        await redis.call(lambda client: client.ping())
    server.go_on()
    await until(lambda: redis.answering_since is not None)
    assert await limits.try_acquire("vic", 2, 60) is not None
