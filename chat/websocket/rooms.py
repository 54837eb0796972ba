"""Rooms: send an event, encoded once, to all members of a room on this node."""

from collections.abc import Callable, Iterable, Mapping

import engineio
import socketio

from chat.websocket.connection import WebSocketConnection
from chat.websocket.engineio_server import EngineServer
from chat.websocket.frames import encode_frame

# The members of a room: the Engine.IO sid of the connection by the Socket.IO sid.
Members = dict[str, str]


class Rooms(socketio.AsyncManager):
    """python-socketio's manager with rooms of its own and an index from socket to rooms.

    Without that index each disconnect scans all rooms: 10,000 disconnects would block the loop for half a minute. The
    library still keeps which sockets are connected.
    """

    def __init__(self) -> None:
        super().__init__()
        self._members: dict[tuple[str, str], Members] = {}
        self._rooms_of: dict[str, tuple[str, ...]] = {}
        # Called with namespace and room when a room gets its first member or loses its last one on this node.
        self.on_room_opened: Callable[[str, str], None] = lambda namespace, room: None
        self.on_room_emptied: Callable[[str, str], None] = lambda namespace, room: None

    def send(self, namespace: str, rooms: Iterable[str], event: str, payload: bytes, skip: str | None = None) -> None:
        """Send an event once to each socket in any of `rooms`, except `skip`. Calls keep their order.

        `payload` is JSON. A socket's sid is a room of its own.
        """
        receivers = self._receivers(namespace, rooms)
        if not receivers or (skip in receivers and len(receivers) == 1):
            return
        message = b'42%b,["%b",%b]' % (namespace.encode(), event.encode(), payload)
        engine = self.server.eio
        assert isinstance(engine, EngineServer)
        frame = encode_frame(message)
        for sid, eio_sid in receivers.items():
            if sid == skip:
                continue
            connection = engine.sockets.get(eio_sid)
            if isinstance(connection, WebSocketConnection):
                connection.push(frame)
            else:
                engine.queue(eio_sid, engineio.packet.Packet(engineio.packet.MESSAGE, message[1:].decode()))

    def members(self, namespace: str, room: str) -> list[str]:
        """The sids in a room."""
        return list(self._members.get((namespace, room), ()))

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        if room is None:
            super().basic_enter_room(sid, namespace, None, eio_sid)
        elif room != sid:
            own_eio_sid = eio_sid or self.eio_sid_from_sid(sid, namespace)
            if own_eio_sid is None:
                raise ValueError("not connected to this namespace")
            if (namespace, room) not in self._members:
                self._members[namespace, room] = {}
                self.on_room_opened(namespace, room)
            self._members[namespace, room][sid] = own_eio_sid
            self._rooms_of[sid] = (*(other for other in self._rooms_of.get(sid, ()) if other != room), room)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        if room is None:
            super().basic_leave_room(sid, namespace, None)
        elif (members := self._members.get((namespace, room))) is not None:
            members.pop(sid, None)
            if not members:
                del self._members[namespace, room]
                self.on_room_emptied(namespace, room)

    def basic_disconnect(self, sid: str, namespace: str, **_: object) -> None:
        for room in self._rooms_of.pop(sid, ()):
            self.basic_leave_room(sid, namespace, room)
        self.basic_leave_room(sid, namespace, None)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)

    def _receivers(self, namespace: str, rooms: Iterable[str]) -> Mapping[str, str]:
        """The members of `rooms`. Read only: for a single room this is the room's own dict."""
        receivers: Members = {}
        for room in rooms:
            if members := self._members.get((namespace, room)):
                receivers = receivers | members if receivers else members
            elif eio_sid := self.eio_sid_from_sid(room, namespace):
                receivers = receivers | {room: eio_sid}
        return receivers
