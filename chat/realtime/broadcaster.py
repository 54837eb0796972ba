"""The hub: what is told on this node, and what of it the other nodes are told too."""

from collections import defaultdict
from collections.abc import Callable

import msgspec

from chat import protocol
from chat.cluster.bus.bus import Bus
from chat.domain.refusals import NotFound
from chat.protocol import Emission
from chat.websocket.socketio_server import SocketServer

# Told among nodes only: other tabs of a visitor who has just become one.
CHAT_STARTED = "begun"
# Every node hears these, whoever sits there: they move places in the queue and services, or concern other tabs.
EVERY_NODE = "every node"
CLUSTER_EVENTS = ("ticket", "visitor", "presence", CHAT_STARTED)


class ChatStarted(protocol.Shape):
    """A visitor's first words have made a ticket: whose tabs, by their token's hash, and the inner keys of the two,
    which no client is told. `socket` said the words."""

    tabs: str
    socket: str
    visitor: int
    key: int
    ticket: protocol.Ticket
    message: protocol.Message


SHAPES: dict[str, type[protocol.Shape]] = {
    **protocol.AGENT_EVENTS,
    **protocol.VISITOR_EVENTS,
    CHAT_STARTED: ChatStarted,
}
Rooms = tuple[str, ...]
Listener = Callable[[Emission], None]
_decoder = msgspec.json.Decoder(tuple[str, Rooms, Rooms, msgspec.Raw])


def encode(told: Emission) -> bytes:
    """For the bus. Who asked is left out: their socket is on this node."""
    return msgspec.json.encode((told.event, told.visitors, told.agents, msgspec.Raw(told.payload)))


def decode(payload: bytes) -> Emission:
    """The reverse of `packed`; ValueError for anything else, and for what visitors may not be told."""
    event, visitors, agents, said = _decoder.decode(payload)
    if event not in SHAPES or (visitors and event not in protocol.VISITOR_EVENTS):
        raise ValueError(f"no event {event} is told there")
    return Emission(event, msgspec.json.decode(said, type=SHAPES[event]), bytes(said), visitors, agents)


class Broadcaster:
    """Tells sockets, and those in this house who want to know what is told."""

    def __init__(self, gate: SocketServer, bus: Bus) -> None:
        self.server = gate
        self._bus = bus
        # How often anything was told on this node: who reads before entering rooms looks whether it has grown.
        self.sent_count = 0
        bus.subscribe(EVERY_NODE)
        gate.rooms.opened = lambda namespace, room: bus.subscribe(f"{namespace} {room}")
        gate.rooms.emptied = lambda namespace, room: bus.unsubscribe(f"{namespace} {room}")
        self._listeners: dict[type[protocol.Shape], list[Listener]] = defaultdict(list)

    @property
    def has_no_peers(self) -> bool:
        """Whether there is no other node that might say something."""
        return self._bus.has_no_peers

    def listen(self, listener: Listener, *shapes: type[protocol.Shape]) -> None:
        """It hears what is told of these shapes on this node, from wherever it came, before the sockets do."""
        for shape in shapes:
            self._listeners[shape].append(listener)

    def send_local(self, told: Emission) -> None:
        """Tell the sockets of this node: never waits, and what is told first arrives first."""
        self.sent_count += 1
        for listener in self._listeners.get(type(told.shape), ()):
            listener(told)
        if told.visitors:
            self.server.rooms.send("/visitor", told.visitors, told.event, told.payload, told.skip)
        if told.agents:
            self.server.rooms.send("/agent", told.agents, told.event, told.payload, told.skip)

    def broadcast(self, told: Emission) -> None:
        """Tell this node's sockets and, while the bus lasts, the other nodes'."""
        self.send_local(told)
        self.send_remote(told)

    def send_remote(self, told: Emission) -> None:
        """Tell the other nodes on which it is wanted."""
        if not self.has_no_peers:
            rooms = [f"/visitor {room}" for room in told.visitors] + [f"/agent {room}" for room in told.agents]
            self._bus.send([*rooms, EVERY_NODE] if told.event in CLUSTER_EVENTS else rooms, encode(told))

    def on_bus_payload(self, payload: bytes) -> None:
        """What another node says on the bus: told here only."""
        self.send_local(decode(payload))

    def members(self, namespace: str, room: str) -> list[str]:
        """The sids in a room, on this node."""
        return self.server.rooms.members(namespace, room)

    def enter(self, sid: str, namespace: str, room: str) -> None:
        """NotFound when the socket has gone while its command was looked at."""
        if self.server.rooms.eio_sid_from_sid(sid, namespace) is None:
            raise NotFound("socket")
        self.server.rooms.basic_enter_room(sid, namespace, room)

    def mark_active(self, sid: str, namespace: str) -> None:
        """A command of this connection was carried out: it may stay."""
        self.server.mark_active(sid, namespace)

    def kick(self, sid: str, namespace: str) -> None:
        """Cut the connection of a socket."""
        self.server.kick(sid, namespace)
