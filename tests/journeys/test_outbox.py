"""Messages written during an outage of the server arrive once and in order after it."""

from dataclasses import replace

import pytest
from playwright.async_api import expect

from chat.settings import Settings
from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.users import Visitor

OFFLINE_BANNER = "Connexion perdue. Vos messages seront envoyés dès que la connexion revient."
# Records when the widget's socket closed and when it showed the banner.
RECORD_TIMES = """() => {
  globalThis.times = { closed: 0, shown: 0 };
  const Real = WebSocket;
  globalThis.WebSocket = class extends Real {
    constructor(...given) {
      super(...given);
      this.addEventListener("close", () => { times.closed ||= performance.now(); });
    }
  };
}"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A long grace period: the server does not count users as gone while it is down itself."""
    return replace(settings, agent_grace_s=30)


async def start_chat_with_ada(browser: BrowserSession, system: RunningSystem) -> Visitor:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.send("un")
    await ada.accept_offer()
    await ada.send("Je vous écoute.")
    await expect(vic.bubble("Je vous écoute.")).to_be_visible()
    return vic


async def test_messages_written_during_outage_are_sent_after_it(browser: BrowserSession, system: RunningSystem) -> None:
    vic = await start_chat_with_ada(browser, system)
    ada = browser.agents["Ada"]
    await system.stop()
    await vic.send("deux")
    await vic.send("trois")
    await vic.text.press_sequentially("qua")
    await expect(vic.frame.get_by_text(OFFLINE_BANNER)).to_be_visible()
    await expect(vic.log.get_by_text("envoi…")).to_be_visible()
    await expect(ada.page.get_by_text("Connexion perdue.")).to_be_visible()

    await system.start()
    await ada.expect_visitor_messages("un", "deux", "trois")
    await expect(vic.log.get_by_text("envoi…")).to_have_count(0)
    await expect(vic.frame.get_by_text(OFFLINE_BANNER)).to_have_count(0)
    await expect(vic.text).to_have_value("qua")
    await vic.text.press_sequentially("tre")
    await vic.text.press("Enter")
    await ada.expect_visitor_messages("un", "deux", "trois", "quatre")


async def test_outbox_and_draft_survive_page_close(browser: BrowserSession, system: RunningSystem) -> None:
    vic = await start_chat_with_ada(browser, system)
    ada = browser.agents["Ada"]
    await system.stop()
    await vic.send("deux")
    await vic.send("trois")
    await vic.text.press_sequentially("qua")
    await expect(vic.log.get_by_text("envoi…")).to_be_visible()
    # The widget stores the draft a moment after the last key.
    await vic.page.wait_for_function("Object.values(localStorage).some(stored => JSON.parse(stored).draft === 'qua')")
    await vic.page.close()

    await system.start()
    vic = await browser.reopen(vic, "/second")
    await ada.expect_visitor_messages("un", "deux", "trois")
    await expect(vic.text).to_have_value("qua")
    mine = vic.log.locator(".message--own .bubble")
    await expect(mine).to_have_text(["un", "deux", "trois"])


async def test_first_message_during_outage_starts_chat_later(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await expect(vic.frame.get_by_text("En ligne")).to_be_visible()
    await system.stop()
    await vic.send("Vous êtes là ?")
    await vic.send("Je repasse plus tard.")
    await vic.page.close()
    await system.start()
    vic = await browser.reopen(vic)
    await expect(vic.text).to_be_visible()
    await expect(vic.log.locator(".bubble")).to_have_text(["Vous êtes là ?", "Je repasse plus tard."])
    await expect(ada.ringing_offers).to_have_count(1)
    await ada.accept_offer()
    await ada.expect_visitor_messages("Vous êtes là ?", "Je repasse plus tard.")


async def test_offline_banner_appears_after_two_seconds(browser: BrowserSession, system: RunningSystem) -> None:
    vic = await browser.new_visitor(None)
    await vic.page.add_init_script(f"({RECORD_TIMES})()")
    await vic.go_to()
    await vic.open_widget()
    await expect(vic.frame.get_by_role("heading", name="Écrivez-nous")).to_be_visible()
    frame = await vic.widget_document()
    await frame.evaluate(
        "() => new MutationObserver(() => { times.shown ||= performance.now(); })"
        ".observe(document.querySelector('.statusbar'), { attributes: true, childList: true })"
    )
    await system.stop()
    await expect(vic.frame.get_by_text(OFFLINE_BANNER)).to_be_visible()
    times = await frame.evaluate("times")
    assert 0 < times["closed"] <= times["shown"] - 1_990
    await system.start()
    await expect(vic.frame.get_by_text(OFFLINE_BANNER)).to_have_count(0)
