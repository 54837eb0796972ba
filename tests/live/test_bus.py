"""The bus: the other node hears everything while Redis lasts, and this one knows when it has been deaf."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest
from redis.asyncio import Redis as Client

from chat.live.bus import OVERHEAD, Bus, Measure, framed, unframed
from chat.live.redis import Redis
from tests.live.servers import Line, Server, until

QUICK = Measure(beat_s=0.1, deaf_s=0.6)


class Ear:
    """What a node has heard, and how often it was told to catch up."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.healed = 0

    def hear(self, payload: bytes) -> None:
        self.heard.append(payload)

    def heal(self) -> None:
        self.healed += 1


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[Bus], Awaitable[Bus]]]:
    """Starts a bus, waits until it hears itself, and closes it after the test."""
    buses: list[Bus] = []

    async def start(bus: Bus) -> Bus:
        buses.append(bus)
        await bus.start()
        await until(lambda: bus.hearing)
        return bus

    yield start
    for bus in buses:
        await bus.close()


Opened = Callable[[Bus], Awaitable[Bus]]


async def test_the_other_node_hears_all_in_order_and_nobody_himself(
    redis: Redis, other_redis: Redis, opened: Opened
) -> None:
    here, there = Ear(), Ear()
    speaking = await opened(Bus(redis, "one", here.hear))
    answering = await opened(Bus(other_redis, "two", there.hear))
    said = [f"message {number}".encode() for number in range(3000)]
    for payload in said:
        speaking.send(payload)
    await until(lambda: len(there.heard) == len(said))
    assert there.heard == said
    answering.send(b"the answer")
    await until(lambda: here.heard == [b"the answer"])
    assert speaking.dropped == 0


async def test_a_half_open_subscription_is_noticed_and_healed(line: Line, other_redis: Redis, opened: Opened) -> None:
    redis = Redis(line.url)
    ear = Ear()
    listening = await opened(Bus(redis, "one", ear.hear, ear.heal, QUICK))
    speaking = await opened(Bus(other_redis, "two", Ear().hear))
    line.deafen()
    speaking.send(b"lost")
    await until(lambda: line.swallowed > 0)
    await until(lambda: ear.healed == 1)
    assert listening.hearing
    speaking.send(b"heard")
    await until(lambda: ear.heard == [b"heard"])
    assert redis.answering_since is not None
    await listening.close()
    await redis.close()


async def test_killed_and_started_again_it_heals_and_counts_anew(
    server: Server, redis: Redis, other_redis: Redis, opened: Opened
) -> None:
    here, there = Ear(), Ear()
    await opened(Bus(redis, "one", here.hear, here.heal, QUICK))
    speaking = await opened(Bus(other_redis, "two", there.hear, there.heal, QUICK))
    before = redis.answering_since
    assert before is not None
    assert here.healed == 0
    await server.kill()
    await server.start()
    await until(lambda: here.healed > 0 and there.healed > 0)
    await until(lambda: (redis.answering_since or 0) > before)
    speaking.send(b"still there?")
    await until(lambda: here.heard == [b"still there?"])


async def test_hung_what_is_said_is_dropped_and_counted_and_never_comes_late(
    server: Server, redis: Redis, other_redis: Redis, opened: Opened
) -> None:
    ear = Ear()
    speaking = await opened(Bus(redis, "one", Ear().hear, measure=QUICK))
    await opened(Bus(other_redis, "two", ear.hear, ear.heal, QUICK))
    server.hang()
    await until(lambda: redis.answering_since is None)
    speaking.send(b"into the void")
    await until(lambda: speaking.dropped == 1)
    server.go_on()
    await until(lambda: redis.answering_since is not None and ear.healed > 0)
    speaking.send(b"afterwards")
    await until(lambda: len(ear.heard) > 0)
    assert ear.heard == [b"afterwards"]


async def test_when_too_much_waits_the_oldest_gives_way_and_is_counted(
    redis: Redis, other_redis: Redis, opened: Opened
) -> None:
    ear = Ear()
    await opened(Bus(other_redis, "two", ear.hear))
    payloads = [b"%04d" % number * 250 for number in range(100)]
    speaking = Bus(redis, "one", Ear().hear, measure=Measure(room=10 * (1000 + OVERHEAD)))
    for payload in payloads:
        speaking.send(payload)
    assert speaking.dropped == 90
    await opened(speaking)
    await until(lambda: len(ear.heard) == 10)
    assert ear.heard == payloads[-10:]


async def test_neither_noise_nor_a_stumbling_hearer_ends_the_hearing(
    redis: Redis, other_redis: Redis, opened: Opened
) -> None:
    heard: list[bytes] = []

    def hear(payload: bytes) -> None:
        heard.append(payload)
        if payload == b"bad":
            raise ValueError(payload)

    await opened(Bus(redis, "one", hear))
    speaking = await opened(Bus(other_redis, "two", Ear().hear))
    for noise in (b"", b"\x00", b"\xff\xff\xff\xffnoise", framed(b"who", [b"cut"])[:-1]):
        assert await other_redis.ask(partial(publish, noise)) == 2
    speaking.send(b"bad")
    speaking.send(b"good")
    await until(lambda: heard == [b"bad", b"good"])


async def test_closing_says_what_still_waits(redis: Redis, other_redis: Redis, opened: Opened) -> None:
    ear = Ear()
    await opened(Bus(redis, "one", ear.hear))
    leaving = await opened(Bus(other_redis, "two", Ear().hear))
    leaving.send(b"goodbye")
    await leaving.close()
    await until(lambda: ear.heard == [b"goodbye"])


async def test_closed_while_hung_it_leaves_nothing_behind(server: Server, redis: Redis) -> None:
    before = asyncio.all_tasks()
    bus = Bus(redis, "one", Ear().hear, measure=QUICK)
    await bus.start()
    await until(lambda: bus.hearing)
    assert asyncio.all_tasks() > before
    server.hang()
    bus.send(b"into the void")
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


async def publish(noise: bytes, client: Client) -> int:
    return await client.publish("guichet:bus", noise)


def test_frames_survive_and_cut_ones_are_refused() -> None:
    payloads = [b"", b"one", b"\x00" * 300]
    frame = framed(b"node", payloads)
    assert unframed(frame) == (b"node", payloads)
    for end in range(len(framed(b"node", []))):
        with pytest.raises(ValueError, match=r"cut short|not enough values"):
            unframed(frame[:end])
    with pytest.raises(ValueError, match="cut short"):
        unframed(frame[:-1])
