"""Keyboard focus and screen reader announcements while the widget loads and changes."""

import asyncio

from playwright.async_api import Route, expect

from tests.journeys.browser import TIMEOUT_MS, BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.users import Visitor


async def test_focus_stays_in_panel_when_focused_button_disappears(
    browser: BrowserSession, system: RunningSystem
) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.send("Bonjour")
    await expect(ada.ringing_offers).to_have_count(1)
    await ada.accept_offer()
    end = vic.button("Terminer")
    await end.focus()
    await vic.page.keyboard.press("Enter")
    await expect(end).to_have_count(0)
    await expect(vic.frame.locator(".panel")).to_be_focused()
    await vic.page.keyboard.press("Escape")
    await expect(vic.launcher).to_be_focused()


async def test_status_regions_exist_before_first_announcement(browser: BrowserSession) -> None:
    """Screen readers announce changes of existing regions, but not a region that appears with its text."""
    vic = await browser.new_visitor()
    await vic.open_widget()
    regions = vic.frame.locator("[role=status]")
    shown = await regions.evaluate_all("all => all.map(one => getComputedStyle(one).display !== 'none')")
    assert shown == [True, True, True]


class DelayedResponse:
    """A route handler that delays responses until `release`."""

    def __init__(self) -> None:
        self.requested = asyncio.Event()
        self._released = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        self.requested.set()
        await self._released.wait()
        await route.continue_()

    def release(self) -> None:
        self._released.set()


async def expect_typing_reaches_text_field(vic: Visitor) -> None:
    await expect(vic.text).to_be_focused()
    await vic.page.keyboard.type("Une ligne")
    await expect(vic.text).to_have_value("Une ligne")


async def open_before_frame_loads(vic: Visitor) -> DelayedResponse:
    """Open the widget by keyboard while only the loader has loaded."""
    frame = DelayedResponse()
    await vic.context.route("**/widget/frame*", frame)
    await vic.launcher.focus()
    await vic.page.keyboard.press("Enter")
    await expect(vic.page.get_by_role("dialog")).to_be_focused()
    return frame


async def test_keyboard_open_before_frame_loads_focuses_text_field(browser: BrowserSession) -> None:
    """A frame that has the focus while its document loads may keep the focus, and the page would keep the keys."""
    vic = await browser.new_visitor()
    frame = await open_before_frame_loads(vic)
    await vic.page.evaluate("globalThis.pressed = 0; addEventListener('keydown', () => pressed++)")
    # These keys neither close the widget again nor trigger a shortcut of the page.
    await vic.page.keyboard.press("Space")
    await vic.page.keyboard.press("j")
    assert await vic.page.evaluate("pressed") == 0
    frame.release()
    await expect_typing_reaches_text_field(vic)


async def test_click_into_loading_frame_focuses_text_field(browser: BrowserSession) -> None:
    vic = await browser.new_visitor()
    frame = await open_before_frame_loads(vic)
    await vic.page.locator("#host").focus()
    await vic.page.get_by_role("dialog").click()
    frame.release()
    await expect_typing_reaches_text_field(vic)


async def test_escape_closes_widget_before_frame_loads(browser: BrowserSession) -> None:
    vic = await browser.new_visitor()
    frame = await open_before_frame_loads(vic)
    await vic.page.keyboard.press("Escape")
    await expect(vic.launcher).to_be_focused()
    frame.release()
    await expect(vic.text).to_be_attached()
    await expect(vic.launcher).to_be_focused()


async def open_before_locale_loads(vic: Visitor) -> DelayedResponse:
    """Open the widget by keyboard when the frame has loaded all but its language file."""
    locale = DelayedResponse()
    await vic.context.route("**/fr-*.js", locale)
    await vic.launcher.focus()
    await asyncio.wait_for(locale.requested.wait(), TIMEOUT_MS / 1000)
    await vic.page.keyboard.press("Enter")
    await expect(vic.launcher).to_have_attribute("aria-expanded", "true")
    return locale


async def test_keyboard_open_before_locale_loads_focuses_text_field(browser: BrowserSession) -> None:
    vic = await browser.new_visitor()
    locale = await open_before_locale_loads(vic)
    locale.release()
    await expect_typing_reaches_text_field(vic)


async def test_escape_closes_widget_before_locale_loads(browser: BrowserSession) -> None:
    vic = await browser.new_visitor()
    locale = await open_before_locale_loads(vic)
    await vic.page.keyboard.press("Escape")
    await expect(vic.launcher).to_have_attribute("aria-expanded", "false")
    locale.release()
    await expect(vic.text).to_be_attached()
    await expect(vic.launcher).to_be_focused()


async def test_focus_is_not_stolen_if_user_left_before_frame_loaded(browser: BrowserSession) -> None:
    vic = await browser.new_visitor()
    frame = await open_before_frame_loads(vic)
    await vic.page.locator("#host").focus()
    frame.release()
    await expect(vic.text).to_be_visible()
    await expect(vic.page.locator("#host")).to_be_focused()


async def test_focus_is_not_stolen_if_user_left_before_locale_loaded(browser: BrowserSession) -> None:
    vic = await browser.new_visitor()
    locale = await open_before_locale_loads(vic)
    await vic.page.locator("#host").click()
    locale.release()
    await expect(vic.text).to_be_visible()
    await vic.page.keyboard.type("Un nom")
    await expect(vic.page.locator("#host")).to_have_value("Un nom")
