"""Socket.IO packets in strict JSON. A malformed event becomes an event without a name instead of an error."""

import orjson
from socketio import packet

from chat.lenient_json import loads_lenient

MALFORMED_EVENT: list[object] = [""]
# Names that python-socketio reserves; as events from a client they would reach the wrong handlers.
RESERVED = ("connect", "disconnect")


class StrictJson:
    """The interface of the json module on top of orjson: NaN, 1e400 and lone surrogates raise ValueError."""

    loads = staticmethod(orjson.loads)

    @staticmethod
    def dumps(value: object, separators: object = None) -> str:
        return orjson.dumps(value).decode()


class StrictPacket(packet.Packet):
    """A Socket.IO packet without binary attachments.

    An event with bad JSON or binary attachments keeps its ack id and loses its content: the namespace refuses it like
    any unknown event. Other malformed packets raise ValueError.
    """

    uses_binary_events = False
    json = StrictJson

    def decode(self, encoded_packet: str) -> int:
        binary = is_binary(encoded_packet)
        header, data = split_header("2" + encoded_packet.partition("-")[2] if binary else encoded_packet)
        super().decode(header)
        self.data = MALFORMED_EVENT if binary else self._parse(data)
        return 0

    def _parse(self, data: str) -> object:
        try:
            parsed = orjson.loads(data) if data else None
        except ValueError:
            parsed = loads_connect(data) if self.packet_type == packet.CONNECT else MALFORMED_EVENT
        return parsed if self.packet_type != packet.EVENT or is_event(parsed) else MALFORMED_EVENT


def is_binary(encoded: str) -> bool:
    """Whether this Socket.IO packet is an event or an ack with binary attachments."""
    return encoded[:1] in ("5", "6")


HINT_FIELDS = ("page", "locale", "timezone")


def loads_connect(data: str) -> object:
    """The auth of a connect, also with half a surrogate pair: it has the title of the visitor's page."""
    try:
        return loads_lenient(data, HINT_FIELDS)
    except ValueError:
        return MALFORMED_EVENT


def split_header(encoded: str) -> tuple[str, str]:
    """Split a packet into its header (type, namespace, ack id) and its JSON."""
    start = encoded.index(",") + 1 if encoded[1:2] == "/" and "," in encoded else 1
    if encoded[1:2] == "/" and start == 1:
        return encoded, ""
    while encoded[start : start + 1].isdecimal():
        start += 1
    return encoded[:start], encoded[start:]


def is_event(data: object) -> bool:
    """Whether this is a list that begins with an event name."""
    return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] not in RESERVED
