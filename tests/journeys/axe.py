"""axe in every document of a page: what it finds, one readable line each."""

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


async def faults(page: Page) -> list[str]:
    """Of the page and of the frames in it."""
    found = []
    for frame in page.frames:
        if frame.url.startswith("http"):
            found += await faults_in(frame)
    return found


async def faults_in(frame: Frame) -> list[str]:
    await frame.evaluate(SCRIPT)
    found: list[str] = await frame.evaluate(RUN)
    return found
