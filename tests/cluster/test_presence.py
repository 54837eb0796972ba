"""Presence: Ada, Ben and Cleo are here while some node holds a socket of theirs, and a little longer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis as Client

from chat.cluster.presence import BATCH, Presence
from chat.cluster.redis_client import Redis
from tests.cluster.servers import Server, until

PLACE = "guichet:presence:agents"
MARKS = "return redis.call('ZRANGEBYSCORE', KEYS[1], 0, '(+inf', 'WITHSCORES')"
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


async def seen_by(presence: Presence) -> set[str] | None:
    there = await presence.present()
    return None if there is None else set(there)


def sees(presence: Presence, *keys: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return await seen_by(presence) == set(keys)

    return look


async def test_two_nodes_see_each_other(redis: Redis, other_redis: Redis, node: Node) -> None:
    one, two = await node(redis, "one"), await node(other_redis, "two")
    assert await seen_by(one) == set()
    one.add("ada")
    assert await seen_by(one) == {"ada"}
    two.add("ben")
    await until(sees(one, "ada", "ben"))
    await until(sees(two, "ada", "ben"))
    assert set(one.local_keys()) == {"ada"}
    assert set(two.local_keys()) == {"ben"}


async def test_visitors_and_agents_are_apart(redis: Redis, node: Node) -> None:
    agents = await node(redis, "one")
    visitors = Presence(redis, "visitors", "one")
    await visitors.start()
    agents.add("ada")
    visitors.add("vic")
    await until(sees(agents, "ada"))
    await until(sees(visitors, "vic"))
    await visitors.close()


async def test_several_tabs_count_and_the_last_leaves_a_grace(redis: Redis, other_redis: Redis, node: Node) -> None:
    one, two = await node(redis, "one"), await node(other_redis, "two")
    one.add("ada")
    one.add("ada")
    one.remove("ada")
    assert set(one.local_keys()) == {"ada"}
    one.remove("ada")
    one.remove("ada")
    assert not one.local_keys()
    await until(sees(two, "ada"))
    await until(sees(one, "ada"))


async def test_after_the_grace_they_are_gone_and_who_stays_stays(redis: Redis, other_redis: Redis, node: Node) -> None:
    one, two = await node(redis, "one", 0.6), await node(other_redis, "two", 0.6)
    one.add("ada")
    one.add("ben")
    await until(sees(two, "ada", "ben"))
    one.remove("ada")
    await until(sees(two, "ben"))
    await until(sees(one, "ben"))
    assert set(one.local_keys()) == {"ben"}


async def test_who_comes_back_within_the_grace_was_never_gone(redis: Redis, other_redis: Redis, node: Node) -> None:
    one, two = await node(redis, "one"), await node(other_redis, "two")
    one.add("ada")
    await until(sees(two, "ada"))
    one.remove("ada")
    two.add("ada")
    assert await seen_by(two) == {"ada"}
    assert set(two.local_keys()) == {"ada"}


async def test_a_node_that_closes_leaves_its_people_their_grace(redis: Redis, other_redis: Redis, node: Node) -> None:
    one, two = await node(redis, "one", 2.0), await node(other_redis, "two", 2.0)
    one.add("ada")
    two.add("ben")
    await one.close()
    assert await seen_by(two) == {"ada", "ben"}
    await until(sees(two, "ben"))


async def test_forgotten_they_are_gone_at_once_and_a_late_drop_gives_no_grace(
    redis: Redis, other_redis: Redis, node: Node
) -> None:
    one, two = await node(redis, "one"), await node(other_redis, "two")
    one.add("ada")
    one.add("ben")
    await until(sees(two, "ada", "ben"))
    one.forget("ada")
    assert await seen_by(one) == {"ben"}
    assert set(one.local_keys()) == {"ben"}
    await until(sees(two, "ben"))
    one.remove("ada")
    assert await seen_by(one) == {"ben"}
    one.add("ada")
    await until(sees(two, "ada", "ben"))


async def test_signed_in_again_before_the_old_tab_is_closed(redis: Redis, node: Node) -> None:
    one = await node(redis, "one")
    one.add("ada")
    one.forget("ada")
    one.add("ada")
    one.remove("ada")
    assert set(one.local_keys()) == {"ada"}


async def test_what_one_node_forgets_the_other_still_holds(redis: Redis, other_redis: Redis, node: Node) -> None:
    one, two = await node(redis, "one"), await node(other_redis, "two")
    one.add("ada")
    two.add("ada")
    one.add("ben")
    await until(sees(two, "ada", "ben"))
    one.forget("ada")
    one.forget("ben")
    await until(sees(two, "ada"))
    await until(sees(one, "ada"))


async def test_flushed_everybody_is_announced_again_and_nobody_is_called_absent(
    redis: Redis, other_redis: Redis, node: Node
) -> None:
    one, two = await node(redis, "one", 2.0), await node(other_redis, "two", 2.0)
    one.add("ada")
    two.add("ben")
    two.add("cleo")
    two.remove("cleo")
    await until(sees(one, "ada", "ben", "cleo"))
    await until(one.is_reliable)
    await redis.call(lambda client: client.flushall())
    assert await one.present() is not None
    assert not one.is_reliable()
    await until(sees(one, "ada", "ben"))
    await until(lambda: two.is_reliable() and one.is_reliable())


async def test_killed_and_started_again_everybody_is_announced_again(
    server: Server, redis: Redis, other_redis: Redis, node: Node
) -> None:
    one, two = await node(redis, "one", 0.6), await node(other_redis, "two", 0.6)
    one.add("ada")
    two.add("ben")
    await until(sees(one, "ada", "ben"))
    await until(one.is_reliable)
    await server.kill()
    assert await one.present() is None
    assert not one.is_reliable()
    assert set(one.local_keys()) == {"ada"}
    await server.start()
    await until(sees(one, "ada", "ben"))
    await until(sees(two, "ada", "ben"))
    await until(one.is_reliable)


async def test_hung_it_says_that_it_does_not_know(server: Server, redis: Redis, node: Node) -> None:
    one = await node(redis, "one", 0.6)
    one.add("ada")
    await until(sees(one, "ada"))
    await until(one.is_reliable)
    server.hang()
    assert await one.present() is None
    assert not one.is_reliable()
    one.add("ben")
    assert set(one.local_keys()) == {"ada", "ben"}
    server.go_on()
    await until(sees(one, "ada", "ben"))
    await until(one.is_reliable)


async def test_who_leaves_while_redis_is_down_keeps_the_grace(
    server: Server, redis: Redis, other_redis: Redis, node: Node
) -> None:
    one, two = await node(redis, "one"), await node(other_redis, "two")
    one.add("ada")
    await until(sees(two, "ada"))
    await server.kill()
    assert await one.present() is None
    one.remove("ada")
    await server.start()
    await until(sees(two, "ada"))


async def test_started_while_redis_is_down_it_is_told_later(
    server: Server, redis: Redis, other_redis: Redis, node: Node
) -> None:
    await server.kill()
    one, two = await node(redis, "one"), await node(other_redis, "two")
    one.add("ada")
    assert await one.present() is None
    await server.start()
    await until(sees(two, "ada"))


async def test_marks_fade_by_the_clock_of_the_server(redis: Redis, node: Node) -> None:
    one = await node(redis, "one")
    earliest = await server_time(redis)
    one.add("ada")
    await until(lambda: redis.call(marked("ada")))
    mark, fades_at = await redis.call(lambda client: client.eval(MARKS, 1, PLACE))
    assert mark.startswith(b"ada|one-")
    assert earliest <= float(fades_at) - 30_000 <= await server_time(redis)


async def test_marks_from_before_the_clock_was_set_back_go(redis: Redis, node: Node) -> None:
    one = await node(redis, "one")
    one.add("ada")
    now = await server_time(redis)
    marks = {"ben|two": now + 20_000, "cleo|long-gone": now + 3_600_000}
    assert await redis.call(lambda client: client.zadd(PLACE, marks)) == 2
    await until(sees(one, "ada", "ben"))


async def test_a_full_house_is_told_in_several_calls(redis: Redis, other_redis: Redis, node: Node) -> None:
    one, two = await node(redis, "one"), await node(other_redis, "two")
    crowd = [f"visitor {number}" for number in range(2 * BATCH + 1)]
    for key in crowd:
        one.add(key)
    await until(sees(two, *crowd))


async def test_closed_while_hung_it_leaves_nothing_behind(server: Server, redis: Redis) -> None:
    before = asyncio.all_tasks()
    presence = Presence(redis, "agents", "one", 0.6)
    await presence.start()
    presence.add("ada")
    await until(presence.is_reliable)
    assert asyncio.all_tasks() > before
    server.hang()
    presence.remove("ada")
    await presence.close()
    await redis.close()
    assert asyncio.all_tasks() == before
    server.go_on()


async def server_time(redis: Redis) -> float:
    seconds, microseconds = await redis.call(lambda client: client.time())
    return float(seconds * 1000 + microseconds // 1000)


def marked(key: str) -> Callable[[Client], Awaitable[bool]]:
    async def look(client: Client) -> bool:
        members = await client.zrange(PLACE, 0, -1)
        return any(str(member).startswith(f"b'{key}|") for member in members)

    return look
