"""A page restored from the back/forward cache shows what its visitor sent on other pages meanwhile."""

from playwright.async_api import expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem

# A page in that cache gets no storage events. The test browsers have no such cache, so the test blocks the events.
BLOCK_STORAGE_EVENTS = "addEventListener('storage', event => event.stopImmediatePropagation())"
RESTORE_FROM_CACHE = "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"


async def test_restored_page_shows_messages_sent_on_later_page(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor(None)
    await vic.page.add_init_script(BLOCK_STORAGE_EVENTS)
    await vic.go_to()
    await vic.open_widget()
    later = await browser.reopen(vic, "/second")
    await later.open_widget()
    await later.send("Dit sur la page suivante.")
    await expect(ada.ringing_offers).to_have_count(1)
    # Shows that the check works: the page has not received the message yet.
    await expect(vic.log.locator(".bubble")).to_have_count(0)

    await vic.page.evaluate(RESTORE_FROM_CACHE)
    await expect(vic.bubble("Dit sur la page suivante.")).to_be_visible()
    await vic.send("Et encore un mot, revenu en arrière.")
    await ada.accept_offer()
    await ada.expect_visitor_messages("Dit sur la page suivante.", "Et encore un mot, revenu en arrière.")
