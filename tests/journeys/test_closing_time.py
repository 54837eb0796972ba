"""When the service closes while a visitor types, the chat becomes a form and keeps the text."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.users import Visitor

SATURDAY_NIGHT = datetime(2026, 11, 28, 21, 28, tzinfo=UTC)
TWO_MINUTES_TO_SIX = datetime(2026, 11, 24, 16, 58, tzinfo=UTC)
SIX = datetime(2026, 11, 24, 17, 0, 1, tzinfo=UTC)
HALF_TEXT = "Bonjour, je voudrais savoir si ma com"
FULL_TEXT = "Bonjour, je voudrais tant savoir si ma commande est partie."
CHAT_CLOSED_ANNOUNCEMENT = "La discussion vient de fermer."
ANSWER = "Elle est partie ce matin."


async def type_half_a_sentence(vic: Visitor) -> None:
    """Type half a sentence and move the caret back into its middle."""
    await vic.open_widget()
    await vic.text.press_sequentially(HALF_TEXT)
    await vic.text.evaluate("(area, at) => area.setSelectionRange(at, at)", HALF_TEXT.index("savoir"))
    await vic.record_announcements()


async def finish_sentence_in_form(vic: Visitor) -> None:
    """The form has the same text and caret, and announces itself once; typing continues at the caret."""
    await expect(vic.frame.get_by_label("Votre adresse e-mail")).to_be_visible()
    await expect(vic.text).to_have_value(HALF_TEXT)
    await expect(vic.text).to_be_focused()
    assert await vic.caret() == (HALF_TEXT.index("savoir"), HALF_TEXT.index("savoir"))
    await vic.page.keyboard.type("tant ")
    await vic.page.keyboard.press("Control+End")
    await vic.page.keyboard.type("mande est partie.")
    await expect(vic.text).to_have_value(FULL_TEXT)
    announcements = await vic.announcements()
    assert len(announcements) == 1
    assert announcements[0].startswith(CHAT_CLOSED_ANNOUNCEMENT)


async def test_draft_moves_to_form_at_closing_time(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    system.clock.turn_to(TWO_MINUTES_TO_SIX)
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor(permissions=["clipboard-read", "clipboard-write"])
    await type_half_a_sentence(vic)

    system.clock.turn_to(SIX)
    await finish_sentence_in_form(vic)
    await expect(vic.frame.get_by_text("vendredi 27 novembre à 9 h")).to_be_visible()

    # After sending, the form shows a number, the promised date, and a link to the ticket page.
    await vic.fill_email("vic@exemple.fr")
    await vic.button("Envoyer").click()
    await expect(vic.frame.get_by_role("heading", name="Demande n° 1")).to_be_visible()
    await expect(vic.frame.get_by_text("vendredi 27 novembre à 9 h")).to_be_visible()
    await vic.button("Copier le lien").click()
    await expect(vic.frame.get_by_role("button", name="Lien copié")).to_be_visible()
    link = await vic.page.evaluate("navigator.clipboard.readText()")

    # The ticket page shows the same, and an agent's answer shows there and in the widget.
    page = await browser.new_tab(vic.context)
    await page.goto(link)
    assert await page.get_by_label("Lien de cette page").input_value() == link
    await expect(page.get_by_text(FULL_TEXT, exact=True)).to_be_visible()
    await expect(page.get_by_text("vendredi 27 novembre à 9 h")).to_be_visible()
    await expect(ada.rows("À répondre")).to_have_count(1)
    await ada.rows("À répondre").first.click()
    await expect(ada.bubble(FULL_TEXT)).to_be_visible()
    await ada.send(ANSWER)
    await expect(vic.bubble(ANSWER)).to_be_visible()
    await page.reload()
    await expect(page.get_by_text(ANSWER, exact=True)).to_be_visible()

    # A message written on the ticket page shows in the console.
    await page.get_by_label("Votre réponse").fill("Merci, bonne soirée.")
    await page.get_by_role("button", name="Envoyer").click()
    await expect(page.get_by_text("Merci, bonne soirée.", exact=True)).to_be_visible()
    await expect(ada.bubble("Merci, bonne soirée.")).to_be_visible()


async def test_administrator_opens_the_desk_for_an_hour(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada", "admin")
    system.clock.turn_to(SATURDAY_NIGHT)
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await type_half_a_sentence(vic)
    await expect(vic.frame.get_by_label("Votre adresse e-mail")).to_be_visible()
    await ada.button("Ouvrir 1 h pour essayer").click()
    await expect(ada.page.get_by_text("Ouvert hors horaires jusqu’à 23 h 28")).to_be_visible()
    await expect(vic.frame.get_by_label("Votre adresse e-mail")).to_be_hidden()
    await expect(vic.text).to_have_value(HALF_TEXT)
    await ada.button("Fermer maintenant").click()
    await expect(vic.frame.get_by_label("Votre adresse e-mail")).to_be_visible()
    await ada.button("Ouvrir 1 h pour essayer").click()
    await expect(vic.frame.get_by_label("Votre adresse e-mail")).to_be_hidden()
    system.clock.turn_to(SATURDAY_NIGHT + timedelta(hours=1))
    await expect(vic.frame.get_by_label("Votre adresse e-mail")).to_be_visible()
    await expect(ada.page.get_by_text("Service fermé · ouvre")).to_be_visible()


async def test_draft_moves_to_form_and_back_when_last_agent_leaves_and_returns(
    browser: BrowserSession, system: RunningSystem
) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await type_half_a_sentence(vic)
    await ada.set_presence("away")
    await finish_sentence_in_form(vic)

    # The chat opens again while the visitor is still filling in the form.
    await ada.set_presence("available")
    await expect(vic.frame.get_by_label("Votre adresse e-mail")).to_have_count(0)
    await expect(vic.text).to_have_value(FULL_TEXT)
    await vic.text.press("Enter")
    await expect(ada.ringing_offers).to_contain_text(FULL_TEXT)


async def test_running_chat_continues_after_closing_time(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    system.clock.turn_to(TWO_MINUTES_TO_SIX)
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.send("Encore une petite question.")
    await ada.accept_offer()
    zoe = await browser.new_visitor()
    await zoe.open_widget()

    system.clock.turn_to(SIX)
    await expect(zoe.frame.get_by_label("Votre adresse e-mail")).to_be_visible()
    await ada.send("Bien sûr.")
    await expect(vic.bubble("Bien sûr.")).to_be_visible()
    await vic.send("À demain alors.")
    await expect(ada.bubble("À demain alors.")).to_be_visible()
    await expect(vic.log.locator(".bubble")).to_have_count(3)


async def test_waiting_chat_becomes_ticket_and_asks_only_for_email(
    browser: BrowserSession, system: RunningSystem
) -> None:
    await system.add_agent("Ada")
    system.clock.turn_to(TWO_MINUTES_TO_SIX)
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.send("Il y a quelqu’un ?")
    await expect(ada.ringing_offers).to_have_count(1)

    system.clock.turn_to(SIX)
    await expect(vic.frame.get_by_role("heading", name="Demande n° 1")).to_be_visible()
    await expect(vic.frame.get_by_text("vendredi 27 novembre à 9 h")).to_be_visible()
    await vic.frame.get_by_label("Votre adresse e-mail").fill("vic@exemple.fr")
    await vic.button("Envoyer").first.click()
    await expect(vic.frame.get_by_text("La réponse arrivera ici")).to_be_visible()
    await expect(ada.ringing_offers).to_have_count(0)
    await ada.rows("À répondre").first.click()
    await expect(ada.page.get_by_text("vic@exemple.fr")).to_be_visible()
