"""axe finds nothing, on any screen of widget, console and pages, by day and by night."""

import pytest
from playwright.async_api import Page

from tests.journeys import axe
from tests.journeys.browser import Stage
from tests.journeys.running_system import Town
from tests.journeys.screen_tour import DESKTOP, PHONE, Walk, Way


@pytest.mark.parametrize(
    "way", [Way("fr", DESKTOP, "light"), Way("en", PHONE, "dark")], ids=["day-desktop", "night-phone"]
)
async def test_axe_finds_nothing(stage: Stage, town: Town, way: Way) -> None:
    found: list[str] = []

    async def look(name: str, page: Page) -> None:
        found.extend(f"{name}: {fault}" for fault in await axe.faults(page))

    await Walk(stage, town, way, look).all()
    assert not found, "\n".join(found)


async def test_axe_would_find_something(stage: Stage) -> None:
    vic = await stage.visitor("/bare")
    await vic.page.evaluate("document.body.innerHTML = '<main><h1>Titre</h1><img src=x><input></main>'")
    found = " ".join(await axe.faults(vic.page))
    assert "image-alt" in found
    assert "label" in found
