"""The widget's frame does not come: the loader draws the panel, says so, tries again and leads to the form."""

import asyncio
import re

import pytest
from playwright.async_api import Locator, Route, expect

from chat.domain.people.sites import SiteEdit, set_site
from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.screen_tour import PHONE
from tests.journeys.users import Visitor

FRAME_PAGE = re.compile(r"/widget/frame")
PARTS = {
    "page": FRAME_PAGE,
    "script": re.compile(r"/static/widget/main-.*\.js"),
    "texts": re.compile(r"/static/widget/fr-.*\.js"),
    "styles": re.compile(r"/static/widget/widget-.*\.css"),
}


async def open_for_six_seconds(vic: Visitor) -> None:
    """Open the widget of a page whose clock was installed, and wait until the loader gives up."""
    await vic.launcher.click()
    await vic.page.clock.fast_forward(6_000)
    await expect(failure(vic)).to_be_visible()


def failure(vic: Visitor) -> Locator:
    return vic.page.get_by_text("Le chat ne répond pas.")


def close_button(vic: Visitor) -> Locator:
    """The loader's own; on a phone the launcher is hidden while the panel is open."""
    return vic.page.get_by_role("button", name="Fermer la discussion")


@pytest.mark.parametrize("part", PARTS)
async def test_part_that_is_lost_once_comes_at_next_opening(browser: BrowserSession, part: str) -> None:
    vic = await browser.new_visitor(None, **PHONE)
    await vic.page.route(PARTS[part], lambda route: route.fulfill(status=503, body=""))
    await vic.go_to()
    async with vic.page.expect_response(PARTS[part]) as lost:
        await vic.launcher.click()
    assert (await lost.value).status == 503
    await close_button(vic).click()
    await vic.page.unroute(PARTS[part])
    await expect(vic.launcher).to_have_attribute("aria-expanded", "false")
    await vic.launcher.click()
    await expect(vic.text).to_be_visible()
    await expect(close_button(vic)).to_be_hidden()
    # The browser reports that the module of the texts could not be loaded.
    browser.script_errors.clear()


async def test_panel_says_that_chat_does_not_respond_and_tries_again(browser: BrowserSession) -> None:
    vic = await browser.new_visitor(None)
    await vic.page.clock.install()
    await vic.page.route(FRAME_PAGE, lambda route: route.abort())
    await vic.go_to()
    await open_for_six_seconds(vic)
    contact = vic.page.get_by_role("link", name="Écrire par formulaire")
    await expect(contact).to_have_attribute("href", f"{vic.system.chat_url}/contact?site=demo&lang=fr")
    await vic.page.unroute(FRAME_PAGE)
    await vic.page.get_by_role("button", name="Réessayer").click()
    await expect(failure(vic)).to_be_hidden()
    await expect(vic.text).to_be_focused()


async def test_frame_that_comes_late_takes_the_place_of_the_words(browser: BrowserSession) -> None:
    vic = await browser.new_visitor(None)
    waited = asyncio.Event()

    async def delay(route: Route) -> None:
        await waited.wait()
        await route.continue_()

    await vic.page.clock.install()
    await vic.page.route(FRAME_PAGE, delay)
    await vic.go_to()
    await open_for_six_seconds(vic)
    waited.set()
    await expect(vic.text).to_be_visible()
    await expect(failure(vic)).to_be_hidden()


async def test_page_of_unlisted_origin_is_no_trap_on_phone(browser: BrowserSession, system: RunningSystem) -> None:
    edit = SiteEdit("Demo", ["https://shop.example"])
    await system.store.write(set_site, "demo", edit, system.clock())
    browser.expected_violations = "frame-ancestors"
    vic = await browser.new_visitor(None, **PHONE)
    await vic.page.clock.install()
    await vic.go_to()
    await open_for_six_seconds(vic)
    async with vic.context.expect_page() as opened:
        await vic.page.get_by_role("link", name="Écrire par formulaire").tap()
    await expect((await opened.value).get_by_label("Votre message")).to_be_visible()
    await close_button(vic).tap()
    await expect(failure(vic)).to_be_hidden()
    assert await vic.page.evaluate("getComputedStyle(document.documentElement).overflow") == "visible"
    await expect(vic.launcher).to_be_focused()
