"""Packets in strict JSON: what can't be read becomes an event that nobody knows, not an error."""

import orjson
from socketio import packet

UNREADABLE: list[object] = [""]
# Event names that python-socketio keeps for itself; from a client they would reach the wrong handlers.
RESERVED = ("connect", "disconnect")


class StrictJson:
    """The face of the json module with orjson behind it: NaN, 1e400 and lone surrogates raise ValueError."""

    loads = staticmethod(orjson.loads)

    @staticmethod
    def dumps(value: object, separators: object = None) -> str:
        return orjson.dumps(value).decode()


class StrictPacket(packet.Packet):
    """A Socket.IO packet without binary parts.

    An event whose JSON is bad, or that announces binary, keeps its ack id and loses its content: the door
    refuses it like any unknown event, and the socket stays. Other nonsense raises ValueError.
    """

    uses_binary_events = False
    json = StrictJson

    def decode(self, encoded_packet: str) -> int:
        if encoded_packet[0] in "56":
            encoded_packet = "2" + encoded_packet.partition("-")[2]
        head, data = split(encoded_packet)
        super().decode(head)
        self.data = self._read(data)
        return 0

    def _read(self, data: str) -> object:
        try:
            read = orjson.loads(data) if data else None
        except ValueError:
            read = None if self.packet_type == packet.EVENT else UNREADABLE
        return read if self.packet_type != packet.EVENT or is_event(read) else UNREADABLE


def split(encoded: str) -> tuple[str, str]:
    """Type, namespace and ack id in front of the JSON, and the JSON."""
    start = encoded.index(",") + 1 if encoded[1:2] == "/" and "," in encoded else 1
    if encoded[1:2] == "/" and start == 1:
        return encoded, ""
    while encoded[start : start + 1].isdecimal():
        start += 1
    return encoded[:start], encoded[start:]


def is_event(data: object) -> bool:
    """An event is a list that begins with its name."""
    return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] not in RESERVED
