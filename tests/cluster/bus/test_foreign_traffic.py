"""What else speaks on the bus: noise, payloads that make the hearer stumble, and a node that loses its words."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from chat.cluster.bus.bus import Bus
from chat.cluster.bus.connection import BusConnection, open_connection
from chat.cluster.bus.frames import EventFrame, Frame, SnapshotRequest, SubscriptionFrame, decode, encode
from chat.cluster.redis_client import Redis
from tests.cluster.bus_probe import QUICK, ROOM, Ear
from tests.cluster.servers import until

ALL, GHOST = "guichet:bus:2:all", "guichet:bus:2:ghost"


class Ghost:
    """A node played by hand: it has a channel of its own and says what the test wants."""

    def __init__(self, cable: BusConnection) -> None:
        self._cable = cable
        self.heard: list[Frame] = []

    async def listen(self) -> None:
        while True:
            self.heard.append(decode((await self._cable.receive()).frame))

    async def says(self, frame: bytes) -> None:
        await self._cable.publish([(ALL, frame)])

    async def tells(self, number: int, *rooms: str, anew: bool = False) -> None:
        await self.says(encode(SubscriptionFrame("ghost", number, list(rooms), [], begins=anew, ends=anew)))

    def payloads(self) -> list[bytes]:
        return [payload for word in self.heard if isinstance(word, EventFrame) for payload in word.payloads]

    def asked(self) -> int:
        return sum(isinstance(word, SnapshotRequest) for word in self.heard)


@pytest.fixture
async def ghost(other_redis: Redis) -> AsyncIterator[Ghost]:
    async with open_connection(other_redis, GHOST) as cable:
        ghost = Ghost(cable)
        listening = asyncio.create_task(ghost.listen())
        yield ghost
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


@pytest.fixture
async def bus(redis: Redis) -> AsyncIterator[Bus]:
    """Hears itself and has found nobody else."""
    bus = Bus(redis, "one", Ear().hear, timing=QUICK)
    await bus.start()
    await until(lambda: bus.has_no_peers)
    yield bus
    await bus.close()


async def test_alone_it_says_nothing_to_nobody(bus: Bus, ghost: Ghost) -> None:
    bus.send([ROOM], b"is anybody there?")
    await ghost.tells(1, "a", anew=True)
    await until(lambda: not bus.has_no_peers)
    bus.send(["a"], b"you are")
    await until(lambda: ghost.payloads() == [b"you are"])


async def test_who_has_lost_words_is_asked_and_meanwhile_told_everything(bus: Bus, ghost: Ghost) -> None:
    await ghost.tells(1, "a", anew=True)
    await until(lambda: not bus.has_no_peers)
    assert ghost.asked() == 0
    await ghost.tells(3, "b")
    await until(lambda: ghost.asked() > 0)
    bus.send(["anything"], b"to be safe")
    await until(lambda: ghost.payloads() == [b"to be safe"])
    await ghost.tells(4, "a", "b", "c", anew=True)

    async def aimed() -> bool:
        ghost.heard.clear()
        bus.send(["anything"], b"stray")
        bus.send(["c"], b"for c")
        await until(lambda: b"for c" in ghost.payloads())
        return ghost.payloads() == [b"for c"]

    await until(aimed)


async def test_who_gives_no_sign_of_life_is_forgotten(bus: Bus, ghost: Ghost) -> None:
    await ghost.tells(1, "a", anew=True)
    await until(lambda: not bus.has_no_peers)
    await until(lambda: bus.has_no_peers)
    await ghost.tells(2)
    await until(lambda: ghost.asked() > 0)


async def test_neither_noise_nor_a_stumbling_hearer_ends_the_hearing(redis: Redis, ghost: Ghost) -> None:
    heard: list[bytes] = []

    def hear(payload: bytes) -> None:
        heard.append(payload)
        if payload == b"bad":
            raise ValueError(payload)

    bus = Bus(redis, "one", hear, timing=QUICK)
    await bus.start()
    await until(lambda: bus.hearing)
    said = encode(EventFrame("ghost", [b"cut"]))
    for noise in (
        b"",
        b"\x00",
        b"\xff\xff\xff\xffnoise",
        said[:-1],
        encode(SubscriptionFrame("ghost", 1, [], []))[:-1],
    ):
        await ghost.says(noise)
    await ghost.says(encode(EventFrame("ghost", [b"bad", b"good"])))
    await until(lambda: heard == [b"bad", b"good"])
    assert bus.hearing
    await bus.close()
