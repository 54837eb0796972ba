"""The bus: what one node says, the nodes concerned hear, as long as Redis lasts; SQL is the net under it."""

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
# Between two writes: each costs more than what it carries, and what is said alone is said at once.
PAUSE_S = 0.005
MAX_BURST = 32  # payloads that are heard without giving others a turn
# In the names of the channels: nodes of another version hear nothing of this, and their nets find it.
VERSION = "2"

log = logging.getLogger(__name__)


class BusTiming(NamedTuple):
    """How often the bus beats, after how long without a beat a node is deaf or gone, how many bytes may wait."""

    beat_s: float = 5.0
    deaf_s: float = 15.0
    max_bytes: int = 4_000_000


DEFAULT_TIMING = BusTiming()


class BusSilent(Exception):
    """What this node said to itself has not come back for `deaf_s`, though the cable holds."""


class Bus:
    """Each node hears a channel of its own and one that all hear, on which it tells the rooms that it holds. Nothing
    is kept or repeated: what can't be said now is dropped and counted, for an event that comes a minute late would
    show an older state than the net has delivered since.

    A node that begins to hear says everything to all for one beat, for there may be others that it has not met. What
    they say before they know of a `hold`, one way through Redis later, does not come: hold first, then read.
    `healed` is called when hearing begins again after anything may have been missed: catch up from SQL.
    Close it before its `redis`.
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
        # A node that restarts under its old name must not take its former life's words for its own.
        self._node_id = f"{node}-{secrets.token_hex(4)}"
        self._membership = Membership(self._node_id)
        self._queue = SendQueue(timing.max_bytes)
        self._on_payload = on_payload
        self._on_recovered = on_recovered
        self._timing = timing
        self._underway = 0
        self._received_at: dict[str, float] = {}
        self._not_received: set[str] = set()
        self._hearing = self._settled = self._missed = self._mute = False
        self._wake, self._silent = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def hearing(self) -> bool:
        """This node has heard its own voice on both channels since it last subscribed."""
        return self._hearing

    async def start(self) -> None:
        """Start speaking and listening; Redis may be away."""
        self._task = asyncio.create_task(self._run(), name="bus")

    async def close(self) -> None:
        """Say what waits, if that can be done within two seconds, and fall silent."""
        living, self._task = self._task, None
        if living is None:
            return
        self._silent.clear()
        self._wake.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0 if self._mute else 2):
                await self._silent.wait()
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)
        self._hearing = False

    def subscribe(self, room: str) -> None:
        """From now on what is said to `room` is wanted here."""
        self._membership.subscribe(room)
        self._wake.set()

    def unsubscribe(self, room: str) -> None:
        """And now it is not any more."""
        self._membership.unsubscribe(room)
        self._wake.set()

    @property
    def has_no_peers(self) -> bool:
        """There is no other node, so nothing need be packed for one."""
        return self._settled and self._membership.has_no_peers

    def send(self, rooms: Iterable[str], payload: bytes) -> None:
        """Queue `payload`, once for each other node that holds any of `rooms`: never waits, never fails; the oldest
        gives way when too much waits."""
        for to in self._membership.nodes_for(rooms) if self._settled else (EVERY_NODE,):
            self.dropped += 1 if self._mute else self._queue.put(to, payload)
        self._wake.set()

    # -- the life of a cable -----------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            try:
                async with open_connection(
                    self._redis, self._channel(EVERY_NODE), self._channel(self._node_id)
                ) as cable:
                    await self._use_connection(cable)
            except* BusSilent:
                log.warning("the bus is deaf and subscribes anew")
            except* FAILURES as failures:
                self._lost(type(failures.exceptions[0]).__name__)
            except* Exception:
                log.exception("the bus stumbled and subscribes anew")
            self._fall_silent()
            _forget_cancellations()
            await asyncio.sleep(RETRY_S)

    async def _use_connection(self, cable: BusConnection) -> None:
        self._mute = False
        now = time.monotonic()
        self._not_received = {self._channel(EVERY_NODE), self._channel(self._node_id)}
        self._received_at = dict.fromkeys(self._not_received, now)
        self._membership.begin(now)
        async with asyncio.TaskGroup() as tasks:
            for part in (self._publish(cable), self._listen(cable), self._beat()):
                tasks.create_task(part)

    def _lost(self, why: str) -> None:
        # A cable that breaks is often the first and, for a quick restart, the only sign that Redis has gone.
        if self._hearing:
            self._redis.mark_down(f"the bus lost its connection, {why}")

    def _fall_silent(self) -> None:
        self.dropped += self._queue.clear() + self._underway
        self._underway = 0
        self._membership.end()
        self._mute = self._missed = True
        self._hearing = self._settled = False

    def _channel(self, mark: str) -> str:
        return self._redis.key("bus", VERSION, mark)

    # -- speaking ----------------------------------------------------------------------------------------------

    async def _publish(self, cable: BusConnection) -> None:
        """One write at a time: what comes while it is under way goes with the next one, in one frame a node."""
        while True:
            self._wake.clear()
            batch = self._queue.take(MAX_WRITE)
            said = [
                *self._membership.due(),
                *((to, EventFrame(self._node_id, payloads)) for to, payloads in batch.items()),
            ]
            if said:
                self._underway = sum(map(len, batch.values()))
                await cable.publish([(self._channel(to), encode(frame)) for to, frame in said])
                self._underway = 0
                await asyncio.sleep(PAUSE_S)
            else:
                self._silent.set()
                await self._wake.wait()

    async def _beat(self) -> None:
        while True:
            # Whoever lives has given a sign of it since the last beat.
            self._settled = self._hearing
            self._membership.beat(time.monotonic(), self._timing.deaf_s)
            self._wake.set()
            await asyncio.sleep(self._timing.beat_s)
            if min(self._received_at.values()) < time.monotonic() - self._timing.deaf_s:
                raise BusSilent

    # -- hearing -----------------------------------------------------------------------------------------------

    async def _listen(self, cable: BusConnection) -> None:
        heard = 0
        while True:
            heard += self._on_message(await cable.receive())
            # A full socket is read without a pause otherwise, and nobody else would get a turn.
            if heard > MAX_BURST:
                heard = 0
                await asyncio.sleep(0)

    def _on_message(self, heard: Published) -> int:
        """What it cost, in payloads."""
        try:
            frame = decode(heard.frame)
        except ValueError:
            log.warning("the bus heard something that no node says: %d bytes", len(heard.frame))
            return 1
        if frame.node_id == self._node_id:
            self._on_own_message(heard.channel.decode())
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
            log.exception("a payload of the bus was not understood")

    def _on_own_message(self, channel: str) -> None:
        self._received_at[channel] = time.monotonic()
        self._not_received.discard(channel)
        if not self._hearing and not self._not_received:
            self._hearing = True
            if self._missed:
                self._missed = False
                self._report_recovery()

    def _report_recovery(self) -> None:
        try:
            self._on_recovered()
        except Exception:
            log.exception("the catch-up after a deaf time did not start")


def _forget_cancellations() -> None:
    """The first releases of Python 3.11 (Debian 12 has 3.11.2) still count the one by which a failed group of tasks
    ended its own task, and then take a timeout in it for a cancellation: the bus would end with the second break."""
    task = asyncio.current_task()
    while task and task.cancelling():
        task.uncancel()
