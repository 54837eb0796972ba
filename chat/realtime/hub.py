"""The hub: what is told on this node, and what of it the other nodes are told too."""

from collections import defaultdict
from collections.abc import Callable

import msgspec

from chat import wire
from chat.desk.refusals import NotFound
from chat.lane.gate import Gate
from chat.live.bus import Bus
from chat.wire import Emission

# Told among nodes only: other tabs of a visitor who has just become one.
BEGUN = "begun"
# Every node hears these, whoever sits there: they move places in the queue and services, or concern other tabs.
EVERY_NODE = "every node"
FOR_EVERY_NODE = ("ticket", "visitor", "presence", BEGUN)


class Begun(wire.Shape):
    """A visitor's first words have made a ticket: whose tabs, by their token's hash, and the inner keys of the two,
    which no client is told. `socket` said the words."""

    tabs: str
    socket: str
    visitor: int
    key: int
    ticket: wire.Ticket
    message: wire.Message


SHAPES: dict[str, type[wire.Shape]] = {**wire.AGENT_EVENTS, **wire.VISITOR_EVENTS, BEGUN: Begun}
Rooms = tuple[str, ...]
Listener = Callable[[Emission], None]
_packed = msgspec.json.Decoder(tuple[str, Rooms, Rooms, msgspec.Raw])


def packed(told: Emission) -> bytes:
    """For the bus. Who asked is left out: their socket is on this node."""
    return msgspec.json.encode((told.event, told.visitors, told.agents, msgspec.Raw(told.payload)))


def unpacked(payload: bytes) -> Emission:
    """The reverse of `packed`; ValueError for anything else, and for what visitors may not be told."""
    event, visitors, agents, said = _packed.decode(payload)
    if event not in SHAPES or (visitors and event not in wire.VISITOR_EVENTS):
        raise ValueError(f"no event {event} is told there")
    return Emission(event, msgspec.json.decode(said, type=SHAPES[event]), bytes(said), visitors, agents)


class Hub:
    """Tells sockets, and those in this house who want to know what is told."""

    def __init__(self, gate: Gate, bus: Bus) -> None:
        self.gate = gate
        self._bus = bus
        # How often anything was told on this node: who reads before entering rooms looks whether it has grown.
        self.told = 0
        bus.hold(EVERY_NODE)
        gate.rooms.opened = lambda namespace, room: bus.hold(f"{namespace} {room}")
        gate.rooms.emptied = lambda namespace, room: bus.drop(f"{namespace} {room}")
        self._listeners: dict[type[wire.Shape], list[Listener]] = defaultdict(list)

    @property
    def alone(self) -> bool:
        """Whether there is no other node that might say something."""
        return self._bus.alone

    def listen(self, listener: Listener, *shapes: type[wire.Shape]) -> None:
        """It hears what is told of these shapes on this node, from wherever it came, before the sockets do."""
        for shape in shapes:
            self._listeners[shape].append(listener)

    def here(self, told: Emission) -> None:
        """Tell the sockets of this node: never waits, and what is told first arrives first."""
        self.told += 1
        for listener in self._listeners.get(type(told.shape), ()):
            listener(told)
        if told.visitors:
            self.gate.rooms.tell("/visitor", told.visitors, told.event, told.payload, told.skip)
        if told.agents:
            self.gate.rooms.tell("/agent", told.agents, told.event, told.payload, told.skip)

    def everywhere(self, told: Emission) -> None:
        """Tell this node's sockets and, while the bus lasts, the other nodes'."""
        self.here(told)
        self.elsewhere(told)

    def elsewhere(self, told: Emission) -> None:
        """Tell the other nodes on which it is wanted."""
        if not self.alone:
            rooms = [f"/visitor {room}" for room in told.visitors] + [f"/agent {room}" for room in told.agents]
            self._bus.send([*rooms, EVERY_NODE] if told.event in FOR_EVERY_NODE else rooms, packed(told))

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

    def expel(self, sid: str, namespace: str) -> None:
        """Cut the connection of a socket."""
        self.gate.expel(sid, namespace)
