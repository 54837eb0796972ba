"""Frames: the three things that a node says to the others, and their bytes."""

import msgspec


class Said(msgspec.Struct, array_like=True, tag="said"):
    """Payloads, for whoever gets this; without any it is a node's word to itself, by which it knows that it hears."""

    mark: str
    payloads: list[bytes]


class Told(msgspec.Struct, array_like=True, tag="told"):
    """A piece of what `mark` tells of its rooms, numbered so that a lost one is noticed; with nothing new in it, its
    heartbeat. All of its rooms are told anew in the pieces from one that `begins` to one that `ends`."""

    mark: str
    number: int
    holds: list[str]
    drops: list[str]
    begins: bool = False
    ends: bool = False


class Asked(msgspec.Struct, array_like=True, tag="asked"):
    """`mark` has missed something: tell all your rooms anew."""

    mark: str


Word = Said | Told | Asked

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Word] = msgspec.msgpack.Decoder(Word)


def framed(said: Word) -> bytes:
    """The bytes for the bus."""
    return _encoder.encode(said)


def unframed(data: bytes) -> Word:
    """The reverse; ValueError for anything else."""
    return _decoder.decode(data)
