"""The cast: visitors and agents who speak over real Socket.IO connections and remember all they hear."""

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


class Person:
    """Somebody on a socket. `heard` keeps every event in the order in which it came."""

    namespace = "/visitor"
    patience_s = 10.0

    def __init__(self) -> None:
        self.heard: list[tuple[str, Payload]] = []
        self._news = asyncio.Event()
        self.client = socketio.AsyncClient(reconnection=False)
        self.client.on("*", self._hear, namespace=self.namespace)
        self.client.on("disconnect", self._lost, namespace=self.namespace)
        self.gone = asyncio.Event()

    async def is_cut(self) -> None:
        """Once the server has closed this socket."""
        async with asyncio.timeout(self.patience_s):
            await self.gone.wait()

    def _hear(self, event: str, payload: Payload) -> None:
        self.heard.append((event, payload))
        self._news.set()

    def _lost(self, *_: object) -> None:
        self.gone.set()

    async def connect(self, url: str, auth: object = None, **headers: str) -> None:
        """Raises ConnectionError when the server does not want us."""
        await self.client.connect(
            url, headers, auth, transports=["websocket"], namespaces=[self.namespace], wait_timeout=5
        )

    async def leave(self) -> None:
        await self.client.disconnect()

    async def asks(self, command: str, **fields: object) -> Payload:
        """The ack, whatever it says."""
        ack = await self.client.call(command, fields, namespace=self.namespace, timeout=self.patience_s)
        assert isinstance(ack, dict)
        return ack

    async def does(self, command: str, **fields: object) -> Payload:
        """The ack of a command that must be carried out."""
        ack = await self.asks(command, **fields)
        assert ack.get("ok") is True, (command, ack)
        return ack

    async def refused(self, command: str, **fields: object) -> Payload:
        """The error of a command that must be refused."""
        ack = await self.asks(command, **fields)
        assert ack.get("ok") is False, (command, ack)
        error = ack["error"]
        assert isinstance(error, dict)
        return error

    async def hears(self, event: str, such_that: Callable[[Payload], bool] = lambda _: True) -> Payload:
        """The first event of this kind, past or to come, of which that is true."""
        async with asyncio.timeout(self.patience_s):
            while True:
                for payload in self.told(event):
                    if such_that(payload):
                        return payload
                await self.news()

    async def news(self) -> None:
        """Until something more has come."""
        self._news.clear()
        await self._news.wait()

    def told(self, event: str) -> list[Payload]:
        """Every event of this kind that has come."""
        return [payload for name, payload in self.heard if name == event]

    def texts(self) -> list[str]:
        """What was said, as it came."""
        return [str(message["text"]) for message in self.told("message") if message["kind"] == "text"]


class Visitor(Person):
    """A visitor's tab."""

    token: str | None = None
    mode = ""

    async def open(self, node: Node, **auth: object) -> Payload:
        """Connect and say hello; the token that was made is remembered."""
        await self.connect(node.url, {"site": "demo"} | auth)
        hello = await self.does("hello")
        self.mode = hello["service"]["mode"]
        token = hello.get("token", auth.get("token"))
        assert isinstance(token, str)
        self.token = token
        return hello

    async def can_chat(self) -> None:
        """Once this visitor's node knows that an agent is there."""
        if self.mode != "chat":
            await self.hears("service", lambda service: service["mode"] == "chat")

    async def starts(self, text: str, **fields: object) -> Payload:
        """The ticket of a chat that begins."""
        ack = await self.does("start_chat", **{"client_id": new_id(), "text": text} | fields)
        ticket = ack["ticket"]
        assert isinstance(ticket, dict)
        return ticket

    async def says(self, ticket: str, text: str) -> Payload:
        return await self.does("send_message", ticket=ticket, client_id=new_id(), text=text)


class Agent(Person):
    """An agent's console."""

    namespace = "/agent"
    cookie = ""

    async def open(self, node: Node, cookie: str) -> Payload:
        self.cookie = cookie
        await self.connect(node.url, Cookie=cookie)
        return await self.does("hello")

    async def says(self, ticket: str, text: str) -> Payload:
        return await self.does("send_message", ticket=ticket, client_id=new_id(), text=text)


def words(messages: list[Mapping[str, Any]]) -> list[str]:
    """The texts of a thread, without events."""
    return [str(message["text"]) for message in messages if message["kind"] == "text"]
