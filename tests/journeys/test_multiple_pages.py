"""One visitor, many pages: tabs, navigation, sites of a single page, and browsers that deny us something."""

import pytest
from playwright.async_api import expect

from tests.journeys.browser import Stage
from tests.journeys.running_system import Town
from tests.journeys.users import Visitor

# As it was before all had the navigation API.
OLD = "Object.defineProperty(window, 'navigation', { value: undefined });"
DENIED = """for (const name of ["localStorage", "sessionStorage", "indexedDB"])
  Object.defineProperty(globalThis, name, { get() { throw new DOMException("denied", "SecurityError"); } });"""
# A proxy that lets no WebSocket through.
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


@pytest.fixture
async def ada_is_there(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    await ada.is_("available")


async def test_two_tabs_are_one_conversation(stage: Stage, ada_is_there: None) -> None:
    ada = stage.agents["Ada"]
    vic = await stage.visitor()
    other = await stage.again(vic, "/second")
    await vic.opens()
    await other.opens()
    await vic.says("Dans le premier onglet.")
    await expect(other.bubble("Dans le premier onglet.")).to_be_visible()
    await other.says("Dans le second onglet.")
    await expect(vic.bubble("Dans le second onglet.")).to_be_visible()
    await ada.accepts()
    await ada.reads("Dans le premier onglet.", "Dans le second onglet.")
    await ada.says("Je vous lis des deux côtés.")
    for tab in (vic, other):
        await expect(tab.bubble("Je vous lis des deux côtés.")).to_be_visible()


async def test_two_tabs_that_begin_at_once_make_one_ticket(stage: Stage, ada_is_there: None) -> None:
    ada = stage.agents["Ada"]
    vic = await stage.visitor()
    await vic.opens()
    await vic.says("Un premier mot.")
    await vic.page.get_by_role("link", name="La page suivante").click()
    await vic.page.wait_for_url("**/second")
    # On a wide screen it is still open on the next page, without taking the focus from it.
    await expect(vic.bubble("Un premier mot.")).to_be_visible()
    await expect(vic.launcher).to_have_attribute("aria-expanded", "true")
    await expect(vic.text).not_to_be_focused()
    await vic.says("Un second mot.")
    await ada.accepts()
    await ada.reads("Un premier mot.", "Un second mot.")


async def test_closed_it_tells_what_has_come_meanwhile(stage: Stage, ada_is_there: None) -> None:
    ada = stage.agents["Ada"]
    vic = await stage.visitor()
    await vic.opens()
    await vic.says("Je regarde autre chose en attendant.")
    await vic.launcher.click()
    await expect(vic.text).to_be_hidden()
    await ada.accepts()
    await ada.says("Votre banque a demandé une vérification.")
    await expect(vic.launcher).to_have_accessible_name("Ouvrir la discussion, 1 message non lu")
    preview = vic.page.get_by_role("button", name="Votre banque a demandé une vérification.")
    await expect(preview).to_contain_text("Ada")
    await expect(ada.log.get_by_text(" · lu")).to_have_count(0)
    await preview.click()
    await expect(vic.bubble("Votre banque a demandé une vérification.")).to_be_visible()
    await expect(ada.log.get_by_text(" · lu")).to_be_visible()
    await expect(vic.launcher).to_have_accessible_name("Fermer la discussion")


@pytest.mark.parametrize("browser", ["", OLD], ids=["new", "old"])
async def test_a_single_page_site_tells_where_its_visitor_is(stage: Stage, ada_is_there: None, browser: str) -> None:
    ada = stage.agents["Ada"]
    vic = await stage.visitor(None)
    await vic.context.add_init_script(browser)
    await vic.goes_to("/app")
    await vic.opens()
    await vic.says("Où est mon panier ?")
    await ada.accepts()
    page = ada.page.get_by_role("complementary", name="Fiche").get_by_role("link")
    await expect(page).to_have_text("Une seule page")
    await vic.page.get_by_role("button", name="Panier").click()
    await expect(page).to_have_text("Votre panier")
    await expect(page).to_have_attribute("href", vic.town.website("/app/basket"))
    await expect(vic.bubble("Où est mon panier ?")).to_be_visible()


async def test_a_loader_included_twice_makes_one_launcher(stage: Stage, ada_is_there: None) -> None:
    vic = await stage.visitor("/twice")
    await expect(vic.launcher).to_have_count(1)
    await vic.page.wait_for_function("performance.getEntriesByType('resource').length >= 2")
    await vic.opens()
    await vic.says("Une seule fois.")
    await expect(vic.page.locator("iframe")).to_have_count(1)
    await expect(stage.agents["Ada"].ringing).to_have_count(1)


@pytest.mark.parametrize("host", ["www.app.localhost", "other.localhost"])
async def test_storage_denied(stage: Stage, ada_is_there: None, host: str) -> None:
    ada = stage.agents["Ada"]
    vic = await stage.visitor(None)
    await vic.context.add_init_script(DENIED)
    await vic.goes_to("/", host)
    await vic.opens()
    await vic.says("Mon navigateur ne garde rien.")
    await ada.accepts()
    await ada.says("Ce n’est pas grave.")
    await expect(vic.bubble("Ce n’est pas grave.")).to_be_visible()
    await vic.launcher.click()
    await vic.opens()
    await expect(vic.log.locator(".bubble")).to_have_text(["Mon navigateur ne garde rien.", "Ce n’est pas grave."])


async def test_a_site_of_another_domain(stage: Stage, ada_is_there: None) -> None:
    ada = stage.agents["Ada"]
    vic = await stage.visitor(None)
    await vic.goes_to("/", "other.localhost")
    await vic.opens()
    await vic.says("Bonjour d’ailleurs.")
    await ada.accepts()
    await vic.page.reload()
    await expect(vic.bubble("Bonjour d’ailleurs.")).to_be_visible()


async def test_without_websockets_it_polls(stage: Stage, ada_is_there: None) -> None:
    ada = stage.agents["Ada"]
    vic = await stage.visitor(None)
    await vic.context.add_init_script(NO_WEBSOCKET)
    polling: list[str] = []
    vic.context.on("request", lambda request: polling.append(request.url) if "polling" in request.url else None)
    await vic.goes_to()
    await vic.opens()
    await vic.says("Par des chemins détournés.")
    await ada.accepts()
    await ada.says("Je vous entends quand même.")
    await expect(vic.bubble("Je vous entends quand même.")).to_be_visible()
    assert any("transport=polling" in url for url in polling)


async def test_the_page_language_is_the_widget_language(stage: Stage, ada_is_there: None) -> None:
    zoe = await stage.visitor("/en")
    await expect(zoe.launcher).to_have_accessible_name("Open the chat")
    await zoe.opens()
    await expect(zoe.frame.get_by_text("The team is here")).to_be_visible()
    vic: Visitor = await stage.visitor("/")
    await expect(vic.launcher).to_have_accessible_name("Ouvrir la discussion")
