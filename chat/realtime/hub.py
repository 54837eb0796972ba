"""The hub: what is told on this node, and what of it the other nodes are told too."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from chat.desk.refusals import NotFound
from chat.realtime.gate import Gate


class Emission(Protocol):
    """What publish.py hands over: an event for some rooms of a namespace, `skip` being its sender's socket."""

    @property
    def namespace(self) -> str: ...
    @property
    def rooms(self) -> Sequence[str]: ...
    @property
    def event(self) -> str: ...
    @property
    def payload(self) -> Mapping[str, object]: ...
    @property
    def skip(self) -> str | None: ...


class Word(NamedTuple):
    """An emission of our own: typing, service, places in the queue."""

    namespace: str
    rooms: tuple[str, ...]
    event: str
    payload: dict[str, object]
    skip: str | None = None


def packed(word: Emission) -> bytes:
    """For the bus, as publish.py packs it too. Who asked is left out: their socket is on this node."""
    return msgspec.json.encode((word.namespace, word.rooms, word.event, word.payload, None))


def unpacked(payload: bytes) -> Word:
    """The reverse of `packed`; ValueError for anything else."""
    return _words.decode(payload)


_words = msgspec.json.Decoder(Word)


class Hub:
    """Tells sockets. `listeners` hear every emission on this node, from wherever it came, before its sockets do."""

    def __init__(self, gate: Gate, bus_send: Callable[[bytes], None]) -> None:
        self.gate = gate
        self._bus_send = bus_send
        self.listeners: list[Callable[[Emission], None]] = []

    def here(self, word: Emission) -> None:
        """Tell the sockets of this node: never waits, and what is told first arrives first."""
        for listener in self.listeners:
            listener(word)
        self.gate.rooms.tell(word.namespace, word.rooms, word.event, word.payload, word.skip)

    def everywhere(self, word: Emission) -> None:
        """Tell this node's sockets and, while the bus lasts, the other nodes'."""
        self.here(word)
        self._bus_send(packed(word))

    def hear(self, payload: bytes) -> None:
        """What another node says on the bus: told here only."""
        self.here(unpacked(payload))

    def members(self, namespace: str, room: str) -> list[str]:
        """The sids in a room, on this node."""
        return self.gate.rooms.members(namespace, room)

    def enter(self, sid: str, namespace: str, room: str) -> None:
        """NotFound when the socket has gone while its command was looked at."""
        if self.gate.rooms.eio_sid_from_sid(sid, namespace) is None:
            raise NotFound("socket")
        self.gate.rooms.basic_enter_room(sid, namespace, room)

    def settled(self, sid: str, namespace: str) -> None:
        """A command of this connection was carried out: it may stay."""
        self.gate.settled(sid, namespace)
