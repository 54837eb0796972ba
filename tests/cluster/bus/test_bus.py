"""The bus: those who want it hear everything while Redis lasts, and a node knows when it has been deaf."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio.client import PubSub

from chat.cluster.bus.bus import Bus, BusTiming
from chat.cluster.bus.send_queue import OVERHEAD
from chat.cluster.redis_client import Redis
from tests.cluster.bus_probe import QUICK, ROOM, Ear, aims
from tests.cluster.servers import Line, Server, until

Opened = Callable[..., Awaitable[Bus]]


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    """Starts a bus that holds `rooms`, waits until it hears itself, and closes it after the test."""
    buses: list[Bus] = []

    async def start(bus: Bus, *rooms: str) -> Bus:
        buses.append(bus)
        for room in rooms:
            bus.subscribe(room)
        await bus.start()
        await until(lambda: bus.hearing)
        return bus

    yield start
    for bus in buses:
        await bus.close()


async def test_the_other_node_hears_all_in_order_and_nobody_himself(
    redis: Redis, other_redis: Redis, opened: Opened
) -> None:
    here, there = Ear(), Ear()
    speaking = await opened(Bus(redis, "one", here.hear, timing=QUICK), ROOM)
    answering = await opened(Bus(other_redis, "two", there.hear, timing=QUICK), ROOM, "all")
    said = [f"message {number}".encode() for number in range(3000)]
    for payload in said[:1000]:
        speaking.send([ROOM], payload)
    await aims(speaking, there)
    for payload in said[1000:]:
        speaking.send([ROOM], payload)
    await until(lambda: len(there.heard) == len(said))
    assert there.heard == said
    answering.send([ROOM], b"the answer")
    await until(lambda: here.heard == [b"the answer"])
    assert speaking.dropped == 0


async def test_of_four_nodes_those_hear_who_hold_a_room_and_once(redis: Redis, opened: Opened) -> None:
    ears = [Ear() for _ in range(4)]
    buses = [
        await opened(Bus(redis, f"node {number}", ear.hear, timing=QUICK), "all", *rooms)
        for number, (ear, rooms) in enumerate(zip(ears, [("a",), ("a", "b"), ("b",), ()], strict=True))
    ]
    await aims(buses[0], *ears[1:])
    buses[0].send(["a", "b"], b"to both")
    buses[0].send(["a"], b"to the first")
    buses[0].send(["all"], b"to all")
    await until(lambda: all(b"to all" in ear.heard for ear in ears[1:]))
    assert [ear.heard[:-1] for ear in ears[1:]] == [[b"to both", b"to the first"], [b"to both"], []]
    assert ears[0].heard == []


async def test_who_has_moved_is_followed(redis: Redis, opened: Opened) -> None:
    here, there = Ear(), Ear()
    speaking = await opened(Bus(redis, "one", Ear().hear, timing=QUICK))
    left = await opened(Bus(redis, "two", here.hear, timing=QUICK), ROOM, "all")
    entered = await opened(Bus(redis, "three", there.hear, timing=QUICK), "all")
    await aims(speaking, here, there)
    entered.subscribe(ROOM)
    left.unsubscribe(ROOM)

    async def followed() -> bool:
        here.all.clear()
        speaking.send([ROOM], b"where are you?")
        speaking.send(["all"], b"over")
        await until(lambda: b"over" in here.heard and b"over" in there.heard)
        return b"where are you?" not in here.heard and b"where are you?" in there.heard

    await until(followed)


async def test_whoever_is_gone_is_spoken_to_no_more(redis: Redis, opened: Opened) -> None:
    ear = Ear()
    staying = await opened(Bus(redis, "one", Ear().hear, timing=QUICK))
    leaving = await opened(Bus(redis, "two", ear.hear, timing=QUICK), "all")
    await aims(staying, ear)
    assert not staying.has_no_peers
    await leaving.close()
    await until(lambda: staying.has_no_peers)


async def test_a_half_open_line_is_noticed_and_healed(line: Line, other_redis: Redis, opened: Opened) -> None:
    redis = Redis(line.url)
    ear = Ear()
    await redis.call(lambda client: client.ping())
    listening = await opened(Bus(redis, "one", ear.hear, ear.heal, QUICK), ROOM)
    speaking = await opened(Bus(other_redis, "two", Ear().hear), ROOM)
    line.deafen()
    speaking.send([ROOM], b"lost")
    await until(lambda: line.swallowed > 0)
    await until(lambda: ear.healed == 1)
    assert listening.hearing
    speaking.send([ROOM], b"heard")
    await until(lambda: ear.heard == [b"heard"])
    assert redis.answering_since is not None
    await listening.close()
    await redis.close()


async def test_a_node_that_is_answered_but_hears_nothing_notices_it(line: Line, opened: Opened) -> None:
    redis = Redis(line.url)
    ear = Ear()
    listening = await opened(Bus(redis, "one", ear.hear, ear.heal, QUICK))
    line.deafen(answers=True)
    await until(lambda: ear.healed == 1)
    await until(lambda: listening.hearing)
    await listening.close()
    await redis.close()


async def test_killed_and_started_again_it_heals_and_counts_anew(
    server: Server, redis: Redis, other_redis: Redis, opened: Opened
) -> None:
    here, there = Ear(), Ear()
    await redis.call(lambda client: client.ping())
    await opened(Bus(redis, "one", here.hear, here.heal, QUICK), ROOM, "all")
    speaking = await opened(Bus(other_redis, "two", there.hear, there.heal, QUICK))
    before = redis.answering_since
    assert before is not None
    assert here.healed == 0
    await server.kill()
    await server.start()
    await until(lambda: here.healed > 0 and there.healed > 0)
    await until(lambda: (redis.answering_since or 0) > before)
    speaking.send([ROOM], b"still there?")
    await until(lambda: here.heard == [b"still there?"])
    await aims(speaking, here)


async def test_it_heals_though_a_break_is_followed_by_a_silence(
    server: Server, redis: Redis, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A break ends the group of its tasks, and the silence the patience of the one who opens the next line."""
    tries = 0

    def counted() -> PubSub:
        nonlocal tries
        tries += 1
        return subscriber()

    subscriber = redis.subscriber
    monkeypatch.setattr(redis, "subscriber", counted)
    bus = await opened(Bus(redis, "one", Ear().hear, timing=QUICK))
    await server.kill()
    await until(lambda: not bus.hearing)
    await server.start()
    server.hang()
    begun = tries
    # One that began in the silence has lost its patience.
    await until(lambda: tries == begun + 2)
    server.go_on()
    await until(lambda: bus.hearing)


async def test_hung_what_is_said_is_dropped_and_counted_and_never_comes_late(
    server: Server, redis: Redis, other_redis: Redis, opened: Opened
) -> None:
    ear = Ear()
    await redis.call(lambda client: client.ping())
    speaking = await opened(Bus(redis, "one", Ear().hear, timing=QUICK))
    listening = await opened(Bus(other_redis, "two", ear.hear, ear.heal, QUICK), ROOM)
    server.hang()
    await until(lambda: redis.answering_since is None)
    speaking.send([ROOM], b"into the void")
    await until(lambda: speaking.dropped == 1 and not listening.hearing)
    server.go_on()
    await until(lambda: speaking.hearing and ear.healed > 0)
    speaking.send([ROOM], b"afterwards")
    await until(lambda: len(ear.heard) > 0)
    assert ear.heard == [b"afterwards"]


async def test_neither_flushed_nor_full_does_redis_stop_it(redis: Redis, opened: Opened) -> None:
    ear = Ear()
    speaking = await opened(Bus(redis, "one", Ear().hear, timing=QUICK))
    await opened(Bus(redis, "two", ear.hear, ear.heal, QUICK), ROOM, "all")
    await aims(speaking, ear)
    await redis.call(lambda client: client.flushall())
    await redis.call(lambda client: client.config_set("maxmemory-policy", "noeviction"))
    await redis.call(lambda client: client.config_set("maxmemory", 1))
    speaking.send([ROOM], b"still there?")
    await until(lambda: ear.heard == [b"still there?"])
    assert ear.healed == 0


async def test_when_too_much_waits_the_oldest_gives_way_and_is_counted(
    redis: Redis, other_redis: Redis, opened: Opened
) -> None:
    ear = Ear()
    await opened(Bus(other_redis, "two", ear.hear), ROOM)
    payloads = [b"%04d" % number * 250 for number in range(100)]
    speaking = Bus(redis, "one", Ear().hear, timing=BusTiming(max_bytes=10 * (1000 + OVERHEAD)))
    for payload in payloads:
        speaking.send([ROOM], payload)
    assert speaking.dropped == 90
    await opened(speaking)
    await until(lambda: len(ear.heard) == 10)
    assert ear.heard == payloads[-10:]


async def test_closing_says_what_still_waits(redis: Redis, other_redis: Redis, opened: Opened) -> None:
    ear = Ear()
    await opened(Bus(redis, "one", ear.hear), ROOM)
    leaving = await opened(Bus(other_redis, "two", Ear().hear))
    leaving.send([ROOM], b"goodbye")
    await leaving.close()
    await until(lambda: ear.heard == [b"goodbye"])


async def test_closed_while_hung_it_leaves_nothing_behind(server: Server, redis: Redis) -> None:
    before = asyncio.all_tasks()
    bus = Bus(redis, "one", Ear().hear, timing=QUICK)
    await bus.start()
    await until(lambda: bus.hearing)
    assert asyncio.all_tasks() > before
    server.hang()
    bus.send([ROOM], b"into the void")
    await bus.close()
    await redis.close()
    assert asyncio.all_tasks() == before
    server.go_on()


async def test_started_while_redis_is_down_it_hears_later(server: Server, redis: Redis) -> None:
    await server.kill()
    ear = Ear()
    bus = Bus(redis, "one", ear.hear, ear.heal, QUICK)
    await bus.start()
    await until(lambda: redis.answering_since is None)
    await server.start()
    await until(lambda: bus.hearing)
    await bus.close()
