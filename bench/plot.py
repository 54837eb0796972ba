"""The picture: a bar for each comparison with Node, whose own bar would end at the line; light and dark."""

import re
from collections.abc import Sequence
from html import escape

from bench.rows import Row

NODE = ", Node = 1"
TIMES = re.compile(r"^([\d.,]+) x$")
WIDTH, LEFT, RIGHT, ROW, TOP = 820, 330, 90, 34, 40
STYLE = """text{font:13px system-ui,sans-serif;fill:#24292f}.good{fill:#2f7d4f}.bad{fill:#b3502f}
.line{stroke:#57606a}.goal{stroke:#24292f;stroke-dasharray:3 3}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.good{fill:#4fae78}.bad{fill:#e08a62}
.line{stroke:#8b949e}.goal{stroke:#e6edf3}}"""


def number(words: str) -> float | None:
    """The number of "0.83 x", None for anything else."""
    found = TIMES.match(words.removeprefix("<= "))
    return float(found[1].replace(",", "")) if found else None


def beside_node(rows: Sequence[Row]) -> str:
    """An SVG of the rows that compare with Node and were measured."""
    bars = [(row, value) for row in rows if NODE in row.what and (value := number(row.value)) is not None]
    most = max([1.2, *(value for _, value in bars)])
    height = TOP + ROW * len(bars) + 10
    lines = [bar(row, value, place, most) for place, (row, value) in enumerate(bars)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    title = "<title>Server CPU for one relayed message, beside Node's socket.io, which stores nothing</title>"
    node = LEFT + scaled(1, most)
    axis = (
        f'<line class="line" x1="{node:.1f}" x2="{node:.1f}" y1="{TOP - 12}" y2="{height - 6}"/>'
        f'<text x="{node:.1f}" y="{TOP - 18}" text-anchor="middle">Node = 1</text>'
    )
    return "\n".join([head, title, f"<style>{STYLE}</style>", *lines, axis, "</svg>", ""])


def scaled(value: float, most: float) -> float:
    return value / most * (WIDTH - LEFT - RIGHT)


def bar(row: Row, value: float, place: int, most: float) -> str:
    """A name, a bar, a dashed mark where the goal is, and at the right the number."""
    y, long = TOP + place * ROW, scaled(value, most)
    name = escape(row.what.replace(NODE, "").replace(": CPU a message", ""))
    parts = [
        f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end">{name}</text>',
        f'<rect class="{"good" if row.ok else "bad"}" x="{LEFT}" y="{y}" width="{long:.1f}" height="20" rx="3"/>',
        f'<text x="{WIDTH - 10}" y="{y + 15}" text-anchor="end">{escape(row.value)}</text>',
    ]
    goal = number(row.goal)
    if goal is not None:
        x = LEFT + scaled(goal, most)
        parts.append(f'<line class="goal" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 4}" y2="{y + 24}"/>')
    return "".join(parts)
