"""One visitor on many pages: tabs, navigation, single-page sites, and browsers that lack or deny features."""

import re

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.ui_text import EN
from tests.journeys.users import Agent, Visitor

# Browsers without the navigation API.
NO_NAVIGATION_API = "Object.defineProperty(window, 'navigation', { value: undefined });"
STORAGE_DENIED = """for (const name of ["localStorage", "sessionStorage", "indexedDB"])
  Object.defineProperty(globalThis, name, { get() { throw new DOMException("denied", "SecurityError"); } });"""
# Languages as browsers report them on Linux, on Android with regional preferences, and by a tag that is none.
STRANGE_LANGUAGES = """Object.defineProperty(navigator, "languages", {
  get: () => ["%s", "C", "*"],
});"""
# Resolves once this tab has been told that another one stored an unsent message.
WATCH_OUTBOX = """() => {
  globalThis.outboxSeen = new Promise((done) => addEventListener("storage", ({ newValue }) => {
    if (newValue?.includes("outbox:")) setTimeout(done);
  }));
}"""
# A network in which every WebSocket fails.
NO_WEBSOCKET = """globalThis.WebSocket = class extends EventTarget {
  static OPEN = 1;
  readyState = 0;
  constructor() {
    super();
    setTimeout(() => {
      this.readyState = 3;
      this.onerror?.(new Event("error"));
      const end = new CloseEvent("close", { code: 1006 });
      this.onclose?.(end);
      this.dispatchEvent(end);
    });
  }
  send() {}
  close() {}
};"""


@pytest_asyncio.fixture(loop_scope="session")
async def ada_is_there(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")


async def test_two_tabs_share_one_conversation(browser: BrowserSession, ada_is_there: None) -> None:
    ada = browser.agents["Ada"]
    vic = await browser.new_visitor()
    other = await browser.reopen(vic, "/second")
    await vic.open_widget()
    await other.open_widget()
    await vic.send("Dans le premier onglet.")
    await expect(other.bubble("Dans le premier onglet.")).to_be_visible()
    await other.send("Dans le second onglet.")
    await expect(vic.bubble("Dans le second onglet.")).to_be_visible()
    await ada.accept_offer()
    await ada.expect_visitor_messages("Dans le premier onglet.", "Dans le second onglet.")
    await ada.send("Je vous lis des deux côtés.")
    for tab in (vic, other):
        await expect(tab.bubble("Je vous lis des deux côtés.")).to_be_visible()


async def test_chat_begun_in_two_tabs_at_once_is_one(browser: BrowserSession, ada_is_there: None) -> None:
    ada = browser.agents["Ada"]
    vic = await browser.new_visitor()
    other = await browser.reopen(vic, "/second")
    for tab, text in ((vic, "Du premier onglet."), (other, "Du second onglet.")):
        await tab.open_widget()
        await tab.text.fill(text)
    # The first tab keeps its message until the second has sent its own: no ack tells which visitor both are.
    await vic.context.set_offline(True)
    await other.page.evaluate(WATCH_OUTBOX)
    await vic.text.press("Enter")
    await other.page.evaluate("globalThis.outboxSeen")
    await other.text.press("Enter")
    await vic.context.set_offline(False)
    for tab in (vic, other):
        await expect(tab.log.locator(".bubble")).to_have_count(2)
    await ada.accept_offer()
    await expect(ada.log.locator(".message--visitor .bubble")).to_have_count(2)
    await expect(ada.ringing_offers).to_have_count(0)


async def test_conversation_continues_on_next_page(browser: BrowserSession, ada_is_there: None) -> None:
    ada = browser.agents["Ada"]
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.send("Un premier mot.")
    await vic.page.get_by_role("link", name="La page suivante").click()
    await vic.page.wait_for_url("**/second")
    # On a wide screen the widget is still open on the next page, but does not take the focus.
    await expect(vic.bubble("Un premier mot.")).to_be_visible()
    await expect(vic.launcher).to_have_attribute("aria-expanded", "true")
    await expect(vic.text).not_to_be_focused()
    await vic.send("Un second mot.")
    await ada.accept_offer()
    await ada.expect_visitor_messages("Un premier mot.", "Un second mot.")


async def test_closed_widget_previews_new_message(browser: BrowserSession, ada_is_there: None) -> None:
    ada = browser.agents["Ada"]
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.send("Je regarde autre chose en attendant.")
    await vic.launcher.click()
    await expect(vic.text).to_be_hidden()
    await ada.accept_offer()
    await ada.send("Votre banque a demandé une vérification.")
    await expect(vic.launcher).to_have_accessible_name("Ouvrir la discussion, 1 message non lu")
    preview = vic.page.get_by_role("button", name="Votre banque a demandé une vérification.")
    await expect(preview).to_contain_text("Ada")
    await expect(ada.log.get_by_text(" · lu")).to_have_count(0)
    await preview.click()
    await expect(vic.bubble("Votre banque a demandé une vérification.")).to_be_visible()
    await expect(ada.log.get_by_text(" · lu")).to_be_visible()
    await expect(vic.launcher).to_have_accessible_name("Fermer la discussion")


@pytest.mark.parametrize("init_script", ["", NO_NAVIGATION_API], ids=["new", "old"])
async def test_single_page_site_reports_current_page(
    browser: BrowserSession, ada_is_there: None, init_script: str
) -> None:
    ada = browser.agents["Ada"]
    vic = await browser.new_visitor(None)
    await vic.context.add_init_script(init_script)
    await vic.go_to("/app")
    await vic.open_widget()
    await vic.send("Où est mon panier ?")
    await ada.accept_offer()
    page = ada.page.get_by_role("complementary", name="Fiche").get_by_role("link")
    await expect(page).to_have_text("Une seule page")
    await vic.page.get_by_role("button", name="Panier").click()
    await expect(page).to_have_text("Votre panier")
    await expect(page).to_have_attribute("href", vic.system.website_url("/app/basket"))
    await expect(vic.bubble("Où est mon panier ?")).to_be_visible()


async def test_loader_included_twice_creates_one_launcher(browser: BrowserSession, ada_is_there: None) -> None:
    vic = await browser.new_visitor("/twice")
    await expect(vic.launcher).to_have_count(1)
    await vic.page.wait_for_function("performance.getEntriesByType('resource').length >= 2")
    await vic.open_widget()
    await vic.send("Une seule fois.")
    await expect(vic.page.locator("iframe")).to_have_count(1)
    await expect(browser.agents["Ada"].ringing_offers).to_have_count(1)


@pytest.mark.parametrize("host", ["www.app.localhost", "other.localhost"])
async def test_chat_works_without_browser_storage(browser: BrowserSession, ada_is_there: None, host: str) -> None:
    ada = browser.agents["Ada"]
    vic = await browser.new_visitor(None)
    await vic.context.add_init_script(STORAGE_DENIED)
    await vic.go_to("/", host)
    await vic.open_widget()
    await vic.send("Mon navigateur ne garde rien.")
    await ada.accept_offer()
    await ada.send("Ce n’est pas grave.")
    await expect(vic.bubble("Ce n’est pas grave.")).to_be_visible()
    await vic.launcher.click()
    await vic.open_widget()
    await expect(vic.log.locator(".bubble")).to_have_text(["Mon navigateur ne garde rien.", "Ce n’est pas grave."])


async def test_chat_survives_reload_on_cross_site_page(browser: BrowserSession, ada_is_there: None) -> None:
    ada = browser.agents["Ada"]
    vic = await browser.new_visitor(None)
    await vic.go_to("/", "other.localhost")
    await vic.open_widget()
    await vic.send("Bonjour d’ailleurs.")
    await ada.accept_offer()
    await vic.page.reload()
    await expect(vic.bubble("Bonjour d’ailleurs.")).to_be_visible()


async def test_widget_polls_without_websockets(browser: BrowserSession, ada_is_there: None) -> None:
    ada = browser.agents["Ada"]
    vic = await browser.new_visitor(None)
    await vic.context.add_init_script(NO_WEBSOCKET)
    polling: list[str] = []
    vic.context.on("request", lambda request: polling.append(request.url) if "polling" in request.url else None)
    await vic.go_to()
    await vic.open_widget()
    await vic.send("Par des chemins détournés.")
    await ada.accept_offer()
    await ada.send("Je vous entends quand même.")
    await expect(vic.bubble("Je vous entends quand même.")).to_be_visible()
    assert any("transport=polling" in url for url in polling)


async def test_widget_uses_language_of_page(browser: BrowserSession, ada_is_there: None) -> None:
    zoe = await browser.new_visitor("/en")
    await expect(zoe.launcher).to_have_accessible_name("Open the chat")
    await zoe.open_widget()
    await expect(zoe.frame.get_by_text("Online")).to_be_visible()
    vic: Visitor = await browser.new_visitor("/")
    await expect(vic.launcher).to_have_accessible_name("Ouvrir la discussion")


@pytest.mark.parametrize("tag", ["en-US@posix", "en_US.UTF-8", "en-US-u-fw-mon-mu-celsius-nu-arab"])
async def test_widget_and_console_draw_times_in_any_language_of_browser(
    browser: BrowserSession, system: RunningSystem, tag: str
) -> None:
    await system.add_agent("Ada")
    context = await browser.new_context("Ada")
    await context.add_init_script(STRANGE_LANGUAGES % tag)
    ada = Agent("Ada", system, context, await browser.new_tab(context), EN)
    await ada.sign_in()
    await ada.set_presence("available")
    vic = await browser.new_visitor(None)
    await vic.context.add_init_script(STRANGE_LANGUAGES % tag)
    await vic.go_to("/en")
    await vic.open_widget()
    await vic.send("Which time is it?")
    await ada.accept_offer()
    await ada.send("Half past ten.")
    for log in (vic.log, ada.log):
        await expect(log).to_contain_text(re.compile(r"10:3\d"))


async def test_language_of_page_is_recognized_however_it_is_written(browser: BrowserSession) -> None:
    vic = await browser.new_visitor(None, locale="en-GB")
    for path in ("/capitals", "/underscore"):
        await vic.go_to(path)
        await expect(vic.launcher).to_have_accessible_name("Ouvrir la discussion")
    # North Frisian is no French: the reader's language decides.
    await vic.go_to("/frisian")
    await expect(vic.launcher).to_have_accessible_name("Open the chat")
