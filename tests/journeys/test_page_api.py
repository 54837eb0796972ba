"""What a page may ask of its widget: guichet('open' | 'close' | 'show' | 'hide' | …), before it is loaded too."""

from playwright.async_api import expect

from tests.journeys.browser import Stage
from tests.journeys.running_system import Town
from tests.journeys.users import Visitor

ENTRIES = "globalThis.heard = []; guichet('on', '%s', told = detail => heard.push(detail ?? null))"


async def is_open(vic: Visitor, yes: bool) -> None:
    await expect(vic.launcher).to_have_attribute("aria-expanded", str(yes).lower())


async def test_open_close_show_and_hide(stage: Stage) -> None:
    vic = await stage.visitor("/help")
    await vic.launcher.wait_for()
    await vic.page.get_by_role("button", name="Aide").click()
    await is_open(vic, True)
    await expect(vic.text).to_be_focused()
    await vic.page.evaluate("guichet('close')")
    await is_open(vic, False)
    await vic.page.evaluate("guichet('hide')")
    await expect(vic.launcher).to_be_hidden()
    await vic.page.evaluate("guichet('show')")
    await expect(vic.launcher).to_be_visible()
    await is_open(vic, False)
    await vic.page.evaluate("guichet('nothing that we know')")


async def test_calls_before_it_is_loaded_are_kept(stage: Stage) -> None:
    vic = await stage.visitor("/early")
    await vic.opens()
    await expect(vic.page).to_have_title("ouvert")
    await expect(vic.text).to_have_value("Une question sur la page")
    await expect(vic.frame.get_by_label("Votre adresse e-mail")).to_have_value("vic@exemple.fr")


async def test_prefill_events_and_the_page_that_it_names(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    await ada.is_("available")
    vic = await stage.visitor()
    await vic.launcher.wait_for()
    await vic.page.evaluate(ENTRIES % "message")
    await vic.page.evaluate("guichet('setPage', {url: 'https://exemple.fr/compte', title: 'Mon compte'})")
    await vic.page.evaluate("guichet('prefill', {name: 'Vic Martin', text: 'Bonjour', category: 'payments'})")
    await vic.opens()
    await expect(vic.text).to_have_value("Bonjour")
    await vic.text.press("Enter")
    await expect(ada.ringing).to_contain_text("Vic Martin")
    await expect(ada.ringing).to_contain_text("Paiements")
    await ada.accepts()
    await expect(ada.page.get_by_role("link", name="Mon compte")).to_have_attribute("href", "https://exemple.fr/compte")
    await ada.says("Bonjour Vic.")
    await vic.page.wait_for_function("heard.length === 1")
    assert await vic.page.evaluate("heard") == [{"from": "Ada"}]

    # Who is taken off the list hears no more.
    await vic.page.evaluate("guichet('off', 'message', told)")
    await ada.says("Et bienvenue.")
    await expect(vic.bubble("Et bienvenue.")).to_be_visible()
    assert await vic.page.evaluate("heard.length") == 1


async def test_destroy_leaves_nothing_behind(stage: Stage) -> None:
    vic = await stage.visitor()
    await vic.opens()
    await vic.page.evaluate("guichet('destroy')")
    await expect(vic.launcher).to_have_count(0)
    await expect(vic.page.locator("iframe")).to_have_count(0)
    assert await vic.page.evaluate("[typeof guichet, document.documentElement.children.length]") == ["undefined", 2]
