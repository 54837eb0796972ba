"""Rooms: who hears what on this node, encoded once a telling and found by index."""

from collections.abc import Callable, Iterable, Mapping

import engineio
import socketio

from chat.websocket.connection import WebSocketConnection
from chat.websocket.engineio_server import EngineServer
from chat.websocket.frames import frame

Members = dict[str, str]


class Rooms(socketio.AsyncManager):
    """The library keeps who is connected; rooms are ours, with an index from socket to rooms. Without it each goodbye
    scans all rooms, and 10,000 of them stop the loop for half a minute. Values are the connections' own ids."""

    def __init__(self) -> None:
        super().__init__()
        self._members: dict[tuple[str, str], Members] = {}
        self._rooms_of: dict[str, tuple[str, ...]] = {}
        # Told the namespace and the name of a room that somebody is in from now on, or nobody any more.
        self.opened: Callable[[str, str], None] = lambda namespace, room: None
        self.emptied: Callable[[str, str], None] = lambda namespace, room: None

    def send(self, namespace: str, rooms: Iterable[str], event: str, payload: bytes, skip: str | None = None) -> None:
        """Send an event to every socket in any of `rooms`, once, but not to `skip`; a socket's sid is a room of its
        own. `payload` is JSON. What is told first arrives first."""
        listeners = self._receivers(namespace, rooms)
        if not listeners or (skip in listeners and len(listeners) == 1):
            return
        words = b'42%b,["%b",%b]' % (namespace.encode(), event.encode(), payload)
        engine = self.server.eio
        assert isinstance(engine, EngineServer)
        framed = frame(words)
        for sid, eio_sid in listeners.items():
            if sid == skip:
                continue
            line = engine.sockets.get(eio_sid)
            if isinstance(line, WebSocketConnection):
                line.push(framed)
            else:
                engine.queue(eio_sid, engineio.packet.Packet(engineio.packet.MESSAGE, words[1:].decode()))

    def members(self, namespace: str, room: str) -> list[str]:
        """The sids in a room."""
        return list(self._members.get((namespace, room), ()))

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        if room is None:
            super().basic_enter_room(sid, namespace, None, eio_sid)
        elif room != sid:
            found = eio_sid or self.eio_sid_from_sid(sid, namespace)
            if found is None:
                raise ValueError("not connected to this namespace")
            if (namespace, room) not in self._members:
                self._members[namespace, room] = {}
                self.opened(namespace, room)
            self._members[namespace, room][sid] = found
            self._rooms_of[sid] = (*(one for one in self._rooms_of.get(sid, ()) if one != room), room)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        if room is None:
            super().basic_leave_room(sid, namespace, None)
        elif (members := self._members.get((namespace, room))) is not None:
            members.pop(sid, None)
            if not members:
                del self._members[namespace, room]
                self.emptied(namespace, room)

    def basic_disconnect(self, sid: str, namespace: str, **_: object) -> None:
        for room in self._rooms_of.pop(sid, ()):
            self.basic_leave_room(sid, namespace, room)
        self.basic_leave_room(sid, namespace, None)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)

    def _receivers(self, namespace: str, rooms: Iterable[str]) -> Mapping[str, str]:
        """Only to be looked at: of one room they are its own members."""
        found: Members = {}
        for room in rooms:
            if members := self._members.get((namespace, room)):
                found = found | members if found else members
            elif own := self.eio_sid_from_sid(room, namespace):
                found = found | {room: own}
        return found
