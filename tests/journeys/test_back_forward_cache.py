"""A page out of the browser's cache: it has slept while the visitor said things elsewhere, and must know of them."""

from playwright.async_api import expect

from tests.journeys.browser import Stage
from tests.journeys.running_system import Town

# What a page in that cache does not hear; the browsers of these tests have no such cache themselves.
ASLEEP = "addEventListener('storage', event => event.stopImmediatePropagation())"
BACK = "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"


async def test_what_was_said_on_a_later_page_is_known_on_the_earlier_one(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    await ada.is_("available")
    vic = await stage.visitor(None)
    await vic.page.add_init_script(ASLEEP)
    await vic.goes_to()
    await vic.opens()
    later = await stage.again(vic, "/second")
    await later.opens()
    await later.says("Dit sur la page suivante.")
    await expect(ada.ringing).to_have_count(1)
    # The net can catch: asleep it has heard nothing.
    await expect(vic.log.locator(".bubble")).to_have_count(0)

    await vic.page.evaluate(BACK)
    await expect(vic.bubble("Dit sur la page suivante.")).to_be_visible()
    await vic.says("Et encore un mot, revenu en arrière.")
    await ada.accepts()
    await ada.reads("Dit sur la page suivante.", "Et encore un mot, revenu en arrière.")
