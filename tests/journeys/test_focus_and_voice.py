"""What a keyboard holds and a screen reader hears while the panel changes under them."""

from playwright.async_api import expect

from tests.journeys.stage import Stage
from tests.journeys.town import Town


async def test_a_button_that_is_gone_leaves_the_focus_in_the_panel(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    await ada.is_("available")
    vic = await stage.visitor()
    await vic.opens()
    await vic.says("Bonjour")
    await expect(ada.ringing).to_have_count(1)
    await ada.accepts()
    end = vic.button("Terminer")
    await end.focus()
    await vic.page.keyboard.press("Enter")
    await expect(end).to_have_count(0)
    await expect(vic.frame.locator(".panel")).to_be_focused()
    await vic.page.keyboard.press("Escape")
    await expect(vic.launcher).to_be_focused()


async def test_what_will_be_announced_has_its_place_from_the_start(stage: Stage) -> None:
    """A screen reader reads what changes in a region that it knows; one that appears with its words is not read."""
    vic = await stage.visitor()
    await vic.opens()
    regions = vic.frame.locator("[role=status]")
    shown = await regions.evaluate_all("all => all.map(one => getComputedStyle(one).display !== 'none')")
    assert shown == [True, True, True]
