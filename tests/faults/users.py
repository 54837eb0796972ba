"""The visitor and the agent among those who come by python-socketio."""

from dataclasses import replace

from tests.faults.history import History
from tests.faults.recovering_client import Fields, Letter, Lost, Person, Thread, persistently


class Visitor(Person):
    """A visitor whose page is python-socketio's."""

    namespace = "/visitor"
    token: str | None = None
    mode = ""

    @property
    def ticket(self) -> str:
        return next(reversed(self.threads), "")

    def _credentials(self) -> tuple[dict[str, str], object]:
        return {}, {"site": "demo"} | ({"token": self.token} if self.token else {})

    async def _welcome(self) -> None:
        hello = await self.asks("hello")
        if not hello["ok"]:
            raise Lost
        self.token = hello.get("token", self.token)
        self.mode = hello["service"]["mode"]
        if hello["ticket"]:
            self._opened(hello["ticket"]["id"])

    def _opened(self, ticket: str) -> None:
        """First words whose ack was lost are found by the next hello."""
        self.threads.setdefault(ticket, Thread())
        self.unsent = [letter if letter.ticket else replace(letter, ticket=ticket) for letter in self.unsent]

    def _hear(self, event: str, payload: Fields) -> None:
        super()._hear(event, payload)
        if event == "service":
            self.mode = payload["mode"]

    def _command(self, letter: Letter) -> tuple[str, Fields]:
        return super()._command(letter) if letter.ticket else ("start_chat", {})

    async def _settled(self, letter: Letter, ack: Fields) -> None:
        if ack["ok"] and not letter.ticket:
            self._opened(ack["ticket"]["id"])
            letter.ticket = ack["ticket"]["id"]
        await super()._settled(letter, ack)


class Agent(Person):
    """An agent at a console; `follows` are the tickets that stand open there."""

    namespace = "/agent"

    def __init__(self, url: str, history: History, cookie: str) -> None:
        super().__init__(url, history)
        self._cookie = cookie

    def _credentials(self) -> tuple[dict[str, str], object]:
        return {"Cookie": self._cookie}, None

    def _cursor(self) -> dict[str, int]:
        return {"notes_after": 0}

    async def _welcome(self) -> None:
        if not (await self.asks("hello"))["ok"]:
            raise Lost
        await self.asks("set_presence", state="available")

    async def surely(self, command: str, **fields: object) -> Fields:
        """The ack of a command that may be repeated, asked until the link lives long enough for one."""
        ack: Fields = await persistently(lambda: self.asks(command, **fields), self.up)
        return ack

    async def takes(self, ticket: str) -> Fields:
        """Claims it and keeps it open on the console; the ack of the claim."""
        ack = await self.surely("claim", ticket=ticket, over=True)
        if ack["ok"]:
            await self.follow(ticket)
        return ack
