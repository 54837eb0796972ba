"""Generates client/protocol.ts from the shapes of this folder, and the tables in docs/."""

import inspect
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import Field, fields
from datetime import datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import FieldInfo

from chat import protocol, vocabulary
from chat.domain.intake.form_fields import FORM_FIELDS
from chat.protocol import agent, base, http, shared, visitor
from chat.settings import Settings, variable
from chat.web.routes import ROUTES

ROOT = Path(__file__).resolve().parents[2]
TYPESCRIPT = ROOT / "client" / "protocol.ts"
GENERATED_BLOCK = re.compile(r"<!-- made: (?P<name>[a-z ]+) -->\n.*?<!-- end -->", re.DOTALL)
WIDTH = 110
BASES = (protocol.Shape, protocol.Command, Struct)
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", datetime: "string", NoneType: "null"}

MODULES = (base, shared, visitor, agent, http)

type_names = {kind: name for name, kind in vars(vocabulary).items() if get_origin(kind) is Literal}


def structs() -> list[type[Struct]]:
    """Every shape of the wire, in the order of the modules and of their lines."""
    found = ((module, thing) for module in MODULES for thing in vars(module).values() if isinstance(thing, type))
    return [
        shape
        for module, shape in found
        if issubclass(shape, Struct) and shape not in BASES and shape.__module__ == module.__name__
    ]


def own_fields(shape: type[Struct]) -> list[FieldInfo]:
    """The fields that a shape adds to the one it extends."""
    added = inspect.get_annotations(shape)
    return [field for field in msgspec.structs.fields(shape) if field.name in added]


def parent(shape: type[Struct]) -> type[Struct] | None:
    """The shape that this one extends, when it is one of the wire's own words."""
    above = shape.__bases__[0]
    return above if issubclass(above, Struct) and above not in BASES else None


def members(kind: object) -> tuple[object, ...]:
    """The alternatives of a type, without "unset", which says that a field may be missing."""
    options = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return tuple(option for option in options if option is not UnsetType)


def literal_tag(shape: type[Struct], field: FieldInfo) -> str:
    """The field's name, with a question mark when it may be missing."""
    return f"{field.encode_name}{'?' if is_optional(shape, field) else ''}"


def is_optional(shape: type[Struct], field: FieldInfo) -> bool:
    """What the server says always has its defaults written out; a command may leave them away."""
    return field.default is UNSET or (issubclass(shape, protocol.Command) and not field.required)


# -- TypeScript ----------------------------------------------------------------------------------------------


def ts(kind: object) -> str:
    """A Python type in TypeScript's words."""
    options = members(kind)
    if len(options) > 1:
        return " | ".join(ts(option) for option in options)
    return ts_one(options[0])


def ts_one(kind: object) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return ts(inner[0])
    if origin is Literal:
        return type_names.get(kind) or literal(kind)
    if origin is list:
        item = ts(inner[0])
        return f"({item})[]" if " | " in item else f"{item}[]"
    if origin is dict:
        pairs = f"Record<{ts(inner[0])}, {ts(inner[1])}>"
        return f"Partial<{pairs}>" if get_origin(inner[0]) is Literal else pairs
    if isinstance(kind, type) and issubclass(kind, Struct):
        return kind.__name__
    return next(word for plain, word in PLAIN.items() if plain is kind)


def literal(kind: object) -> str:
    return " | ".join(map(json, get_args(kind)))


def json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def ts_comment(text: str, indent: str = "") -> str:
    """A comment of several lines when it is too long for one."""
    lines = textwrap.wrap(text, WIDTH - len(indent) - 7, break_long_words=False, break_on_hyphens=False)
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n" + "".join(f"{indent} * {line}\n" for line in lines) + f"{indent} */\n"


def ts_field(shape: type[Struct], field: FieldInfo) -> str:
    return ts_declaration(f"  {literal_tag(shape, field)}:", ts(field.type))


def ts_declaration(head: str, kind: str) -> str:
    """On one line, or with one alternative a line when that is too long."""
    if len(line := f"{head} {kind};\n") <= WIDTH + 1:
        return line
    indent = " " * (len(head) - len(head.lstrip()) + 2)
    return head + "".join(f"\n{indent}| {one}" for one in kind.split(" | ")) + ";\n"


def ts_shape(shape: type[Struct]) -> str:
    fields, above = own_fields(shape), parent(shape)
    if not fields:
        return ts_comment(doc_of(shape)) + f"export type {shape.__name__} = Record<string, never>;\n"
    extends = f" extends {above.__name__}" if above else ""
    body = "".join(ts_field(shape, field) for field in fields)
    return ts_comment(doc_of(shape)) + f"export interface {shape.__name__}{extends} {{\n{body}}}\n"


def ts_commands(name: str, commands: Mapping[str, tuple[type[Struct], type[Struct]]]) -> str:
    body = "".join(
        f"  {event}: {{ payload: {payload.__name__}; ack: {ack.__name__} }};\n"
        for event, (payload, ack) in commands.items()
    )
    return f"/** What may be asked, with its ack. */\nexport interface {name} {{\n{body}}}\n"


def ts_events(name: str, events: Mapping[str, type[Struct]]) -> str:
    body = "".join(f"  {event}: {shape.__name__};\n" for event, shape in events.items())
    return f"/** What the server tells by itself. */\nexport interface {name} {{\n{body}}}\n"


def ts_limits() -> str:
    body = "".join(f"  {name}: {value},\n" for name, value in protocol.LIMITS.items())
    return f"/** Limits that a client had better know. */\nexport const LIMITS = {{\n{body}}} as const;\n"


def ts_form_fields() -> str:
    keys = ("name", "control", "required", "max_length", "autocomplete")
    rows = (", ".join(f"{key}: {json(getattr(field, key))}" for key in keys) for field in FORM_FIELDS)
    doc = ts_comment("The form's fields in their order; `max_length` counts code points after trimming.")
    return f"{doc}export const FORM_FIELDS = [\n" + "".join(f"  {{ {row} }},\n" for row in rows) + "] as const;\n"


def typescript() -> str:
    """The whole of client/protocol.ts, formatted as the formatter of the front ends wants it."""
    parts = [
        "/** The wire, generated from chat/protocol/ by `python -m chat.protocol.codegen`. Change it there. */\n",
        *(ts_declaration(f"export type {name} =", literal(kind)) for kind, name in type_names.items()),
        *(ts_shape(shape) for shape in structs()),
        "/** How the server answers a command. */\nexport type Reply<T> = T | RefusedAck;\n",
        ts_commands("VisitorCommands", protocol.VISITOR_COMMANDS),
        ts_events("VisitorEvents", protocol.VISITOR_EVENTS),
        ts_commands("AgentCommands", protocol.AGENT_COMMANDS),
        ts_events("AgentEvents", protocol.AGENT_EVENTS),
        ts_limits(),
        ts_form_fields(),
    ]
    return "\n".join(parts)


# -- the page ------------------------------------------------------------------------------------------------


def table(head: str, rows: Iterable[str]) -> str:
    columns = head.count("|") + 1
    return "\n".join([f"| {head} |", "|" + "---|" * columns, *(f"| {row} |" for row in rows)])


def page_fields(shape: type[Struct], *, apart: tuple[str, ...] = ()) -> str:
    fields = [field for field in msgspec.structs.fields(shape) if field.name not in apart]
    return "{" + ", ".join(literal_tag(shape, field) for field in fields) + "}"


def page_commands(commands: Mapping[str, tuple[type[Struct], type[Struct]]]) -> str:
    return table(
        "command | payload | ack, beside `ok` | what",
        (
            f"`{event}` | `{page_fields(payload)}` | `{page_fields(ack, apart=('ok',))}` | {doc_of(payload)}"
            for event, (payload, ack) in commands.items()
        ),
    )


def page_events(events: Mapping[str, type[Struct]]) -> str:
    return table(
        "event | carries | what",
        (f"`{event}` | {shape.__name__} | {doc_of(shape)}" for event, shape in events.items()),
    )


def page_shapes() -> str:
    return "\n".join(page_shape(shape) for shape in structs())


def page_shape(shape: type[Struct]) -> str:
    fields = (f"{literal_tag(shape, field)}: {ts(field.type)}" for field in msgspec.structs.fields(shape))
    return f"- **{shape.__name__}** {doc_of(shape)}  \n  `{{{', '.join(fields)}}}`"


def page_limits() -> str:
    return table("limit | value", (f"`{name}` | {value}" for name, value in protocol.LIMITS.items()))


def page_routes() -> str:
    """The HTTP doors, each in the words of its own docstring."""
    return table("route | what", (f"`{one.method} {one.path}` | {doc_of(one.handler)}" for one in ROUTES))


def doc_of(thing: object) -> str:
    """A docstring, unfolded to one line."""
    return " ".join((inspect.getdoc(thing) or "").split())


def page_settings() -> str:
    """Every variable with what it says of itself; secrets have no default to show."""
    return table("variable | default | what", map(page_setting, fields(Settings)))


def page_setting(setting: Field[object]) -> str:
    default = setting.default if setting.repr and setting.default not in (None, "", ()) else ""
    return f"`{variable(setting)}` | {f'`{default}`' if default != '' else ''} | {setting.metadata['says']}"


def parts() -> dict[str, str]:
    """Every table by the name that a page calls it by."""
    return {
        "visitor commands": page_commands(protocol.VISITOR_COMMANDS),
        "visitor events": page_events(protocol.VISITOR_EVENTS),
        "agent commands": page_commands(protocol.AGENT_COMMANDS),
        "agent events": page_events(protocol.AGENT_EVENTS),
        "routes": page_routes(),
        "limits": page_limits(),
        "shapes": page_shapes(),
        "settings": page_settings(),
    }


def page(before: str) -> str:
    """A page with what stands between its marks written anew; what people wrote around them stays."""
    made = parts()

    def anew(found: re.Match[str]) -> str:
        return f"<!-- made: {found['name']} -->\n{made[found['name']]}\n<!-- end -->"

    return GENERATED_BLOCK.sub(anew, before)


# -- the command ---------------------------------------------------------------------------------------------


def stale() -> dict[Path, str]:
    """The files that do not say what the code says, with what they should."""
    wanted = {path: page(path.read_text("utf-8")) for path in sorted((ROOT / "docs").glob("*.md"))}
    wanted[TYPESCRIPT] = typescript()
    return {path: text for path, text in wanted.items() if not is_current(path, text)}


def is_current(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


def main(arguments: list[str]) -> int:
    """Writes what is stale; with --check only names it and answers 1."""
    checking = "--check" in arguments
    for path, text in (late := stale()).items():
        if not checking:
            path.write_text(text, "utf-8")
        sys.stdout.write(f"{'stale' if checking else 'written'}: {path.relative_to(ROOT)}\n")
    return 1 if checking and late else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
