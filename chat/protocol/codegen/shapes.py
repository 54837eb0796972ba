"""What codegen reads from the shapes of the wire: their order, fields, bases and docstrings."""

import inspect
from collections.abc import Iterable, Iterator
from itertools import chain
from types import ModuleType, UnionType
from typing import Union, get_args, get_origin

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import FieldInfo

from chat import protocol
from chat.protocol.registry import MODULES

BASES = (protocol.Shape, protocol.Command, Struct)


def structs() -> list[type[Struct]]:
    """Every shape of the wire, in the order of the modules and of their lines."""
    return [shape for module in MODULES for shape in structs_of(module)]


def structs_of(module: ModuleType) -> list[type[Struct]]:
    """The shapes that a module defines, in the order of its lines."""
    classes = (value for value in vars(module).values() if isinstance(value, type))
    return [
        one for one in classes if issubclass(one, Struct) and one not in BASES and one.__module__ == module.__name__
    ]


def own_fields(shape: type[Struct]) -> list[FieldInfo]:
    """The fields that a shape adds to the one it extends."""
    added = inspect.get_annotations(shape)
    return [field for field in msgspec.structs.fields(shape) if field.name in added]


def parent(shape: type[Struct]) -> type[Struct] | None:
    """The shape that this one extends, or None."""
    above = shape.__bases__[0]
    return above if issubclass(above, Struct) and above not in BASES else None


def members(kind: object) -> tuple[object, ...]:
    """The alternatives of a type, without UnsetType, which says that a field may be missing."""
    options = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return tuple(option for option in options if option is not UnsetType)


def field_name(shape: type[Struct], field: FieldInfo) -> str:
    """The field's name on the wire, with a question mark when it may be missing."""
    return f"{field.encode_name}{'?' if is_optional(shape, field) else ''}"


def is_optional(shape: type[Struct], field: FieldInfo) -> bool:
    """Whether the field may be missing. The server writes every default; a client may leave them out."""
    return field.default is UNSET or (issubclass(shape, protocol.Command) and not field.required)


def doc_of(thing: object) -> str:
    """A docstring as one line."""
    return " ".join((inspect.getdoc(thing) or "").split())


def used_by(roots: Iterable[type[Struct]]) -> set[type[Struct]]:
    """These shapes, what they extend, and the shapes of their fields, of their fields' fields, and so on."""
    found, todo = set[type[Struct]](), list(roots)
    while todo:
        if (shape := todo.pop()) not in found:
            found.add(shape)
            todo += [above] if (above := parent(shape)) else []
            todo += [one for field in msgspec.structs.fields(shape) for one in structs_in(field.type)]
    return found


def structs_in(kind: object) -> Iterator[type[Struct]]:
    """The shapes that a type mentions."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield kind
    for inner in get_args(kind):
        yield from structs_in(inner)


def shapes_by_side() -> tuple[list[type[Struct]], list[type[Struct]], list[type[Struct]]]:
    """The shapes that both sides use, those of visitors only and those of agents only."""
    visitors = used_by(roots(protocol.VISITOR_COMMANDS, protocol.VISITOR_EVENTS, protocol.VISITOR_BODIES))
    agents = used_by(roots(protocol.AGENT_COMMANDS, protocol.AGENT_EVENTS, protocol.AGENT_BODIES))
    refused = used_by([protocol.RefusedAck])
    every = structs()
    return (
        [one for one in every if one in refused or (one in visitors and one in agents)],
        [one for one in every if one in visitors - agents - refused],
        [one for one in every if one in agents - visitors - refused],
    )


def roots(
    commands: protocol.Commands, events: protocol.Events, bodies: Iterable[type[Struct]]
) -> Iterator[type[Struct]]:
    """The shapes that a side names itself."""
    yield from chain.from_iterable(commands.values())
    yield from events.values()
    yield from bodies
