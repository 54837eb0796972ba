"""Visitors' and agents' clients with real Socket.IO connections, which record all events."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import socketio

from tests.realtime.node import Node

_ids = itertools.count(1)

Payload = dict[str, Any]


def new_id() -> str:
    """A client_id that nobody has used."""
    return f"0193-test-client-id-{next(_ids):06}"


class SocketClient:
    """A client. `received` has every event in the order in which it came."""

    namespace = "/visitor"
    timeout_s = 10.0
    # None: those that the library tries by default, polling and then WebSocket.
    transports: list[str] | None = ["websocket"]  # noqa: RUF012

    def __init__(self) -> None:
        self.received: list[tuple[str, Payload]] = []
        self._event_arrived = asyncio.Event()
        self.client = socketio.AsyncClient(reconnection=False)
        self.client.on("*", self._on_event, namespace=self.namespace)
        self.client.on("disconnect", self._on_disconnect, namespace=self.namespace)
        self.disconnected = asyncio.Event()

    async def wait_until_disconnected(self) -> None:
        """Until the server has closed this socket."""
        async with asyncio.timeout(self.timeout_s):
            await self.disconnected.wait()

    def _on_event(self, event: str, payload: Payload) -> None:
        self.received.append((event, payload))
        self._event_arrived.set()

    def _on_disconnect(self, *_: object) -> None:
        self.disconnected.set()

    async def connect(self, url: str, auth: object = None, **headers: str) -> None:
        """Raises ConnectionError when the server refuses."""
        await self.client.connect(
            url, headers, auth, transports=self.transports, namespaces=[self.namespace], wait_timeout=5
        )

    async def disconnect(self) -> None:
        await self.client.disconnect()

    async def call(self, command: str, **fields: object) -> Payload:
        """Send a command; returns its ack, also a refusal."""
        ack = await self.client.call(command, fields, namespace=self.namespace, timeout=self.timeout_s)
        assert isinstance(ack, dict)
        return ack

    async def run(self, command: str, **fields: object) -> Payload:
        """Send a command that must succeed; returns its ack."""
        ack = await self.call(command, **fields)
        assert ack.get("ok") is True, (command, ack)
        return ack

    async def refusal_of(self, command: str, **fields: object) -> Payload:
        """Send a command that must be refused; returns the error."""
        ack = await self.call(command, **fields)
        assert ack.get("ok") is False, (command, ack)
        error = ack["error"]
        assert isinstance(error, dict)
        return error

    async def receive(self, event: str, matches: Callable[[Payload], bool] = lambda _: True) -> Payload:
        """The first event of this name that matches, received already or to come."""
        async with asyncio.timeout(self.timeout_s):
            while True:
                for payload in self.events(event):
                    if matches(payload):
                        return payload
                await self.next_event()

    async def receive_text(self, text: str) -> Payload:
        """The first message with this text."""
        return await self.receive("message", lambda message: message["text"] == text)

    async def next_event(self) -> None:
        """Until another event has come."""
        self._event_arrived.clear()
        await self._event_arrived.wait()

    def events(self, event: str) -> list[Payload]:
        """Every event of this name that has come."""
        return [payload for name, payload in self.received if name == event]

    def texts(self) -> list[str]:
        """The texts of the messages, in the order in which they came."""
        return [str(message["text"]) for message in self.events("message") if message["kind"] == "text"]


class Visitor(SocketClient):
    """A visitor's tab."""

    token: str | None = None
    mode = ""

    async def connect_and_hello(self, node: Node, **auth: object) -> Payload:
        """Connect and say hello; stores the token that hello returns."""
        await self.connect(node.url, {"site": "demo"} | auth)
        hello = await self.run("hello")
        self.mode = hello["service"]["mode"]
        token = hello.get("token", auth.get("token"))
        assert isinstance(token, str)
        self.token = token
        return hello

    async def wait_for_chat_mode(self) -> None:
        """Until this visitor's node knows that an agent is available."""
        if self.mode != "chat":
            await self.receive("service", lambda service: service["mode"] == "chat")

    async def start_chat(self, text: str, **fields: object) -> Payload:
        """Start a chat; returns its ticket."""
        ack = await self.run("start_chat", **{"client_id": new_id(), "text": text} | fields)
        ticket = ack["ticket"]
        assert isinstance(ticket, dict)
        return ticket

    async def send(self, ticket: str, text: str) -> Payload:
        return await self.run("send_message", ticket=ticket, client_id=new_id(), text=text)


class Agent(SocketClient):
    """An agent's console."""

    namespace = "/agent"
    cookie = ""

    async def connect_and_hello(self, node: Node, cookie: str) -> Payload:
        self.cookie = cookie
        await self.connect(node.url, Cookie=cookie)
        return await self.run("hello")

    async def send(self, ticket: str, text: str) -> Payload:
        return await self.run("send_message", ticket=ticket, client_id=new_id(), text=text)


def texts_of(messages: list[Mapping[str, Any]]) -> list[str]:
    """The texts of messages, without those of kind event."""
    return [str(message["text"]) for message in messages if message["kind"] == "text"]
