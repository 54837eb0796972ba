"""Runs axe in every document of a page and returns its violations, one readable line each."""

from pathlib import Path

import axe_playwright_python
from playwright.async_api import Frame, Page

SCRIPT = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
RUN = """() => axe.run(document, {
  iframes: false,
  resultTypes: ["violations"],
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
  nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`)))"""


async def violations(page: Page) -> list[str]:
    """Violations in the page and in its frames."""
    found = []
    for frame in page.frames:
        if frame.url.startswith("http"):
            found += await frame_violations(frame)
    return found


async def frame_violations(frame: Frame) -> list[str]:
    await frame.evaluate(SCRIPT)
    found: list[str] = await frame.evaluate(RUN)
    return found
