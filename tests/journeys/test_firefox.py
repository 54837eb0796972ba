"""The main uses in Firefox: a chat between widget and console, and the form of a closed desk."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, expect

from tests import services
from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem

QUESTION = "Bonjour, mon retrait de lundi n’est toujours pas arrivé."
ANSWER = "Bonjour, je regarde tout de suite."
THANKS = "D’accord, merci."


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def firefox() -> AsyncIterator[Browser]:
    """The browser of this file."""
    async with services.firefox() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def any_browser(firefox: Browser) -> Browser:
    return firefox


async def test_visitor_gets_an_answer_and_finds_it_after_a_reload(
    browser: BrowserSession, system: RunningSystem
) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.send(QUESTION)
    await ada.page.bring_to_front()
    await ada.accept_offer()
    await expect(ada.bubble(QUESTION)).to_be_visible()
    await ada.send(ANSWER)

    await vic.page.bring_to_front()
    await expect(vic.frame.get_by_role("heading", name="Ada")).to_be_visible()
    await expect(vic.bubble(ANSWER)).to_be_visible()
    await expect(ada.log.get_by_text(" · lu")).to_be_visible()
    await vic.page.reload()
    await expect(vic.text).to_be_visible()
    await expect(vic.log.locator(".bubble")).to_have_text([QUESTION, ANSWER])
    await vic.send(THANKS)
    await expect(ada.bubble(THANKS)).to_be_visible()


async def test_a_closed_desk_takes_the_form_and_shows_the_ticket(browser: BrowserSession) -> None:
    vic = await browser.new_visitor()
    await vic.open_widget()
    await expect(vic.frame.get_by_role("heading", name="Écrivez-nous")).to_be_visible()
    await vic.button("Envoyer").click()
    await expect(vic.text).to_be_focused()
    await vic.text.fill(QUESTION)
    await vic.fill_email("vic@exemple.fr")
    await vic.button("Envoyer").click()
    await expect(vic.frame.get_by_role("heading", name="Demande n° 1")).to_be_visible()
    await vic.page.reload()
    await expect(vic.frame.get_by_role("heading", name="Demande n° 1")).to_be_visible()
    await expect(vic.bubble(QUESTION)).to_have_count(1)
