"""The tables in docs/: commands, events, routes, limits, shapes and settings in Markdown."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import Field, fields

import msgspec
from msgspec import Struct

from chat import protocol
from chat.protocol.codegen.shapes import doc_of, field_name, structs
from chat.protocol.codegen.typescript import type_of
from chat.settings import Settings, variable
from chat.web.routes import ROUTES

GENERATED_BLOCK = re.compile(r"<!-- made: (?P<name>[a-z ]+) -->\n.*?<!-- end -->", re.DOTALL)


def with_tables(page: str) -> str:
    """A page with new tables between its marks; the text around them stays. Raises KeyError for a mark that names no
    table."""
    tables = all_tables()

    def generated(found: re.Match[str]) -> str:
        return f"<!-- made: {found['name']} -->\n{tables[found['name']]}\n<!-- end -->"

    return GENERATED_BLOCK.sub(generated, page)


def all_tables() -> dict[str, str]:
    """Every table by the name that stands in a page's mark."""
    return {
        "visitor commands": commands_table(protocol.VISITOR_COMMANDS),
        "visitor events": events_table(protocol.VISITOR_EVENTS),
        "agent commands": commands_table(protocol.AGENT_COMMANDS),
        "agent events": events_table(protocol.AGENT_EVENTS),
        "routes": routes_table(),
        "limits": limits_table(),
        "shapes": shapes_list(),
        "settings": settings_table(),
    }


def table(head: str, rows: Iterable[str]) -> str:
    columns = head.count("|") + 1
    return "\n".join([f"| {head} |", "|" + "---|" * columns, *(f"| {row} |" for row in rows)])


def commands_table(commands: Mapping[str, tuple[type[Struct], type[Struct]]]) -> str:
    rows = (
        f"`{event}` | `{field_names(payload)}` | `{field_names(ack)}` | {doc_of(payload)}"
        for event, (payload, ack) in commands.items()
    )
    return table("command | payload | ack, beside `ok` | what", rows)


def field_names(shape: type[Struct]) -> str:
    """The names of its fields in braces, without the `ok` of every ack."""
    names = [field_name(shape, field) for field in msgspec.structs.fields(shape) if field.name != "ok"]
    return "{" + ", ".join(names) + "}"


def events_table(events: Mapping[str, type[Struct]]) -> str:
    rows = (f"`{event}` | {shape.__name__} | {doc_of(shape)}" for event, shape in events.items())
    return table("event | carries | what", rows)


def routes_table() -> str:
    """Every HTTP route with the docstring of its handler."""
    return table("route | what", (f"`{one.method} {one.path}` | {doc_of(one.handler)}" for one in ROUTES))


def limits_table() -> str:
    return table("limit | value", (f"`{name}` | {value}" for name, value in protocol.LIMITS.items()))


def shapes_list() -> str:
    return "\n".join(map(shape_item, structs()))


def shape_item(shape: type[Struct]) -> str:
    typed = (f"{field_name(shape, field)}: {type_of(field.type)}" for field in msgspec.structs.fields(shape))
    return f"- **{shape.__name__}** {doc_of(shape)}  \n  `{{{', '.join(typed)}}}`"


def settings_table() -> str:
    """Every variable with its default and its text; the default of a secret is not shown."""
    return table("variable | default | what", map(setting_row, fields(Settings)))


def setting_row(setting: Field[object]) -> str:
    default = setting.default if setting.repr and setting.default not in (None, "", ()) else ""
    return f"`{variable(setting)}` | {f'`{default}`' if default != '' else ''} | {setting.metadata['says']}"
