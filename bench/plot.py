"""The bar chart of the comparisons with Node, as an SVG in light and dark colors. A vertical line marks Node."""

import re
from collections.abc import Sequence
from html import escape

from bench.rows import Row

NODE = ", Node = 1"
RATIO = re.compile(r"^([\d.,]+) x$")
WIDTH, LEFT, RIGHT, ROW_HEIGHT, TOP = 820, 330, 90, 34, 40
STYLE = """text{font:13px system-ui,sans-serif;fill:#24292f}.good{fill:#2f7d4f}.bad{fill:#b3502f}
.line{stroke:#57606a}.goal{stroke:#24292f;stroke-dasharray:3 3}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.good{fill:#4fae78}.bad{fill:#e08a62}
.line{stroke:#8b949e}.goal{stroke:#e6edf3}}"""


def parse_ratio(text: str) -> float | None:
    """0.83 for "0.83 x" and for "<= 0.83 x", None for anything else."""
    found = RATIO.match(text.removeprefix("<= "))
    return float(found[1].replace(",", "")) if found else None


def comparison_svg(rows: Sequence[Row]) -> str:
    """The SVG of the measured rows that compare with Node."""
    bars = [(row, value) for row in rows if NODE in row.what and (value := parse_ratio(row.value)) is not None]
    maximum = max([1.2, *(value for _, value in bars)])
    height = TOP + ROW_HEIGHT * len(bars) + 10
    drawn = [bar(row, value, index, maximum) for index, (row, value) in enumerate(bars)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    title = "<title>Server CPU for one relayed message, beside Node's socket.io, which stores nothing</title>"
    node = LEFT + scale(1, maximum)
    axis = (
        f'<line class="line" x1="{node:.1f}" x2="{node:.1f}" y1="{TOP - 12}" y2="{height - 6}"/>'
        f'<text x="{node:.1f}" y="{TOP - 18}" text-anchor="middle">Node = 1</text>'
    )
    return "\n".join([head, title, f"<style>{STYLE}</style>", *drawn, axis, "</svg>", ""])


def scale(value: float, maximum: float) -> float:
    return value / maximum * (WIDTH - LEFT - RIGHT)


def bar(row: Row, value: float, index: int, maximum: float) -> str:
    """A label, a bar, a dashed mark at the goal, and the value at the right."""
    y, length = TOP + index * ROW_HEIGHT, scale(value, maximum)
    label = escape(row.what.replace(NODE, "").replace(": CPU per message", ""))
    parts = [
        f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end">{label}</text>',
        f'<rect class="{"good" if row.ok else "bad"}" x="{LEFT}" y="{y}" width="{length:.1f}" height="20" rx="3"/>',
        f'<text x="{WIDTH - 10}" y="{y + 15}" text-anchor="end">{escape(row.value)}</text>',
    ]
    goal = parse_ratio(row.goal)
    if goal is not None:
        x = LEFT + scale(goal, maximum)
        parts.append(f'<line class="goal" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 4}" y2="{y + 24}"/>')
    return "".join(parts)
