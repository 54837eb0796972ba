"""The API of the host page: guichet('open' | 'close' | 'show' | 'hide' | …), also before the loader has loaded."""

from playwright.async_api import expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.users import Visitor

RECORD_EVENTS = "globalThis.events = []; guichet('on', '%s', listener = detail => events.push(detail ?? null))"


async def expect_open(vic: Visitor, expected: bool) -> None:
    await expect(vic.launcher).to_have_attribute("aria-expanded", str(expected).lower())


async def test_open_close_show_and_hide(browser: BrowserSession) -> None:
    vic = await browser.new_visitor("/help")
    await vic.launcher.wait_for()
    await vic.page.get_by_role("button", name="Aide").click()
    await expect_open(vic, True)
    await expect(vic.text).to_be_focused()
    await vic.page.evaluate("guichet('close')")
    await expect_open(vic, False)
    await vic.page.evaluate("guichet('hide')")
    await expect(vic.launcher).to_be_hidden()
    await vic.page.evaluate("guichet('show')")
    await expect(vic.launcher).to_be_visible()
    await expect_open(vic, False)
    await vic.page.evaluate("guichet('unknown command')")


async def test_calls_before_loader_are_queued(browser: BrowserSession) -> None:
    vic = await browser.new_visitor("/early")
    await vic.open_widget()
    await expect(vic.page).to_have_title("ouvert")
    await expect(vic.text).to_have_value("Une question sur la page")
    await expect(vic.frame.get_by_label("Votre adresse e-mail")).to_have_value("vic@exemple.fr")


async def test_prefill_message_events_and_set_page(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await vic.launcher.wait_for()
    await vic.page.evaluate(RECORD_EVENTS % "message")
    await vic.page.evaluate("guichet('setPage', {url: 'https://exemple.fr/compte', title: 'Mon compte'})")
    await vic.page.evaluate("guichet('prefill', {name: 'Vic Martin', text: 'Bonjour', category: 'payments'})")
    await vic.open_widget()
    await expect(vic.text).to_have_value("Bonjour")
    await vic.text.press("Enter")
    await expect(ada.ringing_offers).to_contain_text("Vic Martin")
    await expect(ada.ringing_offers).to_contain_text("Paiements")
    await ada.accept_offer()
    await expect(ada.page.get_by_role("link", name="Mon compte")).to_have_attribute("href", "https://exemple.fr/compte")
    await ada.send("Bonjour Vic.")
    await vic.page.wait_for_function("events.length === 1")
    assert await vic.page.evaluate("events") == [{"from": "Ada"}]

    # A removed listener gets no more events.
    await vic.page.evaluate("guichet('off', 'message', listener)")
    await ada.send("Et bienvenue.")
    await expect(vic.bubble("Et bienvenue.")).to_be_visible()
    assert await vic.page.evaluate("events.length") == 1


async def test_destroy_removes_widget_and_api(browser: BrowserSession) -> None:
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.page.evaluate("guichet('destroy')")
    await expect(vic.launcher).to_have_count(0)
    await expect(vic.page.locator("iframe")).to_have_count(0)
    assert await vic.page.evaluate("[typeof guichet, document.documentElement.children.length]") == ["undefined", 2]
