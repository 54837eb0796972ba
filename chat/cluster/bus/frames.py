"""The three frames that nodes send to each other, and their encoding."""

import msgspec


class EventFrame(msgspec.Struct, array_like=True, tag="event"):
    """Payloads for the receiver. A node also sends one without payloads to itself, to check that it receives."""

    node_id: str
    payloads: list[bytes]


class SubscriptionFrame(msgspec.Struct, array_like=True, tag="subscription"):
    """Changes to the rooms that a node subscribes to; without changes it is the node's heartbeat.

    Frames are numbered, so that a lost one is noticed. The frames from `snapshot_start` to `snapshot_end` list all
    rooms of the node.
    """

    node_id: str
    number: int
    subscribed: list[str]
    unsubscribed: list[str]
    snapshot_start: bool = False
    snapshot_end: bool = False


class SnapshotRequest(msgspec.Struct, array_like=True, tag="snapshot_request"):
    """`node_id` has missed a frame of the receiver and asks for all its rooms."""

    node_id: str


Frame = EventFrame | SubscriptionFrame | SnapshotRequest

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)


def encode(frame: Frame) -> bytes:
    """Encode a frame as MessagePack."""
    return _encoder.encode(frame)


def decode(data: bytes) -> Frame:
    """Decode a frame. Raises ValueError for anything else."""
    return _decoder.decode(data)
