"""Foreign traffic on the bus: invalid frames, payloads whose handler raises, and a peer whose frames get lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from chat.cluster.bus.bus import Bus
from chat.cluster.bus.connection import BusConnection, open_connection
from chat.cluster.bus.frames import EventFrame, Frame, SnapshotRequest, SubscriptionFrame, decode, encode
from chat.cluster.redis_client import Redis
from tests.cluster.bus_probe import QUICK, ROOM, BusProbe
from tests.cluster.servers import until

ALL, FAKE_NODE = "guichet:bus:3:all", "guichet:bus:3:fake"


class FakeNode:
    """A peer that the test plays: it has a channel of its own and publishes what the test wants."""

    def __init__(self, connection: BusConnection) -> None:
        self._connection = connection
        self.frames: list[Frame] = []

    async def listen(self) -> None:
        while True:
            self.frames.append(decode((await self._connection.receive()).frame))

    async def publish(self, frame: bytes) -> None:
        await self._connection.publish([(ALL, frame)])

    async def announce(self, number: int, *rooms: str, snapshot: bool = False) -> None:
        await self.publish(
            encode(SubscriptionFrame("fake", number, list(rooms), [], snapshot_start=snapshot, snapshot_end=snapshot))
        )

    def payloads(self) -> list[bytes]:
        return [payload for frame in self.frames if isinstance(frame, EventFrame) for payload in frame.payloads]

    def snapshot_requests(self) -> int:
        return sum(isinstance(frame, SnapshotRequest) for frame in self.frames)


@pytest.fixture
async def fake_node(other_redis: Redis) -> AsyncIterator[FakeNode]:
    async with open_connection(other_redis, FAKE_NODE) as connection:
        fake_node = FakeNode(connection)
        listening = asyncio.create_task(fake_node.listen())
        yield fake_node
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


@pytest.fixture
async def bus(redis: Redis) -> AsyncIterator[Bus]:
    """A bus that receives and has found no peer."""
    bus = Bus(redis, "one", BusProbe().on_payload, timing=QUICK)
    await bus.start()
    await until(lambda: bus.has_no_peers)
    yield bus
    await bus.close()


async def test_without_peers_payloads_are_not_published(bus: Bus, fake_node: FakeNode) -> None:
    bus.publish([ROOM], b"is anybody there?")
    await fake_node.announce(1, "a", snapshot=True)
    await until(lambda: not bus.has_no_peers)
    bus.publish(["a"], b"you are")
    await until(lambda: fake_node.payloads() == [b"you are"])


async def test_after_a_lost_frame_the_peer_is_asked_and_receives_everything_meanwhile(
    bus: Bus, fake_node: FakeNode
) -> None:
    await fake_node.announce(1, "a", snapshot=True)
    await until(lambda: not bus.has_no_peers)
    assert fake_node.snapshot_requests() == 0
    await fake_node.announce(3, "b")
    await until(lambda: fake_node.snapshot_requests() > 0)
    bus.publish(["anything"], b"to be safe")
    await until(lambda: fake_node.payloads() == [b"to be safe"])
    await fake_node.announce(4, "a", "b", "c", snapshot=True)

    async def is_routed() -> bool:
        fake_node.frames.clear()
        bus.publish(["anything"], b"stray")
        bus.publish(["c"], b"for c")
        await until(lambda: b"for c" in fake_node.payloads())
        return fake_node.payloads() == [b"for c"]

    await until(is_routed)


async def test_a_peer_without_heartbeat_is_removed(bus: Bus, fake_node: FakeNode) -> None:
    await fake_node.announce(1, "a", snapshot=True)
    await until(lambda: not bus.has_no_peers)
    await until(lambda: bus.has_no_peers)
    await fake_node.announce(2)
    await until(lambda: fake_node.snapshot_requests() > 0)


async def test_bus_keeps_receiving_after_invalid_frames_and_handler_errors(redis: Redis, fake_node: FakeNode) -> None:
    received: list[bytes] = []

    def handle(payload: bytes) -> None:
        received.append(payload)
        if payload == b"bad":
            raise ValueError(payload)

    bus = Bus(redis, "one", handle, timing=QUICK)
    await bus.start()
    await until(lambda: bus.is_receiving)
    frame = encode(EventFrame("fake", [b"truncated"]))
    for invalid in (
        b"",
        b"\x00",
        b"\xff\xff\xff\xffnoise",
        frame[:-1],
        encode(SubscriptionFrame("fake", 1, [], []))[:-1],
    ):
        await fake_node.publish(invalid)
    await fake_node.publish(encode(EventFrame("fake", [b"bad", b"good"])))
    await until(lambda: received == [b"bad", b"good"])
    assert bus.is_receiving
    await bus.close()
