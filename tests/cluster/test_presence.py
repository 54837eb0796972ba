"""Presence: Ada, Ben and Cleo are present while a node has a socket of theirs, and for the grace after it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis as Client

from chat.cluster.presence import BATCH, Presence
from chat.cluster.redis_client import Redis
from tests.cluster.servers import Server, until

KEY = "guichet:presence:agents"
ENTRIES = "return redis.call('ZRANGEBYSCORE', KEYS[1], 0, '(+inf', 'WITHSCORES')"
Node = Callable[..., Awaitable[Presence]]


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    """Starts the presence of a node, and closes it after the test."""
    nodes: list[Presence] = []

    async def start(redis: Redis, name: str, ttl_s: float = 30.0) -> Presence:
        presence = Presence(redis, "agents", name, ttl_s)
        nodes.append(presence)
        await presence.start()
        return presence

    yield start
    for presence in nodes:
        await presence.close()


async def present_on(presence: Presence) -> set[str] | None:
    keys = await presence.present()
    return None if keys is None else set(keys)


def shows(presence: Presence, *keys: str) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return await present_on(presence) == set(keys)

    return check


async def test_two_nodes_see_each_other(redis: Redis, other_redis: Redis, node: Node) -> None:
    one, two = await node(redis, "one"), await node(other_redis, "two")
    assert await present_on(one) == set()
    one.add("ada")
    assert await present_on(one) == {"ada"}
    two.add("ben")
    await until(shows(one, "ada", "ben"))
    await until(shows(two, "ada", "ben"))
    assert set(one.local_keys()) == {"ada"}
    assert set(two.local_keys()) == {"ben"}


async def test_visitors_and_agents_are_separate(redis: Redis, node: Node) -> None:
    agents = await node(redis, "one")
    visitors = Presence(redis, "visitors", "one")
    await visitors.start()
    agents.add("ada")
    visitors.add("vic")
    await until(shows(agents, "ada"))
    await until(shows(visitors, "vic"))
    await visitors.close()


async def test_grace_begins_when_the_last_tab_closes(redis: Redis, other_redis: Redis, node: Node) -> None:
    one, two = await node(redis, "one"), await node(other_redis, "two")
    one.add("ada")
    one.add("ada")
    one.remove("ada")
    assert set(one.local_keys()) == {"ada"}
    one.remove("ada")
    one.remove("ada")
    assert not one.local_keys()
    await until(shows(two, "ada"))
    await until(shows(one, "ada"))


async def test_a_key_is_absent_after_its_grace_and_others_stay(redis: Redis, other_redis: Redis, node: Node) -> None:
    one, two = await node(redis, "one", 0.6), await node(other_redis, "two", 0.6)
    one.add("ada")
    one.add("ben")
    await until(shows(two, "ada", "ben"))
    one.remove("ada")
    await until(shows(two, "ben"))
    await until(shows(one, "ben"))
    assert set(one.local_keys()) == {"ben"}


async def test_a_key_that_returns_within_the_grace_stays_present(redis: Redis, other_redis: Redis, node: Node) -> None:
    one, two = await node(redis, "one"), await node(other_redis, "two")
    one.add("ada")
    await until(shows(two, "ada"))
    one.remove("ada")
    two.add("ada")
    assert await present_on(two) == {"ada"}
    assert set(two.local_keys()) == {"ada"}


async def test_keys_of_a_closed_node_have_their_grace(redis: Redis, other_redis: Redis, node: Node) -> None:
    one, two = await node(redis, "one", 2.0), await node(other_redis, "two", 2.0)
    one.add("ada")
    two.add("ben")
    await one.close()
    assert await present_on(two) == {"ada", "ben"}
    await until(shows(two, "ben"))


async def test_a_forgotten_key_is_absent_at_once_and_a_late_remove_gives_no_grace(
    redis: Redis, other_redis: Redis, node: Node
) -> None:
    one, two = await node(redis, "one"), await node(other_redis, "two")
    one.add("ada")
    one.add("ben")
    await until(shows(two, "ada", "ben"))
    one.forget("ada")
    assert await present_on(one) == {"ben"}
    assert set(one.local_keys()) == {"ben"}
    await until(shows(two, "ben"))
    one.remove("ada")
    assert await present_on(one) == {"ben"}
    one.add("ada")
    await until(shows(two, "ada", "ben"))


async def test_signing_in_again_before_the_old_tab_closes_keeps_the_key_present(redis: Redis, node: Node) -> None:
    one = await node(redis, "one")
    one.add("ada")
    one.forget("ada")
    one.add("ada")
    one.remove("ada")
    assert set(one.local_keys()) == {"ada"}


async def test_forget_does_not_affect_sockets_on_other_nodes(redis: Redis, other_redis: Redis, node: Node) -> None:
    one, two = await node(redis, "one"), await node(other_redis, "two")
    one.add("ada")
    two.add("ada")
    one.add("ben")
    await until(shows(two, "ada", "ben"))
    one.forget("ada")
    one.forget("ben")
    await until(shows(two, "ada"))
    await until(shows(one, "ada"))


async def test_after_a_flush_keys_are_written_again_and_absence_is_not_reliable(
    redis: Redis, other_redis: Redis, node: Node
) -> None:
    one, two = await node(redis, "one", 2.0), await node(other_redis, "two", 2.0)
    one.add("ada")
    two.add("ben")
    two.add("cleo")
    two.remove("cleo")
    await until(shows(one, "ada", "ben", "cleo"))
    await until(one.is_reliable)
    await redis.call(lambda client: client.flushall())
    assert await one.present() is not None
    assert not one.is_reliable()
    await until(shows(one, "ada", "ben"))
    await until(lambda: two.is_reliable() and one.is_reliable())


async def test_after_a_redis_restart_keys_are_written_again(
    server: Server, redis: Redis, other_redis: Redis, node: Node
) -> None:
    one, two = await node(redis, "one", 0.6), await node(other_redis, "two", 0.6)
    one.add("ada")
    two.add("ben")
    await until(shows(one, "ada", "ben"))
    await until(one.is_reliable)
    await server.kill()
    assert await one.present() is None
    assert not one.is_reliable()
    assert set(one.local_keys()) == {"ada"}
    await server.start()
    await until(shows(one, "ada", "ben"))
    await until(shows(two, "ada", "ben"))
    await until(one.is_reliable)


async def test_during_a_redis_hang_presence_is_unknown(server: Server, redis: Redis, node: Node) -> None:
    one = await node(redis, "one", 0.6)
    one.add("ada")
    await until(shows(one, "ada"))
    await until(one.is_reliable)
    server.pause()
    assert await one.present() is None
    assert not one.is_reliable()
    one.add("ben")
    assert set(one.local_keys()) == {"ada", "ben"}
    server.resume()
    await until(shows(one, "ada", "ben"))
    await until(one.is_reliable)


async def test_a_key_removed_while_redis_is_down_has_its_grace(
    server: Server, redis: Redis, other_redis: Redis, node: Node
) -> None:
    one, two = await node(redis, "one"), await node(other_redis, "two")
    one.add("ada")
    await until(shows(two, "ada"))
    await server.kill()
    assert await one.present() is None
    one.remove("ada")
    await server.start()
    await until(shows(two, "ada"))


async def test_keys_added_while_redis_is_down_are_written_later(
    server: Server, redis: Redis, other_redis: Redis, node: Node
) -> None:
    await server.kill()
    one, two = await node(redis, "one"), await node(other_redis, "two")
    one.add("ada")
    assert await one.present() is None
    await server.start()
    await until(shows(two, "ada"))


async def test_entries_expire_by_the_clock_of_redis(redis: Redis, node: Node) -> None:
    one = await node(redis, "one")
    earliest = await server_time(redis)
    one.add("ada")
    await until(lambda: redis.call(has_entry("ada")))
    entry, expires_at = await redis.call(lambda client: client.eval(ENTRIES, 1, KEY))
    assert entry.startswith(b"ada|one-")
    assert earliest <= float(expires_at) - 30_000 <= await server_time(redis)


async def test_entries_from_before_the_clock_was_set_back_are_removed(redis: Redis, node: Node) -> None:
    one = await node(redis, "one")
    one.add("ada")
    now = await server_time(redis)
    entries = {"ben|two": now + 20_000, "cleo|long-gone": now + 3_600_000}
    assert await redis.call(lambda client: client.zadd(KEY, entries)) == 2
    await until(shows(one, "ada", "ben"))


async def test_many_keys_are_written_in_several_batches(redis: Redis, other_redis: Redis, node: Node) -> None:
    one, two = await node(redis, "one"), await node(other_redis, "two")
    keys = [f"visitor {number}" for number in range(2 * BATCH + 1)]
    for key in keys:
        one.add(key)
    await until(shows(two, *keys))


async def test_close_during_redis_hang_leaves_no_tasks(server: Server, redis: Redis) -> None:
    before = asyncio.all_tasks()
    presence = Presence(redis, "agents", "one", 0.6)
    await presence.start()
    presence.add("ada")
    await until(presence.is_reliable)
    assert asyncio.all_tasks() > before
    server.pause()
    presence.remove("ada")
    await presence.close()
    await redis.close()
    assert asyncio.all_tasks() == before
    server.resume()


async def server_time(redis: Redis) -> float:
    seconds, microseconds = await redis.call(lambda client: client.time())
    return float(seconds * 1000 + microseconds // 1000)


def has_entry(key: str) -> Callable[[Client], Awaitable[bool]]:
    async def check(client: Client) -> bool:
        members = await client.zrange(KEY, 0, -1)
        return any(str(member).startswith(f"b'{key}|") for member in members)

    return check
