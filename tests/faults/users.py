"""The visitor and the agent who use python-socketio."""

from dataclasses import replace

from tests.faults.history import History
from tests.faults.recovering_client import (
    ConnectionLost,
    Fields,
    OutboxMessage,
    RecoveringClient,
    Timeline,
    retry_while_disconnected,
)


class Visitor(RecoveringClient):
    """A visitor who uses python-socketio instead of the widget."""

    namespace = "/visitor"
    token: str | None = None
    mode = ""

    @property
    def ticket(self) -> str:
        return next(reversed(self.timelines), "")

    def _credentials(self) -> tuple[dict[str, str], object]:
        return {}, {"site": "demo"} | ({"token": self.token} if self.token else {})

    async def _hello(self) -> None:
        hello = await self.call("hello")
        if not hello["ok"]:
            raise ConnectionLost
        self.token = hello.get("token", self.token)
        self.mode = hello["service"]["mode"]
        if hello["ticket"]:
            self._follow_ticket(hello["ticket"]["id"])

    def _follow_ticket(self, ticket: str) -> None:
        """Assign the outbox to this ticket: hello returns it if the ack of its first message was lost."""
        self.timelines.setdefault(ticket, Timeline())
        self.outbox = [message if message.ticket else replace(message, ticket=ticket) for message in self.outbox]

    def _on_event(self, event: str, payload: Fields) -> None:
        super()._on_event(event, payload)
        if event == "service":
            self.mode = payload["mode"]

    def _command_for(self, message: OutboxMessage) -> tuple[str, Fields]:
        return super()._command_for(message) if message.ticket else ("start_chat", {})

    async def _apply_ack(self, message: OutboxMessage, ack: Fields) -> None:
        if ack["ok"] and not message.ticket:
            self._follow_ticket(ack["ticket"]["id"])
            message.ticket = ack["ticket"]["id"]
        await super()._apply_ack(message, ack)


class Agent(RecoveringClient):
    """An agent with a console session cookie."""

    namespace = "/agent"

    def __init__(self, url: str, history: History, cookie: str) -> None:
        super().__init__(url, history)
        self._cookie = cookie

    def _credentials(self) -> tuple[dict[str, str], object]:
        return {"Cookie": self._cookie}, None

    def _cursor(self) -> dict[str, int]:
        return {"notes_after": 0}

    async def _hello(self) -> None:
        if not (await self.call("hello"))["ok"]:
            raise ConnectionLost
        await self.call("set_presence", state="available")

    async def call_with_retry(self, command: str, **fields: object) -> Fields:
        """The ack of an idempotent command, repeated until a connection lives long enough to bring one."""
        ack: Fields = await retry_while_disconnected(lambda: self.call(command, **fields), self.connected)
        return ack

    async def claim(self, ticket: str) -> Fields:
        """Claim the ticket and, on success, keep it open; returns the ack."""
        ack = await self.call_with_retry("claim", ticket=ticket, over=True)
        if ack["ok"]:
            await self.open_ticket(ticket)
        return ack
