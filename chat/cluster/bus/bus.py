"""The event bus: publish an event to the nodes that subscribe to its rooms, as long as Redis is reachable."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from chat.cluster.bus.connection import BusConnection, Published, open_connection
from chat.cluster.bus.frames import EventFrame, decode, encode
from chat.cluster.bus.membership import EVERY_NODE, Membership
from chat.cluster.bus.send_queue import SendQueue
from chat.cluster.redis_client import FAILURES, Redis

RETRY_S = 0.5
MAX_WRITE = 256_000
# Between two writes: each costs more than its payloads, so they are batched. A single payload is written at once.
WRITE_PAUSE_S = 0.005
MAX_PAYLOADS_PER_TURN = 32  # how many payloads are delivered before other tasks get a turn
# Part of the channel names, so nodes of different versions ignore each other. Clients then get their events only by
# the reconciliation from SQL. Raise it with every change of the frames.
VERSION = "3"

log = logging.getLogger(__name__)


class BusTiming(NamedTuple):
    """The heartbeat interval, the time without a heartbeat after which a node or peer is lost, and the queue's size."""

    heartbeat_s: float = 5.0
    timeout_s: float = 15.0
    max_bytes: int = 4_000_000


DEFAULT_TIMING = BusTiming()


class BusSilent(Exception):
    """The node's own frames have not come back for `timeout_s`, although the connection is open."""


class Bus:
    """Each node receives on a channel of its own and on one of all nodes, on which it announces its rooms.

    Nothing is stored or sent again. What cannot be sent now is dropped and counted: an event that comes a minute late
    would show an older state than the reconciliation from SQL has delivered since.

    A node publishes to all nodes from its connect to its second heartbeat, because there may be peers that it has not
    seen. Peers learn of a `subscribe` one trip through Redis later, and what they publish before does not arrive: so
    subscribe first, then read from SQL.

    `on_recovered` is called when the node receives again after it may have missed something: catch up from SQL.
    Close the bus before its `redis`.
    """

    def __init__(
        self,
        redis: Redis,
        node: str,
        on_payload: Callable[[bytes], None],
        on_recovered: Callable[[], None] = lambda: None,
        timing: BusTiming = DEFAULT_TIMING,
    ) -> None:
        self.dropped = 0
        self._redis = redis
        # The suffix keeps a restarted node from taking the frames of its former process for its own.
        self._node_id = f"{node}-{secrets.token_hex(4)}"
        self._membership = Membership(self._node_id)
        self._queue = SendQueue(timing.max_bytes)
        self._on_payload = on_payload
        self._on_recovered = on_recovered
        self._timing = timing
        self._in_flight = 0
        # When this node's own frames last came back, by channel, and the channels on which none has yet.
        self._own_frame_at: dict[str, float] = {}
        self._unconfirmed: set[str] = set()
        self._is_receiving = self._peers_complete = self._may_have_missed = self._disconnected = False
        self._wake, self._all_sent = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_receiving(self) -> bool:
        """This node has received its own frames on both channels since it last connected."""
        return self._is_receiving

    async def start(self) -> None:
        """Start to publish and receive. Redis may be unreachable."""
        self._task = asyncio.create_task(self._run(), name="bus")

    async def close(self) -> None:
        """Send what is queued, for at most two seconds, and stop."""
        task, self._task = self._task, None
        if task is None:
            return
        self._all_sent.clear()
        self._wake.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0 if self._disconnected else 2):
                await self._all_sent.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self._is_receiving = False

    def subscribe(self, room: str) -> None:
        """Receive the payloads published to `room` from now on."""
        self._membership.subscribe(room)
        self._wake.set()

    def unsubscribe(self, room: str) -> None:
        """Stop receiving the payloads published to `room`."""
        self._membership.unsubscribe(room)
        self._wake.set()

    @property
    def has_no_peers(self) -> bool:
        """There is no other node, so the caller need not encode events for one."""
        return self._peers_complete and self._membership.has_no_peers

    def publish(self, rooms: Iterable[str], payload: bytes) -> None:
        """Queue `payload` once for each other node that subscribes to any of `rooms`.

        Never waits or raises. If the queue is full, its oldest payloads are dropped.
        """
        for to in self._membership.nodes_for(rooms) if self._peers_complete else (EVERY_NODE,):
            self.dropped += 1 if self._disconnected else self._queue.put(to, payload)
        self._wake.set()

    # -- connecting --------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            try:
                channels = self._channel(EVERY_NODE), self._channel(self._node_id)
                async with open_connection(self._redis, *channels) as connection:
                    await self._use_connection(connection)
            except* BusSilent:
                log.warning("the bus receives nothing and reconnects")
            except* FAILURES as failures:
                self._report_lost_connection(type(failures.exceptions[0]).__name__)
            except* Exception:
                log.exception("the bus failed and reconnects")
            self._on_disconnected()
            _forget_cancellations()
            await asyncio.sleep(RETRY_S)

    async def _use_connection(self, connection: BusConnection) -> None:
        self._disconnected = False
        now = time.monotonic()
        self._unconfirmed = {self._channel(EVERY_NODE), self._channel(self._node_id)}
        self._own_frame_at = dict.fromkeys(self._unconfirmed, now)
        self._membership.on_connected(now)
        async with asyncio.TaskGroup() as tasks:
            for loop in (self._publish_frames(connection), self._receive_frames(connection), self._send_heartbeats()):
                tasks.create_task(loop)

    def _report_lost_connection(self, reason: str) -> None:
        # A broken connection is often the first sign that Redis has gone and, when it restarts quickly, the only one.
        if self._is_receiving:
            self._redis.mark_down(f"the bus lost its connection, {reason}")

    def _on_disconnected(self) -> None:
        self.dropped += self._queue.clear() + self._in_flight
        self._in_flight = 0
        self._membership.on_disconnected()
        self._disconnected = self._may_have_missed = True
        self._is_receiving = self._peers_complete = False

    def _channel(self, node_id: str) -> str:
        return self._redis.key("bus", VERSION, node_id)

    # -- publishing --------------------------------------------------------------------------------------------

    async def _publish_frames(self, connection: BusConnection) -> None:
        """One write at a time. What is queued meanwhile goes into the next write, in one frame for each node."""
        while True:
            self._wake.clear()
            batch = self._queue.take(MAX_WRITE)
            frames = [
                *self._membership.take_frames(),
                *((to, EventFrame(self._node_id, payloads)) for to, payloads in batch.items()),
            ]
            if frames:
                self._in_flight = sum(map(len, batch.values()))
                await connection.publish([(self._channel(to), encode(frame)) for to, frame in frames])
                self._in_flight = 0
                await asyncio.sleep(WRITE_PAUSE_S)
            else:
                self._all_sent.set()
                await self._wake.wait()

    async def _send_heartbeats(self) -> None:
        while True:
            # By the second heartbeat each living peer has sent one, so all peers have been seen.
            self._peers_complete = self._is_receiving
            self._membership.heartbeat(time.monotonic(), self._timing.timeout_s)
            self._wake.set()
            await asyncio.sleep(self._timing.heartbeat_s)
            if min(self._own_frame_at.values()) < time.monotonic() - self._timing.timeout_s:
                raise BusSilent

    # -- receiving ---------------------------------------------------------------------------------------------

    async def _receive_frames(self, connection: BusConnection) -> None:
        received = 0
        while True:
            received += self._on_published(await connection.receive())
            # While the socket has data, receive() never suspends, and no other task would run.
            if received > MAX_PAYLOADS_PER_TURN:
                received = 0
                await asyncio.sleep(0)

    def _on_published(self, message: Published) -> int:
        """Handle a message. Returns how many payloads it cost."""
        try:
            frame = decode(message.frame)
        except ValueError:
            log.warning("the bus received something that is no frame: %d bytes", len(message.frame))
            return 1
        if frame.node_id == self._node_id:
            self._on_own_frame(message.channel.decode())
            return 1
        if not isinstance(frame, EventFrame):
            self._membership.on_frame(frame, time.monotonic())
            self._wake.set()
            return 1
        if self._membership.add_peer(frame.node_id, time.monotonic()):
            self._wake.set()
        for payload in frame.payloads:
            self._deliver(payload)
        return len(frame.payloads)

    def _deliver(self, payload: bytes) -> None:
        try:
            self._on_payload(payload)
        except Exception:
            log.exception("handling a payload of the bus failed")

    def _on_own_frame(self, channel: str) -> None:
        self._own_frame_at[channel] = time.monotonic()
        self._unconfirmed.discard(channel)
        if not self._is_receiving and not self._unconfirmed:
            self._is_receiving = True
            if self._may_have_missed:
                self._may_have_missed = False
                self._report_recovery()

    def _report_recovery(self) -> None:
        try:
            self._on_recovered()
        except Exception:
            log.exception("the catch-up after an outage of the bus did not start")


def _forget_cancellations() -> None:
    """Reset the cancellation count of this task.

    Early releases of Python 3.11 (Debian 12 has 3.11.2) keep counting the cancellation with which a failed task group
    ended this task. The next timeout in it then looks like a cancellation, and the bus would end at the second break.
    """
    task = asyncio.current_task()
    while task and task.cancelling():
        task.uncancel()
