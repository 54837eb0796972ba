"""client/protocol/: the shapes as TypeScript, one file a side, so that the widget imports no types of the agents."""

import re
import textwrap
from collections.abc import Mapping
from datetime import datetime
from types import NoneType
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from chat import protocol, vocabulary
from chat.domain.intake.form_fields import FORM_FIELDS
from chat.domain.rules.status import MOVES
from chat.protocol.codegen.shapes import doc_of, field_name, members, own_fields, parent, shapes_by_side

HEADER = "/** Generated from chat/protocol/ by `python -m chat.protocol.codegen`. Change it there. */"
WIDTH = 110
PRIMITIVES = {str: "string", int: "number", float: "number", bool: "boolean", datetime: "string", NoneType: "null"}

alias_names = {kind: name for name, kind in vars(vocabulary).items() if get_origin(kind) is Literal}


def typescript_files() -> dict[str, str]:
    """The text of each file of client/protocol/ by its name, formatted as the formatter of the front ends wants it.
    A file imports only from those before it."""
    shared, visitor, agent = shapes_by_side()
    contents = {
        "vocabulary": [
            *(declaration(f"export type {name} =", literal(kind)) for kind, name in alias_names.items()),
            *constants(),
        ],
        "shared": [*shapes(*shared), reply(), limits()],
        "visitor": [
            *shapes(*visitor),
            commands("VisitorCommands", protocol.VISITOR_COMMANDS),
            events("VisitorEvents", protocol.VISITOR_EVENTS),
            form_fields(),
        ],
        "agent": [
            *shapes(*agent),
            commands("AgentCommands", protocol.AGENT_COMMANDS),
            events("AgentEvents", protocol.AGENT_EVENTS),
            transitions(),
        ],
    }
    files: dict[str, str] = {}
    for name, parts in contents.items():
        body = "\n".join(parts)
        files[f"{name}.ts"] = "\n".join([f"{HEADER}\n{imports(body, files)}", body])
    return files


def imports(body: str, files: Mapping[str, str]) -> str:
    """The import lines for the names that `body` uses and `files` export."""
    used = set(re.findall(r"\w+", re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)))
    lines = ""
    for name, text in sorted(files.items()):
        wanted = sorted(used & set(re.findall(r"^export (?:type|interface) (\w+)", text, re.MULTILINE)))
        lines += import_line(wanted, f"./{name.removesuffix('.ts')}") if wanted else ""
    return lines


def import_line(names: list[str], path: str) -> str:
    if len(line := f'import type {{ {", ".join(names)} }} from "{path}";\n') <= WIDTH + 1:
        return line
    return "import type {\n" + "".join(f"  {name},\n" for name in names) + f'}} from "{path}";\n'


# -- types ---------------------------------------------------------------------------------------------------


def type_of(kind: object) -> str:
    """A Python type as TypeScript."""
    return " | ".join(map(member_type, members(kind)))


def member_type(kind: object) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return type_of(inner[0])
    if origin is Literal:
        return alias_names.get(kind) or literal(kind)
    if origin is list:
        item = type_of(inner[0])
        return f"({item})[]" if " | " in item else f"{item}[]"
    if origin is dict:
        pairs = f"Record<{type_of(inner[0])}, {type_of(inner[1])}>"
        return f"Partial<{pairs}>" if get_origin(inner[0]) is Literal else pairs
    if isinstance(kind, type) and issubclass(kind, Struct):
        return kind.__name__
    return next(name for primitive, name in PRIMITIVES.items() if primitive is kind)


def literal(kind: object) -> str:
    return " | ".join(map(json, get_args(kind)))


def json(value: object) -> str:
    return msgspec.json.encode(value).decode()


# -- declarations --------------------------------------------------------------------------------------------


def comment(text: str) -> str:
    """A comment, of several lines when one would be too long."""
    lines = textwrap.wrap(text, WIDTH - 7, break_long_words=False, break_on_hyphens=False)
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "/**\n" + "".join(f" * {line}\n" for line in lines) + " */\n"


def declaration(head: str, kind: str) -> str:
    """On one line, or with one alternative a line when that is too long."""
    if len(line := f"{head} {kind};\n") <= WIDTH + 1:
        return line
    indent = " " * (len(head) - len(head.lstrip()) + 2)
    return head + "".join(f"\n{indent}| {one}" for one in kind.split(" | ")) + ";\n"


def shapes(*found: type[Struct]) -> list[str]:
    return [shape(one) for one in found]


def shape(kind: type[Struct]) -> str:
    fields, above = own_fields(kind), parent(kind)
    if not fields:
        return comment(doc_of(kind)) + f"export type {kind.__name__} = Record<string, never>;\n"
    extends = f" extends {above.__name__}" if above else ""
    body = "".join(field_declaration(kind, field) for field in fields)
    return comment(doc_of(kind)) + f"export interface {kind.__name__}{extends} {{\n{body}}}\n"


def field_declaration(kind: type[Struct], field: FieldInfo) -> str:
    return declaration(f"  {field_name(kind, field)}:", type_of(field.type))


def reply() -> str:
    return comment("How the server answers a command.") + "export type Reply<T> = T | RefusedAck;\n"


def commands(name: str, found: Mapping[str, tuple[type[Struct], type[Struct]]]) -> str:
    body = "".join(
        f"  {event}: {{ payload: {payload.__name__}; ack: {ack.__name__} }};\n"
        for event, (payload, ack) in found.items()
    )
    return comment("Every command with its payload and its ack.") + f"export interface {name} {{\n{body}}}\n"


def events(name: str, found: Mapping[str, type[Struct]]) -> str:
    body = "".join(f"  {event}: {payload.__name__};\n" for event, payload in found.items())
    return comment("Every event with its payload.") + f"export interface {name} {{\n{body}}}\n"


def constants() -> list[str]:
    """The groups of words that have a name of their own."""
    groups = {name: get_args(kind)[0] for name, kind in get_type_hints(vocabulary).items() if get_origin(kind) is tuple}
    return [
        f"export const {name}: readonly {type_of(word)}[] = [{', '.join(map(json, getattr(vocabulary, name)))}];\n"
        for name, word in groups.items()
    ]


def limits() -> str:
    body = "".join(f"  {name}: {value},\n" for name, value in protocol.LIMITS.items())
    return comment("Limits that a client needs to know.") + f"export const LIMITS = {{\n{body}}} as const;\n"


def transitions() -> str:
    rows = (
        (old, [new for new in get_args(vocabulary.Status) if new in moves.get("agent", ())])
        for old, moves in MOVES.items()
    )
    body = "".join(f"  {old}: [{', '.join(map(json, new))}],\n" for old, new in rows)
    doc = comment("The statuses that an agent may set, by the status that the ticket has.")
    return f"{doc}export const AGENT_TRANSITIONS: Record<Status, readonly Status[]> = {{\n{body}}};\n"


def form_fields() -> str:
    keys = ("name", "control", "required", "max_length", "autocomplete")
    rows = (", ".join(f"{key}: {json(getattr(field, key))}" for key in keys) for field in FORM_FIELDS)
    doc = comment("The form's fields in their order; `max_length` counts code points after trimming.")
    return f"{doc}export const FORM_FIELDS = [\n" + "".join(f"  {{ {row} }},\n" for row in rows) + "] as const;\n"
