"""Pictures of every screen for people to look at: python -m pytest tests/journeys/screenshots.py, PICTURES=folder."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.journeys.browser import Stage
from tests.journeys.running_system import Town
from tests.journeys.screen_tour import DESKTOP, PHONE, Walk, Way

SCREENS = {"1280": DESKTOP, "375": PHONE}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_pictures(stage: Stage, town: Town, language: str, screen: str, scheme: str) -> None:
    """Named by what they show, how wide, in which language and by what light."""
    folder = Path(os.environ["PICTURES"])

    async def look(name: str, page: Page) -> None:
        await page.screenshot(path=folder / f"{name}-{screen}-{language}-{scheme}.png", animations="disabled")

    await Walk(stage, town, Way(language, SCREENS[screen], scheme), look).all()
