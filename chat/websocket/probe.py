"""The change of transport: a WebSocket that takes over the session of a polling client, as Engine.IO 4 describes."""

import asyncio
from typing import Protocol

from chat.websocket.connection import WebSocketConnection
from chat.websocket.frames import POLICY, PROTOCOL_ERROR, WriteBatch, encode_frame

# A client that asks for the change completes it within this time, or keeps polling.
PROBE_TIMEOUT_S = 10.0
# A client that was promised the change waits for the end of its open poll, and may have opened another one meanwhile.
ANSWER_POLLS_EVERY_S = 0.1
PROBE, PROBE_ANSWER, UPGRADE = b"2probe", encode_frame(b"3probe"), b"5"


class PollingSessions(Protocol):
    """The sessions of polling clients."""

    def is_posting(self, sid: str) -> bool:
        """Whether packets of the client are still being handled."""

    def answer_poll(self, sid: str) -> None:
        """Answer the client's open poll, if there is one, with a noop."""

    def take_over(self, connection: WebSocketConnection) -> None:
        """Make the WebSocket the transport of its session."""

    def end_probe(self, sid: str) -> None:
        """Forget the probe of this session."""

    def close_connection(self, sid: str) -> None:
        """Close the session."""


class Probe:
    """The listener of a WebSocket until it takes the session over.

    The client sends "2probe" and gets "3probe". It ends its polling requests, for which its open poll is answered, and
    sends "5". If it never does, the session goes on by polling. After "5" the packets of an unfinished POST come first.
    """

    def __init__(self, sessions: PollingSessions, transport: asyncio.Transport, batch: WriteBatch, sid: str) -> None:
        self.connection = WebSocketConnection(transport, batch, sid, self)
        self._sessions = sessions
        self._answered = self._confirmed = False
        self._loop = asyncio.get_running_loop()
        self._timeout = self._loop.call_later(PROBE_TIMEOUT_S, self.connection.close_with, POLICY)
        self._next_answer: asyncio.TimerHandle | None = None

    def take_over_if_idle(self) -> None:
        """Take the session over if the client has asked for it and has no POST under way."""
        if self._confirmed and not self._sessions.is_posting(self.connection.sid):
            self._stop_timers()
            self._sessions.take_over(self.connection)

    # -- PacketListener ----------------------------------------------------------------------------------------

    def on_control(self, connection: WebSocketConnection, packet: bytearray) -> None:
        """Answer "2probe", then take over on "5"; anything else ends the probe."""
        if packet == PROBE and not self._answered:
            self._answered = True
            connection.push(PROBE_ANSWER)
            self._answer_polls()
        elif packet == UPGRADE and self._answered and not self._confirmed:
            self._confirmed = True
            self.take_over_if_idle()
        else:
            connection.close_with(PROTOCOL_ERROR)

    def on_packet(self, connection: WebSocketConnection, packet: bytearray) -> None:
        """Keep a message that came after "5"; one that came earlier ends the probe."""
        if self._confirmed:
            connection.enqueue(packet)
        else:
            connection.close_with(PROTOCOL_ERROR)

    def on_lost(self, connection: WebSocketConnection) -> None:
        """Leave the session to polling, unless the client has ended that."""
        self._stop_timers()
        self._sessions.end_probe(connection.sid)
        if self._confirmed:
            self._sessions.close_connection(connection.sid)

    def _answer_polls(self) -> None:
        self._sessions.answer_poll(self.connection.sid)
        self._next_answer = self._loop.call_later(ANSWER_POLLS_EVERY_S, self._answer_polls)

    def _stop_timers(self) -> None:
        self._timeout.cancel()
        if self._next_answer is not None:
            self._next_answer.cancel()
