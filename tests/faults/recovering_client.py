"""A person on python-socketio's client who recovers with care: hello, catch up, then what was not answered."""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import socketio
from socketio.exceptions import SocketIOError

from tests.faults.history import Acked, Heard, History, Said, Screen, Shown
from tests.faults.page import LATER, answer_to, caught_up

PATIENCE_S = 15.0
CONNECT_S = 8.0
Fields = dict[str, Any]


class Lost(Exception):
    """The link ended before the answer; nobody knows whether it was done."""


@dataclass
class Letter:
    """A text that is not known to be stored. Without a ticket it starts a chat; `private` makes it a note."""

    client_id: str
    text: str
    ticket: str
    private: bool = False


@dataclass
class Thread:
    """One ticket as this person knows it; only the next seq is applied."""

    shown: list[Shown] = field(default_factory=list)
    head: int = 0

    @property
    def last(self) -> int:
        return self.shown[-1].seq if self.shown else 0

    def take(self, one: Shown) -> bool:
        self.head = max(self.head, one.seq)
        if one.seq != self.last + 1:
            return False
        self.shown.append(one)
        return True


class Person:
    """Somebody who stays until `leave`, however often the line breaks."""

    namespace = ""

    def __init__(self, url: str, history: History) -> None:
        self.url, self.history = url, history
        self.threads: dict[str, Thread] = {}
        self.unsent: list[Letter] = []
        self.up = asyncio.Event()
        self.waits_s: list[float] = []
        self.times_down = 0
        self._ids = itertools.count(1)
        self._client: socketio.AsyncClient | None = None
        self._gone = asyncio.Event()
        self._stirred = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    # -- what they do ----------------------------------------------------------------------------------------

    async def arrive(self) -> None:
        """Returns once hello is answered for the first time."""
        self._tasks = [asyncio.create_task(self._stay()), asyncio.create_task(self._deliver())]
        async with asyncio.timeout(60):
            await self.up.wait()

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._hang_up()

    def say(self, text: str, ticket: str, *, private: bool = False) -> None:
        """Into the outbox; it is sent when its turn comes, under one id however often."""
        self.history.note(Said(text))
        self.unsent.append(Letter(self.new_id(), text, ticket, private))
        self._draw(ticket)
        self._stirred.set()

    async def follow(self, ticket: str) -> None:
        """Asks for all of a ticket that is not here yet."""
        self.threads.setdefault(ticket, Thread())
        await persistently(lambda: self._catch_up(ticket), self.up)

    def new_id(self) -> str:
        return f"fault-{self.history.who}-{next(self._ids):08}"

    async def asks(self, command: str, **fields: object) -> Fields:
        """The ack, whatever it says. Lost when the link ends first, or when nobody answers."""
        client, gone = self._client, asyncio.create_task(self._gone.wait())
        if client is None or self._gone.is_set():
            gone.cancel()
            raise Lost
        call = asyncio.create_task(client.call(command, fields, namespace=self.namespace, timeout=PATIENCE_S))
        try:
            await asyncio.wait({call, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                raise Lost
            return self._answered(command, fields, call.result())
        except SocketIOError as silence:
            self._gone.set()
            raise Lost from silence
        finally:
            for task in (call, gone):
                task.cancel()
            await asyncio.gather(call, gone, return_exceptions=True)

    def _answered(self, command: str, fields: Fields, ack: object) -> Fields:
        assert isinstance(ack, dict)
        self.history.note(Heard(f"ack:{command}", ack))
        if command == "catch_up" and ack["ok"]:
            self.history.note(caught_up(fields, ack))
        return ack

    # -- the link --------------------------------------------------------------------------------------------

    async def _stay(self) -> None:
        for attempt in itertools.count():
            with contextlib.suppress(Lost, OSError, SocketIOError, TimeoutError):
                await self._connect()
                await self._welcome()
                for ticket in list(self.threads):
                    await self._catch_up(ticket)
                self.up.set()
                self._stirred.set()
                await self._gone.wait()
            self.times_down += self.up.is_set()
            self.up.clear()
            await self._hang_up()
            await asyncio.sleep(min(0.1 * 2 ** min(attempt, 3), 1.0))

    async def _connect(self) -> None:
        self._gone = gone = asyncio.Event()
        self._client = client = socketio.AsyncClient(reconnection=False)
        client.on("*", self._hear, namespace=self.namespace)
        client.on("disconnect", lambda *_: gone.set(), namespace=self.namespace)
        headers, auth = self._credentials()
        async with asyncio.timeout(CONNECT_S):
            await client.connect(
                self.url, headers, auth, transports=["websocket"], namespaces=[self.namespace], wait_timeout=5
            )

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        self._gone.set()
        if client is not None:
            with contextlib.suppress(TimeoutError, SocketIOError, OSError):
                async with asyncio.timeout(1):
                    await client.disconnect()
            await client.eio.disconnect(abort=True)

    def _credentials(self) -> tuple[dict[str, str], object]:
        raise AssertionError("a person is a visitor or an agent")

    async def _welcome(self) -> None:
        raise AssertionError("a person is a visitor or an agent")

    # -- what they see ---------------------------------------------------------------------------------------

    def _hear(self, event: str, payload: Fields) -> None:
        self.history.note(Heard(f"event:{event}", payload))
        if event == "message":
            thread = self.threads.get(payload["ticket"])
            if thread is not None:
                self._take(payload["ticket"], [payload])
                self._fill(payload["ticket"])

    def _take(self, ticket: str, messages: list[Fields]) -> None:
        thread = self.threads[ticket]
        own = {message.get("client_id") for message in messages if message["author"]["kind"] == self.history.side}
        self.unsent = [letter for letter in self.unsent if letter.client_id not in own]
        taken = [thread.take(Shown(one["seq"], one["id"], one["text"])) for one in messages]
        if any(taken):
            self._draw(ticket)

    def _fill(self, ticket: str) -> None:
        """Something lies between what is here and what has come."""
        if self.threads[ticket].head > self.threads[ticket].last:
            self._stirred.set()

    def _draw(self, ticket: str) -> None:
        unsent = tuple((letter.text, "sending") for letter in self.unsent if letter.ticket == ticket)
        shown = tuple(self.threads[ticket].shown) if ticket in self.threads else ()
        self.history.note(Screen(ticket, shown, unsent))

    async def _catch_up(self, ticket: str) -> None:
        thread, behind = self.threads[ticket], True
        while behind:
            ack = await self.asks("catch_up", ticket=ticket, after=thread.last, **self._cursor())
            if not ack["ok"]:
                return
            if ack.get("restart"):
                thread.shown.clear()
                thread.head = 0
                first = ack["messages"][0] if ack["messages"] else None
                thread.shown += [Shown(first["seq"], first["id"], first["text"])] if first else []
            before = thread.last
            self._take(ticket, ack["messages"])
            thread.head = max(thread.head, ack["head"])
            behind = thread.last < ack["head"] and thread.last > before
        self._draw(ticket)

    def _cursor(self) -> dict[str, int]:
        return {}

    # -- the outbox ------------------------------------------------------------------------------------------

    async def _deliver(self) -> None:
        """One letter at a time, in order; and whatever is missing on a screen is asked for."""
        while True:
            await self.up.wait()
            await self._stirred.wait()
            self._stirred.clear()
            with contextlib.suppress(Lost):
                for ticket, thread in self.threads.items():
                    if thread.head > thread.last:
                        await self._catch_up(ticket)
                while self.unsent and self.up.is_set() and await self._send(self.unsent[0]):
                    pass

    async def _send(self, letter: Letter) -> bool:
        """False when the server asked for a pause; it is sent again by itself."""
        began = asyncio.get_running_loop().time()
        command, fields = self._command(letter)
        ack = await self.asks(command, client_id=letter.client_id, text=letter.text, **fields)
        if not ack["ok"] and ack["error"]["code"] in LATER:
            asyncio.get_running_loop().call_later(ack["error"].get("retry_after", 1), self._stirred.set)
            return False
        self.waits_s.append(asyncio.get_running_loop().time() - began)
        if letter in self.unsent:
            self.unsent.remove(letter)
        await self._settled(letter, ack)
        return True

    def _command(self, letter: Letter) -> tuple[str, Fields]:
        return ("add_note" if letter.private else "send_message"), {"ticket": letter.ticket}

    async def _settled(self, letter: Letter, ack: Fields) -> None:
        if letter.private and ack["ok"]:
            self._draw(letter.ticket)
            return
        told = answer_to({"text": letter.text, "ticket": letter.ticket}, ack)
        self.history.note(told)
        if isinstance(told, Acked):
            thread = self.threads.setdefault(told.ticket, Thread())
            thread.take(Shown(told.seq, told.id, told.text))
            self._fill(told.ticket)
        self._draw(letter.ticket)


async def persistently(act: Callable[[], Awaitable[Any]], up: asyncio.Event) -> Any:  # noqa: ANN401 - what act returns
    """Tries again until it is not lost; the run's own patience ends it."""
    while True:
        await up.wait()
        try:
            return await act()
        except Lost:
            await asyncio.sleep(0.05)
