"""Takes a screenshot of every screen: PICTURES=folder python -m pytest tests/journeys/screenshots.py"""

import os
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.screen_tour import DESKTOP, PHONE, ScreenTour, Variant

SCREEN_SIZES = {"1280": DESKTOP, "375": PHONE}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREEN_SIZES)
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_take_screenshots(
    browser: BrowserSession, system: RunningSystem, language: str, screen: str, scheme: str
) -> None:
    """File names have the screen, its width, the language and the color scheme."""
    folder = Path(os.environ["PICTURES"])

    async def take(name: str, page: Page) -> None:
        await page.screenshot(path=folder / f"{name}-{screen}-{language}-{scheme}.png", animations="disabled")

    await ScreenTour(browser, system, Variant(language, SCREEN_SIZES[screen], scheme), take).visit_all()
