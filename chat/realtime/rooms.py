"""Rooms: who hears what on this node, told at once and in order."""

from collections.abc import Iterable

import engineio
import socketio
from socketio import packet

from chat.realtime.engine import Engine
from chat.realtime.packets import StrictPacket


class Rooms(socketio.AsyncManager):
    """The library's rooms with an index from socket to rooms: without it each goodbye scans all rooms, and
    10,000 of them stop the loop for half a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._of: dict[tuple[str, str], set[str]] = {}

    def tell(self, namespace: str, rooms: Iterable[str], event: str, payload: object, skip: str | None = None) -> None:
        """Send an event to every socket in any of `rooms`, once, but not to `skip`: encoded once, queued
        before this returns, so that what is told first arrives first."""
        listeners = self._listeners(namespace, rooms)
        listeners.pop(skip or "", None)
        if not listeners:
            return
        words = StrictPacket(packet.EVENT, [event, payload], namespace).encode()
        frame = engineio.packet.Packet(engineio.packet.MESSAGE, words)
        engine = self.server.eio
        assert isinstance(engine, Engine)
        for eio_sid in listeners.values():
            engine.push(eio_sid, frame)

    def members(self, namespace: str, room: str) -> list[str]:
        """The sids in a room."""
        return list(self.rooms.get(namespace, {}).get(room, {}))

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        super().basic_enter_room(sid, namespace, room, eio_sid)
        if room is not None:
            self._of.setdefault((namespace, sid), set()).add(room)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        super().basic_leave_room(sid, namespace, room)
        self._of.get((namespace, sid), set()).discard(room or "")

    def basic_disconnect(self, sid: str, namespace: str, **_: object) -> None:
        for room in self._of.pop((namespace, sid), set()):
            super().basic_leave_room(sid, namespace, room)
        super().basic_leave_room(sid, namespace, None)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)

    def _listeners(self, namespace: str, rooms: Iterable[str]) -> dict[str, str]:
        here = self.rooms.get(namespace, {})
        return {sid: eio_sid for room in rooms for sid, eio_sid in here.get(room, {}).items()}
