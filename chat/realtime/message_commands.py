"""The two frequent commands, send_message and mark_read: on a followed ticket they need neither a task nor a future."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Literal

import msgspec

from chat import protocol
from chat.domain.messages import post, read_marks
from chat.domain.messages.incoming import Post
from chat.domain.messages.read_marks import ReadMark
from chat.realtime.connections import FollowedTicket
from chat.realtime.namespace import CommandNamespace, S
from chat.store.rows import MessageRow
from chat.websocket.socketio_server import Reply

SEND_MESSAGE, MARK_READ = b'["send_message",', b'["mark_read",'
_send_message_decoder = msgspec.json.Decoder(tuple[Literal["send_message"], protocol.SendMessage])
_mark_read_decoder = msgspec.json.Decoder(tuple[Literal["mark_read"], protocol.MarkRead])
# Clients send a read mark for nearly every message; nobody notices that it waits so long for others.
READ_MARK_DELAY_S = 0.05
DONE_REPLY = protocol.encode(protocol.Ack())

FrequentCommand = protocol.SendMessage | protocol.MarkRead
# The stored message, None for a read mark, or the error.
Outcome = MessageRow | Exception | None


class MessageCommands(CommandNamespace[S]):
    """Both ways of a command, synchronous and as a task, end in `_submit`."""

    @abstractmethod
    async def follow_ticket(self, socket: S, ticket: str) -> FollowedTicket:
        """The ticket, followed from now on; NotFound when this socket may not see it."""

    @abstractmethod
    def post_of(self, socket: S, command: protocol.SendMessage) -> Post:
        """The message on a ticket that the socket follows."""

    @abstractmethod
    def read_mark_of(self, socket: S, command: protocol.MarkRead) -> ReadMark:
        """The read mark on a ticket that the socket follows."""

    async def on_send_message(self, socket: S, command: protocol.SendMessage) -> protocol.SendMessageAck:
        row = await self._follow_and_submit(socket, command)
        assert row is not None
        return sent_ack(row)

    async def on_mark_read(self, socket: S, command: protocol.MarkRead) -> protocol.Ack:
        await self._follow_and_submit(socket, command)
        return protocol.Ack()

    async def _follow_and_submit(self, socket: S, command: FrequentCommand) -> MessageRow | None:
        await self.follow_ticket(socket, command.ticket)
        answer: asyncio.Future[MessageRow | None] = asyncio.get_running_loop().create_future()
        self._submit(socket, command, partial(_resolve, answer))
        return await answer

    def _submit(self, socket: S, command: FrequentCommand, callback: Callable[[Outcome], None]) -> None:
        """Queue the command; `callback` gets its outcome after COMMIT. Raises Refused or Unavailable at once when that
        is certain already."""
        if isinstance(command, protocol.SendMessage):
            self.store.post_with_callback(post.post_batch, self.post_of(socket, command), socket.sid, callback)
        else:
            mark = self.read_mark_of(socket, command)
            self.store.post_with_callback(read_marks.apply_read_marks, mark, socket.sid, callback, READ_MARK_DELAY_S)

    # -- the synchronous way -----------------------------------------------------------------------------------

    def dispatch_sync(self, sid: str, event: bytearray, reply: Reply) -> bool:
        """Decode and queue a message or read mark in the protocol's callback; False for every other event, for what
        can't be decoded, and for a ticket that the socket does not follow: the caller then starts a task."""
        socket, command = self.sockets.get(sid), _decode_frequent(event)
        if socket is None or command is None or command.ticket not in socket.tickets:
            return False
        name = "send_message" if isinstance(command, protocol.SendMessage) else "mark_read"
        answer = partial(self._reply_sync, socket, name, reply)
        try:
            self.check_rate(socket, name)
            self.authorise(socket)
            self._submit(socket, command, answer)
        except Exception as error:  # noqa: BLE001 - whatever it was, the socket stays
            answer(error)
        return True

    def _reply_sync(self, socket: S, event: str, reply: Reply, outcome: Outcome) -> None:
        if isinstance(outcome, Exception):
            reply(protocol.encode(self.refusal(socket, event, outcome)))
        else:
            socket.refusals = 0
            reply(protocol.encode(sent_ack(outcome)) if outcome else DONE_REPLY)


def _decode_frequent(event: bytearray) -> FrequentCommand | None:
    try:
        if event.startswith(SEND_MESSAGE):
            return _send_message_decoder.decode(event)[1]
        if event.startswith(MARK_READ):
            return _mark_read_decoder.decode(event)[1]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return None


def _resolve(answer: "asyncio.Future[MessageRow | None]", outcome: Outcome) -> None:
    if answer.done():  # its socket may have closed meanwhile
        return
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


def sent_ack(row: MessageRow) -> protocol.SendMessageAck:
    """The ack of a stored message."""
    return protocol.SendMessageAck(seq=row.seq, id=row.public_id, at=row.at)
