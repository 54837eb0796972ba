"""Double clicks, repeated keys and keys typed in a menu act at most once, and only on what the agent meant."""

from playwright.async_api import Locator, ViewportSize, expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.users import Agent


async def double_click(button: Locator) -> None:
    """Double-click at a fixed position, so that the second click hits whatever element is there by then."""
    await button.scroll_into_view_if_needed()
    box = await button.bounding_box()
    assert box
    await button.page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, delay=20)


async def agent_with_ringing_offers(browser: BrowserSession, system: RunningSystem, count: int) -> Agent:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    for number in range(count):
        vic = await browser.new_visitor()
        await vic.open_widget()
        await vic.send(f"Bonjour {number}")
        await expect(ada.ringing_offers).to_have_count(number + 1)
    return ada


async def test_ringing_offers_leave_the_lists_in_reach(browser: BrowserSession, system: RunningSystem) -> None:
    ada = await agent_with_ringing_offers(browser, system, 4)
    waiting = ada.rows("En attente")
    for size in (ViewportSize(width=1280, height=720), ViewportSize(width=1024, height=600)):
        await ada.page.set_viewport_size(size)
        for number in (0, 3):
            await waiting.nth(number).click()
            await expect(ada.bubble(f"Bonjour {number}")).to_be_visible()
    await ada.ringing_offers.last.get_by_role("button", name="Prendre").click()
    await expect(ada.rows("Les miennes")).to_contain_text("Bonjour 3")


async def test_double_click_claims_one_chat_and_ends_one_chat(browser: BrowserSession, system: RunningSystem) -> None:
    ada = await agent_with_ringing_offers(browser, system, 3)
    for left in (2, 1):
        await double_click(ada.ringing_offers.last.get_by_role("button", name="Prendre"))
        await expect(ada.log).to_be_visible()
        await expect(ada.ringing_offers).to_have_count(left)
    await expect(ada.rows("Les miennes")).to_have_count(2)
    await expect(ada.rows("En attente")).to_have_count(1)

    await double_click(ada.button("Terminer"))
    await expect(ada.toasts.get_by_role("button", name="Annuler")).to_have_count(1)
    await expect(ada.page.locator(".thread__actions").get_by_role("button", name="Annuler")).to_be_visible()


async def test_repeated_key_claims_one_chat(browser: BrowserSession, system: RunningSystem) -> None:
    ada = await agent_with_ringing_offers(browser, system, 2)
    await ada.page.get_by_role("heading", name="En attente").click()
    for _ in range(3):
        await ada.page.keyboard.down("a")
    await ada.page.keyboard.up("a")
    await expect(ada.ringing_offers).to_have_count(1)
    await expect(ada.rows("Les miennes")).to_have_count(1)


async def test_shortcut_key_in_open_menu_does_not_end_chat(browser: BrowserSession, system: RunningSystem) -> None:
    ada = await agent_with_ringing_offers(browser, system, 1)
    await ada.accept_offer()
    await ada.page.get_by_role("button", name="Changer de statut").click()
    first = ada.page.get_by_role("menuitem").first
    await expect(first).to_be_focused()
    await ada.page.keyboard.press("e")
    await ada.page.keyboard.press("Escape")
    await expect(first).to_have_count(0)
    await expect(ada.button("Terminer")).to_be_visible()
    # Shows that the key works: outside the menu it ends the chat.
    await ada.page.keyboard.press("e")
    await expect(ada.button("Terminer")).to_have_count(0)
