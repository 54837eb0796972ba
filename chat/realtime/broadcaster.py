"""The broadcaster: sends events to this node's sockets, to listeners within it, and by the bus to the other nodes."""

from collections import defaultdict
from collections.abc import Callable

import msgspec

from chat import protocol
from chat.cluster.bus.bus import Bus
from chat.domain.refusals import NotFound
from chat.protocol import Emission
from chat.websocket.socketio_server import SocketServer

VISITOR_NAMESPACE, AGENT_NAMESPACE = "/visitor", "/agent"
# Sent between nodes only: it binds the other tabs of a token that has just become a visitor.
CHAT_STARTED = "begun"
# A room on the bus that every node subscribes to. These events go there whether or not a socket wants them, because
# they change queue positions, the service, or other tabs.
EVERY_NODE = "every node"
CLUSTER_EVENTS = ("ticket", "visitor", "presence", CHAT_STARTED)


class ChatStarted(protocol.Shape):
    """A visitor's first message has made a ticket. `tabs` is the hash of their token, `socket` the sender's sid,
    `visitor` and `key` the database keys of visitor and ticket, which no client gets."""

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


def encode_emission(emission: Emission) -> bytes:
    """For the bus. `skip` is left out: the sender's socket is on this node."""
    return msgspec.json.encode((emission.event, emission.visitors, emission.agents, msgspec.Raw(emission.payload)))


def decode_emission(payload: bytes) -> Emission:
    """The reverse of `encode`; ValueError for anything else, and for an event that visitors must not receive."""
    event, visitors, agents, shape = _decoder.decode(payload)
    if event not in SHAPES or (visitors and event not in protocol.VISITOR_EVENTS):
        raise ValueError(f"no event {event} goes to these rooms")
    return Emission(event, msgspec.json.decode(shape, type=SHAPES[event]), bytes(shape), visitors, agents)


class Broadcaster:
    """Sends never wait, and events arrive in the order in which they were sent."""

    def __init__(self, server: SocketServer, bus: Bus) -> None:
        self.server = server
        self._bus = bus
        # Grows with every event on this node: a handler that reads before it enters rooms compares it.
        self.sent_count = 0
        bus.subscribe(EVERY_NODE)
        server.rooms.on_room_opened = lambda namespace, room: bus.subscribe(f"{namespace} {room}")
        server.rooms.on_room_emptied = lambda namespace, room: bus.unsubscribe(f"{namespace} {room}")
        self._listeners: dict[type[protocol.Shape], list[Listener]] = defaultdict(list)

    @property
    def has_no_peers(self) -> bool:
        """Whether there is no other node that might send something."""
        return self._bus.has_no_peers

    def listen(self, listener: Listener, *shapes: type[protocol.Shape]) -> None:
        """Call `listener` with each event of these shapes on this node, wherever it comes from, before the sockets."""
        for shape in shapes:
            self._listeners[shape].append(listener)

    def send_local(self, emission: Emission) -> None:
        """Send to the sockets of this node."""
        self.sent_count += 1
        for listener in self._listeners.get(type(emission.shape), ()):
            listener(emission)
        if emission.visitors:
            self._send_to_rooms(VISITOR_NAMESPACE, emission.visitors, emission)
        if emission.agents:
            self._send_to_rooms(AGENT_NAMESPACE, emission.agents, emission)

    def _send_to_rooms(self, namespace: str, rooms: Rooms, emission: Emission) -> None:
        self.server.rooms.send(namespace, rooms, emission.event, emission.payload, emission.skip)

    def broadcast(self, emission: Emission) -> None:
        """Send to this node's sockets and, while the bus works, to the other nodes'."""
        self.send_local(emission)
        self.send_remote(emission)

    def send_remote(self, emission: Emission) -> None:
        """Send to the other nodes that have a socket in one of the rooms."""
        if not self.has_no_peers:
            rooms = [f"{VISITOR_NAMESPACE} {room}" for room in emission.visitors]
            rooms += [f"{AGENT_NAMESPACE} {room}" for room in emission.agents]
            self._bus.publish(
                [*rooms, EVERY_NODE] if emission.event in CLUSTER_EVENTS else rooms, encode_emission(emission)
            )

    def on_bus_payload(self, payload: bytes) -> None:
        """Send another node's event to this node's sockets."""
        self.send_local(decode_emission(payload))

    def members(self, namespace: str, room: str) -> list[str]:
        """The sids in a room, on this node."""
        return self.server.rooms.members(namespace, room)

    def enter(self, sid: str, namespace: str, room: str) -> None:
        """Put a socket into a room; NotFound when it closed while its command was running."""
        if self.server.rooms.eio_sid_from_sid(sid, namespace) is None:
            raise NotFound("socket")
        self.server.rooms.basic_enter_room(sid, namespace, room)

    def mark_active(self, sid: str, namespace: str) -> None:
        """A command of this connection has succeeded, so that it may stay."""
        self.server.mark_active(sid, namespace)

    def kick(self, sid: str, namespace: str) -> None:
        """Reject everything more that a socket's connection sends, and close it."""
        self.server.kick(sid, namespace)
