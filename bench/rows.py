"""A row of the table: what was measured, what came out, what it must be, and whether it is."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


class NotReached(Exception):
    """A measurement that did not come to its end, and why: an overloaded server is one."""


@dataclass(frozen=True)
class Row:
    """One line; `goal` is empty where a number is only told."""

    what: str
    value: str
    goal: str
    ok: bool


def at_most(what: str, value: float, limit: float, unit: str) -> Row:
    """A row that is good when the value is no larger."""
    return Row(what, f"{shown(value)} {unit}", f"<= {limit:g} {unit}", value <= limit)


def equal(what: str, value: int, wanted: int, of: str) -> Row:
    """A row that is good when two counts are the same."""
    return Row(what, f"{value:,} {of}", f"{wanted:,}", value == wanted)


def told(what: str, value: float, unit: str) -> Row:
    """A number without a goal."""
    return Row(what, f"{shown(value)} {unit}", "", True)


def failed(what: str, goal: str, why: object) -> Row:
    """A row that could not be measured is not good."""
    return Row(what, f"not reached: {why}", goal, False)


def shown(value: float) -> str:
    """Three digits that count, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(rows: Sequence[Row]) -> str:
    """For a terminal and, as it is, for Markdown."""
    heads = ("", "what", "measured", "goal")
    cells = [heads, *(("ok" if row.ok else "NOT", row.what, row.value, row.goal) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def as_json(rows: Iterable[Row]) -> str:
    """A list of {what, value, goal, ok}."""
    return json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False)


def row_of(found: dict[str, Any]) -> Row:
    """The same, read back."""
    return Row(*(found[name] for name in ("what", "value", "goal", "ok")))
