"""The field types and base classes of all shapes, and how a shape becomes JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple, dataclass_transform

import msgspec
from msgspec import Meta, Struct

# The domain limits code points after trimming; this limit only keeps huge texts away from it.
Text = Annotated[str, Meta(max_length=16_384)]
ClientId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{16,64}\Z")]
TicketId = Annotated[str, Meta(min_length=1, max_length=64)]
Name = Annotated[str, Meta(max_length=200)]
Email = Annotated[str, Meta(max_length=320)]
MAX_URL, MAX_TITLE = 4_096, 1_000
Url = Annotated[str, Meta(max_length=MAX_URL)]
Title = Annotated[str, Meta(max_length=MAX_TITLE)]
Category = Annotated[str, Meta(max_length=40)]
Locale = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}\Z")]
Zone = Annotated[str, Meta(max_length=60)]
Seq = Annotated[int, Meta(ge=0, le=2_147_483_647)]


@dataclass_transform(frozen_default=True)
class Command(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A payload from a client. Unknown fields are refused instead of ignored."""


@dataclass_transform(frozen_default=True)
class Shape(Struct, frozen=True):
    """A payload from the server."""


class Ack(Shape, frozen=True, kw_only=True):
    """The ack of a command that was done. Other acks add fields."""

    ok: Literal[True] = True


Commands = Mapping[str, tuple[type[Command], type[Ack]]]
Events = Mapping[str, type[Shape]]


@dataclass(frozen=True, kw_only=True)
class RegistryEntries:
    """What a module of this folder adds to the registry, as its `REGISTERED`: commands with payload and ack, and
    events, by name. `events` go to visitors and agents. `bodies` are shapes of HTTP routes and of the connect;
    `limits` are numbers that a client should know."""

    visitor_commands: Commands = field(default_factory=dict)
    agent_commands: Commands = field(default_factory=dict)
    events: Events = field(default_factory=dict)
    visitor_events: Events = field(default_factory=dict)
    agent_events: Events = field(default_factory=dict)
    visitor_bodies: tuple[type[Struct], ...] = ()
    agent_bodies: tuple[type[Struct], ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)


class Emission(NamedTuple):
    """One event for the sockets in these rooms; a socket in several rooms gets it once. `payload` is `shape` as JSON,
    encoded once for all sockets. `skip` is the sender's socket, which has its copy in the ack."""

    event: str
    shape: Shape
    payload: bytes
    visitors: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    skip: str | None = None

    @classmethod
    def of(cls, event: str, shape: Shape, visitors: str = "", agents: str = "") -> "Emission":
        """An event for at most one room of visitors and one room of agents."""
        return cls(event, shape, encode(shape), (visitors,) if visitors else (), (agents,) if agents else ())


# A shape as JSON, and as built-in values. Datetimes become RFC 3339 text; unset fields are left out.
encode: Callable[[Shape], bytes] = msgspec.json.Encoder().encode
to_plain: Callable[[Shape], dict[str, object]] = msgspec.to_builtins
