"""A python-socketio client that recovers after a disconnect: hello, catch up, then send unacknowledged texts again."""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import socketio
from socketio.exceptions import SocketIOError

from tests.faults.history import Acked, History, MessageRecord, Received, Screen, Submitted
from tests.faults.page import RETRY_CODES, catch_up_result, send_result

ACK_TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 8.0
Fields = dict[str, Any]


class ConnectionLost(Exception):
    """The connection ended before the ack; the command may or may not have been executed."""


@dataclass
class OutboxMessage:
    """A text without ack. Without a ticket it starts a chat; `private` makes it a note."""

    client_id: str
    text: str
    ticket: str
    private: bool = False


@dataclass
class Timeline:
    """The messages of one ticket as this client shows them; `apply` accepts only the next seq."""

    messages: list[MessageRecord] = field(default_factory=list)
    head: int = 0

    @property
    def last_seq(self) -> int:
        return self.messages[-1].seq if self.messages else 0

    def apply(self, message: MessageRecord) -> bool:
        self.head = max(self.head, message.seq)
        if message.seq != self.last_seq + 1:
            return False
        self.messages.append(message)
        return True


class RecoveringClient:
    """A client that reconnects after every disconnect until `stop`."""

    namespace = ""

    def __init__(self, url: str, history: History) -> None:
        self.url, self.history = url, history
        self.timelines: dict[str, Timeline] = {}
        self.outbox: list[OutboxMessage] = []
        self.connected = asyncio.Event()
        self.ack_times_s: list[float] = []
        self.disconnect_count = 0
        self._ids = itertools.count(1)
        self._client: socketio.AsyncClient | None = None
        self._disconnected = asyncio.Event()
        self._outbox_wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    # -- commands --------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Returns after the first successful hello."""
        self._tasks = [asyncio.create_task(self._stay_connected()), asyncio.create_task(self._flush_outbox())]
        async with asyncio.timeout(60):
            await self.connected.wait()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._disconnect()

    def send(self, text: str, ticket: str, *, private: bool = False) -> None:
        """Append a text to the outbox; every attempt to send it has the same client_id."""
        self.history.record(Submitted(text))
        self.outbox.append(OutboxMessage(self.new_id(), text, ticket, private))
        self._record_screen(ticket)
        self._outbox_wake.set()

    async def open_ticket(self, ticket: str) -> None:
        """Show a ticket and fetch all its messages that are not here yet."""
        self.timelines.setdefault(ticket, Timeline())
        await retry_while_disconnected(lambda: self._catch_up(ticket), self.connected)

    def new_id(self) -> str:
        return f"fault-{self.history.name}-{next(self._ids):08}"

    async def call(self, command: str, **fields: object) -> Fields:
        """Send a command and return its ack. ConnectionLost after a disconnect or a timeout."""
        client, disconnected = self._client, asyncio.create_task(self._disconnected.wait())
        if client is None or self._disconnected.is_set():
            disconnected.cancel()
            raise ConnectionLost
        request = asyncio.create_task(client.call(command, fields, namespace=self.namespace, timeout=ACK_TIMEOUT_S))
        try:
            await asyncio.wait({request, disconnected}, return_when=asyncio.FIRST_COMPLETED)
            if not request.done():
                raise ConnectionLost
            return self._record_ack(command, fields, request.result())
        except SocketIOError as error:
            self._disconnected.set()
            raise ConnectionLost from error
        finally:
            for task in (request, disconnected):
                task.cancel()
            await asyncio.gather(request, disconnected, return_exceptions=True)

    def _record_ack(self, command: str, fields: Fields, ack: object) -> Fields:
        assert isinstance(ack, dict)
        self.history.record(Received(f"ack:{command}", ack))
        if command == "catch_up" and ack["ok"]:
            self.history.record(catch_up_result(fields, ack))
        return ack

    # -- connection ------------------------------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        for attempt in itertools.count():
            with contextlib.suppress(ConnectionLost, OSError, SocketIOError, TimeoutError):
                await self._connect()
                await self._hello()
                for ticket in list(self.timelines):
                    await self._catch_up(ticket)
                self.connected.set()
                self._outbox_wake.set()
                await self._disconnected.wait()
            self.disconnect_count += self.connected.is_set()
            self.connected.clear()
            await self._disconnect()
            await asyncio.sleep(min(0.1 * 2 ** min(attempt, 3), 1.0))

    async def _connect(self) -> None:
        self._disconnected = disconnected = asyncio.Event()
        self._client = client = socketio.AsyncClient(reconnection=False)
        client.on("*", self._on_event, namespace=self.namespace)
        client.on("disconnect", lambda *_: disconnected.set(), namespace=self.namespace)
        headers, auth = self._credentials()
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await client.connect(
                self.url, headers, auth, transports=["websocket"], namespaces=[self.namespace], wait_timeout=5
            )

    async def _disconnect(self) -> None:
        client, self._client = self._client, None
        self._disconnected.set()
        if client is not None:
            with contextlib.suppress(TimeoutError, SocketIOError, OSError):
                async with asyncio.timeout(1):
                    await client.disconnect()
            await client.eio.disconnect(abort=True)

    def _credentials(self) -> tuple[dict[str, str], object]:
        raise AssertionError("use Visitor or Agent")

    async def _hello(self) -> None:
        raise AssertionError("use Visitor or Agent")

    # -- timelines -------------------------------------------------------------------------------------------

    def _on_event(self, event: str, payload: Fields) -> None:
        self.history.record(Received(f"event:{event}", payload))
        if event == "message":
            timeline = self.timelines.get(payload["ticket"])
            if timeline is not None:
                self._apply_messages(payload["ticket"], [payload])
                self._request_missing(payload["ticket"])

    def _apply_messages(self, ticket: str, messages: list[Fields]) -> None:
        timeline = self.timelines[ticket]
        own = {message.get("client_id") for message in messages if message["author"]["kind"] == self.history.side}
        self.outbox = [message for message in self.outbox if message.client_id not in own]
        applied = [
            timeline.apply(MessageRecord(message["seq"], message["id"], message["text"])) for message in messages
        ]
        if any(applied):
            self._record_screen(ticket)

    def _request_missing(self, ticket: str) -> None:
        """Wake the outbox task to fetch messages if the timeline has a gap."""
        if self.timelines[ticket].head > self.timelines[ticket].last_seq:
            self._outbox_wake.set()

    def _record_screen(self, ticket: str) -> None:
        unsent = tuple((message.text, "sending") for message in self.outbox if message.ticket == ticket)
        messages = tuple(self.timelines[ticket].messages) if ticket in self.timelines else ()
        self.history.record(Screen(ticket, messages, unsent))

    async def _catch_up(self, ticket: str) -> None:
        timeline, has_gap = self.timelines[ticket], True
        while has_gap:
            ack = await self.call("catch_up", ticket=ticket, after=timeline.last_seq, **self._cursor())
            if not ack["ok"]:
                return
            if ack.get("restart"):
                timeline.messages.clear()
                timeline.head = 0
                first = ack["messages"][0] if ack["messages"] else None
                timeline.messages += [MessageRecord(first["seq"], first["id"], first["text"])] if first else []
            before = timeline.last_seq
            self._apply_messages(ticket, ack["messages"])
            timeline.head = max(timeline.head, ack["head"])
            has_gap = timeline.last_seq < ack["head"] and timeline.last_seq > before
        self._record_screen(ticket)

    def _cursor(self) -> dict[str, int]:
        return {}

    # -- outbox ----------------------------------------------------------------------------------------------

    async def _flush_outbox(self) -> None:
        """Send the outbox in order, one message at a time, and fetch messages that timelines miss."""
        while True:
            await self.connected.wait()
            await self._outbox_wake.wait()
            self._outbox_wake.clear()
            with contextlib.suppress(ConnectionLost):
                for ticket, timeline in self.timelines.items():
                    if timeline.head > timeline.last_seq:
                        await self._catch_up(ticket)
                while self.outbox and self.connected.is_set() and await self._send_next(self.outbox[0]):
                    pass

    async def _send_next(self, message: OutboxMessage) -> bool:
        """Returns False if the server asked for a pause; the same message is sent again after it."""
        began = asyncio.get_running_loop().time()
        command, fields = self._command_for(message)
        ack = await self.call(command, client_id=message.client_id, text=message.text, **fields)
        if not ack["ok"] and ack["error"]["code"] in RETRY_CODES:
            asyncio.get_running_loop().call_later(ack["error"].get("retry_after", 1), self._outbox_wake.set)
            return False
        self.ack_times_s.append(asyncio.get_running_loop().time() - began)
        if message in self.outbox:
            self.outbox.remove(message)
        await self._apply_ack(message, ack)
        return True

    def _command_for(self, message: OutboxMessage) -> tuple[str, Fields]:
        return ("add_note" if message.private else "send_message"), {"ticket": message.ticket}

    async def _apply_ack(self, message: OutboxMessage, ack: Fields) -> None:
        if message.private and ack["ok"]:
            self._record_screen(message.ticket)
            return
        result = send_result({"text": message.text, "ticket": message.ticket}, ack)
        self.history.record(result)
        if isinstance(result, Acked):
            timeline = self.timelines.setdefault(result.ticket, Timeline())
            timeline.apply(MessageRecord(result.seq, result.id, result.text))
            self._request_missing(result.ticket)
        self._record_screen(message.ticket)


async def retry_while_disconnected(operation: Callable[[], Awaitable[Any]], connected: asyncio.Event) -> Any:  # noqa: ANN401 - what operation returns
    """Repeat `operation` until its connection survives; the scenario's time limit ends it."""
    while True:
        await connected.wait()
        try:
            return await operation()
        except ConnectionLost:
            await asyncio.sleep(0.05)
