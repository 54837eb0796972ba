"""The API of the host page: guichet('open' | 'close' | 'show' | 'hide' | …), also before the loader has loaded."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.users import Visitor

OPERATING = Path(__file__).parents[2] / "docs/operating.md"
[DOCUMENTED_STUB] = re.findall(r"<script>window\.guichet = .*</script>", OPERATING.read_text("utf-8"))
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


@pytest.mark.parametrize(
    "element",
    [
        "<section id=guichet>Guichet 4</section>",
        "<form id=guichet><input name=up><input name=q></form>",
        "<iframe name=guichet src=//other.localhost/bare></iframe>",
        "<p id=guichet></p><p id=guichet></p>",
    ],
    ids=["section", "form", "frame", "two"],
)
async def test_element_with_name_of_api_is_not_taken_for_it(browser: BrowserSession, element: str) -> None:
    """The page uses the documented line, before the loader and after such an element."""
    vic = await browser.new_visitor("/bare")
    await vic.page.set_content(element + DOCUMENTED_STUB)
    await vic.page.evaluate("guichet('prefill', {text: 'Au guichet 4'}); guichet('open')")
    await vic.page.add_script_tag(url=vic.system.chat_url + "/widget.js?site=demo")
    await expect(vic.page.frame_locator("div[role=region] iframe").locator("#text")).to_have_value("Au guichet 4")


async def test_loader_without_stub_replaces_element_of_its_name(browser: BrowserSession) -> None:
    vic = await browser.new_visitor("/bare")
    await vic.page.set_content("<form id=guichet><input name=up></form>")
    await vic.page.add_script_tag(url=vic.system.chat_url + "/widget.js?site=demo")
    await vic.page.evaluate("guichet('open')")
    await expect_open(vic, True)


@pytest.mark.parametrize("name", ["title", "referrer", "body"])
@pytest.mark.parametrize("element", ["<form name=%s></form>", "<img name=%s>"])
async def test_element_with_a_name_of_the_document_is_not_taken_for_it(
    browser: BrowserSession, element: str, name: str
) -> None:
    """document.title is such an element then, and can't be posted to the frame."""
    vic = await browser.new_visitor("/bare")
    await vic.page.set_content(element % name)
    await vic.page.add_script_tag(url=vic.system.chat_url + "/widget.js?site=demo")
    await vic.open_widget()


@pytest.mark.parametrize("languages", ["undefined", "null", "[]", "['c', 'C.UTF-8', '']"])
async def test_browser_without_usable_languages_has_the_widget(browser: BrowserSession, languages: str) -> None:
    vic = await browser.new_visitor(None)
    await vic.page.add_init_script(
        f"Object.defineProperty(Navigator.prototype, 'languages', {{ get: () => {languages} }})"
    )
    await vic.go_to()
    await vic.open_widget()


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
