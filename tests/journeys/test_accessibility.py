"""axe finds no accessibility violation on any screen, in light and dark color schemes."""

import pytest
from playwright.async_api import Page

from tests.journeys import axe
from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.screen_tour import DESKTOP, PHONE, ScreenTour, Variant


@pytest.mark.parametrize(
    "way", [Variant("fr", DESKTOP, "light"), Variant("en", PHONE, "dark")], ids=["light-desktop", "dark-phone"]
)
async def test_axe_finds_no_violation_on_any_screen(
    browser: BrowserSession, system: RunningSystem, way: Variant
) -> None:
    found: list[str] = []

    async def check(name: str, page: Page) -> None:
        found.extend(f"{name}: {violation}" for violation in await axe.violations(page))

    await ScreenTour(browser, system, way, check).visit_all()
    assert not found, "\n".join(found)


async def test_axe_detects_violations(browser: BrowserSession) -> None:
    vic = await browser.new_visitor("/bare")
    await vic.page.evaluate("document.body.innerHTML = '<main><h1>Titre</h1><img src=x><input></main>'")
    found = " ".join(await axe.violations(vic.page))
    assert "image-alt" in found
    assert "label" in found
