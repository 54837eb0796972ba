"""A row of the table: what was measured, the value, the goal, and whether the value meets it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass


class MeasurementFailed(Exception):
    """A measurement that has no result, and why: an overloaded server, for example."""


@dataclass(frozen=True)
class Row:
    """One row. `goal` is empty for a number without one."""

    what: str
    value: str
    goal: str
    ok: bool


def at_most(what: str, value: float, limit: float, unit: str) -> Row:
    """A row that is ok when the value does not exceed the limit."""
    return Row(what, f"{format_number(value)} {unit}", f"<= {limit:g} {unit}", value <= limit)


def equal(what: str, value: int, wanted: int, unit: str) -> Row:
    """A row that is ok when two counts are the same."""
    return Row(what, f"{value:,} {unit}", f"{wanted:,}", value == wanted)


def info(what: str, value: float, unit: str) -> Row:
    """A number without a goal."""
    return Row(what, f"{format_number(value)} {unit}", "", True)


def not_measured(what: str, goal: str, reason: object) -> Row:
    """A row whose measurement failed. It is never ok."""
    return Row(what, f"not measured: {reason}", goal, False)


def format_number(value: float) -> str:
    """Three significant digits, never with an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def format_table(rows: Sequence[Row]) -> str:
    """The table for a terminal, which is valid Markdown too."""
    heads = ("", "what", "measured", "goal")
    cells = [heads, *(("ok" if row.ok else "NOT", row.what, row.value, row.goal) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    formatted = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    return "\n".join([formatted[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *formatted[1:]])


def to_json(rows: Iterable[Row]) -> str:
    """A list of {what, value, goal, ok}."""
    return json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False)
