"""What codegen reads from the shapes of the wire: their order, fields, bases and docstrings."""

import inspect
from types import ModuleType, UnionType
from typing import Union, get_args, get_origin

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import FieldInfo

from chat import protocol
from chat.protocol import agent, base, http, shared, visitor

MODULES = (base, shared, visitor, agent, http)
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
