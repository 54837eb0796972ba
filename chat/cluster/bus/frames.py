"""Frames: the three things that a node says to the others, and their bytes."""

import msgspec


class EventFrame(msgspec.Struct, array_like=True, tag="said"):
    """Payloads, for whoever gets this; without any it is a node's word to itself, by which it knows that it hears."""

    node_id: str
    payloads: list[bytes]


class SubscriptionFrame(msgspec.Struct, array_like=True, tag="told"):
    """A piece of what `mark` tells of its rooms, numbered so that a lost one is noticed; with nothing new in it, its
    heartbeat. All of its rooms are told anew in the pieces from one that `begins` to one that `ends`."""

    node_id: str
    number: int
    holds: list[str]
    drops: list[str]
    begins: bool = False
    ends: bool = False


class SnapshotRequest(msgspec.Struct, array_like=True, tag="asked"):
    """`mark` has missed something: tell all your rooms anew."""

    node_id: str


Frame = EventFrame | SubscriptionFrame | SnapshotRequest

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)


def encode(said: Frame) -> bytes:
    """The bytes for the bus."""
    return _encoder.encode(said)


def decode(data: bytes) -> Frame:
    """The reverse; ValueError for anything else."""
    return _decoder.decode(data)
