"""The outbox: the server goes away while somebody writes, and all of it arrives once and in order."""

from dataclasses import replace

import pytest
from playwright.async_api import expect

from chat.settings import Settings
from tests.journeys.browser import Stage
from tests.journeys.running_system import Town
from tests.journeys.users import Visitor

BAR = "Connexion perdue. Vos messages partiront dès son retour."
# When a socket of the widget was closed, and when the bar was shown.
WATCH = """() => {
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
    """Nobody is taken for gone while the server itself is."""
    return replace(settings, grace_s=30)


async def chat_with_ada(stage: Stage, town: Town) -> Visitor:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    await ada.is_("available")
    vic = await stage.visitor()
    await vic.opens()
    await vic.says("un")
    await ada.accepts()
    await ada.says("Je vous écoute.")
    await expect(vic.bubble("Je vous écoute.")).to_be_visible()
    return vic


async def test_written_while_the_server_is_away_and_sent_when_it_is_back(stage: Stage, town: Town) -> None:
    vic = await chat_with_ada(stage, town)
    ada = stage.agents["Ada"]
    await town.shut()
    await vic.says("deux")
    await vic.says("trois")
    await vic.text.press_sequentially("qua")
    await expect(vic.frame.get_by_text(BAR)).to_be_visible()
    await expect(vic.log.get_by_text("envoi…")).to_be_visible()
    await expect(ada.page.get_by_text("Connexion perdue.")).to_be_visible()

    await town.open()
    await ada.reads("un", "deux", "trois")
    await expect(vic.log.get_by_text("envoi…")).to_have_count(0)
    await expect(vic.frame.get_by_text(BAR)).to_have_count(0)
    await expect(vic.text).to_have_value("qua")
    await vic.text.press_sequentially("tre")
    await vic.text.press("Enter")
    await ada.reads("un", "deux", "trois", "quatre")


async def test_the_outbox_survives_the_page(stage: Stage, town: Town) -> None:
    vic = await chat_with_ada(stage, town)
    ada = stage.agents["Ada"]
    await town.shut()
    await vic.says("deux")
    await vic.says("trois")
    await vic.text.press_sequentially("qua")
    await expect(vic.log.get_by_text("envoi…")).to_be_visible()
    # Typed letters are kept a moment after the last one.
    await vic.page.wait_for_function("Object.values(localStorage).some(kept => JSON.parse(kept).draft === 'qua')")
    await vic.page.close()

    await town.open()
    vic = await stage.again(vic, "/second")
    await ada.reads("un", "deux", "trois")
    await expect(vic.text).to_have_value("qua")
    mine = vic.log.locator(".said--mine .bubble")
    await expect(mine).to_have_text(["un", "deux", "trois"])


async def test_a_first_message_into_the_void_starts_the_chat_later(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    await ada.is_("available")
    vic = await stage.visitor()
    await vic.opens()
    await expect(vic.frame.get_by_text("L’équipe est là")).to_be_visible()
    await town.shut()
    await vic.says("Vous êtes là ?")
    await vic.says("Je repasse plus tard.")
    await vic.page.close()
    await town.open()
    vic = await stage.again(vic)
    await expect(vic.text).to_be_visible()
    await expect(vic.log.locator(".bubble")).to_have_text(["Vous êtes là ?", "Je repasse plus tard."])
    await expect(ada.ringing).to_have_count(1)
    await ada.accepts()
    await ada.reads("Vous êtes là ?", "Je repasse plus tard.")


async def test_the_bar_is_not_shown_before_two_seconds(stage: Stage, town: Town) -> None:
    vic = await stage.visitor(None)
    await vic.page.add_init_script(f"({WATCH})()")
    await vic.goes_to()
    await vic.opens()
    await expect(vic.frame.get_by_role("heading", name="Écrivez-nous")).to_be_visible()
    frame = await vic.inside()
    await frame.evaluate(
        "() => new MutationObserver(() => { times.shown ||= performance.now(); })"
        ".observe(document.querySelector('.statusbar'), { attributes: true, childList: true })"
    )
    await town.shut()
    await expect(vic.frame.get_by_text(BAR)).to_be_visible()
    times = await frame.evaluate("times")
    assert 0 < times["closed"] <= times["shown"] - 1_990
    await town.open()
    await expect(vic.frame.get_by_text(BAR)).to_have_count(0)
