"""Closing time mid-sentence: the chat becomes a form under somebody's hands, and not a letter is lost."""

from datetime import UTC, datetime

from playwright.async_api import expect

from tests.journeys.browser import Stage
from tests.journeys.running_system import Town
from tests.journeys.users import Visitor

TWO_MINUTES_TO_SIX = datetime(2026, 11, 24, 16, 58, tzinfo=UTC)
SIX = datetime(2026, 11, 24, 17, 0, 1, tzinfo=UTC)
HALF = "Bonjour, je voudrais savoir si ma com"
WHOLE = "Bonjour, je voudrais tant savoir si ma commande est partie."
NOW_FORM = "La discussion vient de fermer."
ANSWER = "Elle est partie ce matin."


async def stops_mid_sentence(vic: Visitor) -> None:
    """Typed so far, with the caret back in the middle and more to say there."""
    await vic.opens()
    await vic.text.press_sequentially(HALF)
    await vic.text.evaluate("(area, at) => area.setSelectionRange(at, at)", HALF.index("savoir"))
    await vic.listens()


async def goes_on_in_the_form(vic: Visitor) -> None:
    """The same text and caret, said once; what is typed now goes where it was meant to go."""
    await expect(vic.frame.get_by_label("Votre adresse e-mail")).to_be_visible()
    await expect(vic.text).to_have_value(HALF)
    await expect(vic.text).to_be_focused()
    assert await vic.caret() == (HALF.index("savoir"), HALF.index("savoir"))
    await vic.page.keyboard.type("tant ")
    await vic.page.keyboard.press("Control+End")
    await vic.page.keyboard.type("mande est partie.")
    await expect(vic.text).to_have_value(WHOLE)
    said = await vic.heard()
    assert len(said) == 1
    assert said[0].startswith(NOW_FORM)


async def test_hours_end_mid_sentence(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    town.clock.turn_to(TWO_MINUTES_TO_SIX)
    ada = await stage.agent("Ada")
    await ada.is_("available")
    vic = await stage.visitor(permissions=["clipboard-read", "clipboard-write"])
    await stops_mid_sentence(vic)

    town.clock.turn_to(SIX)
    await goes_on_in_the_form(vic)
    await expect(vic.frame.get_by_text("vendredi 27 novembre à 9 h")).to_be_visible()

    # Sent: a number, the promised date in words, and a link to keep.
    await vic.fills_in("vic@exemple.fr")
    await vic.button("Envoyer").click()
    await expect(vic.frame.get_by_role("heading", name="Demande n° 1")).to_be_visible()
    await expect(vic.frame.get_by_text("vendredi 27 novembre à 9 h")).to_be_visible()
    await vic.button("Copier le lien de votre demande").click()
    await expect(vic.frame.get_by_role("button", name="Lien copié")).to_be_visible()
    link = await vic.page.evaluate("navigator.clipboard.readText()")

    # Its page shows the same, and an answer from the console shows there and in the widget.
    page = await stage.tab(vic.context)
    await page.goto(link)
    await expect(page.get_by_text(WHOLE, exact=True)).to_be_visible()
    await expect(page.get_by_text("vendredi 27 novembre à 9 h")).to_be_visible()
    await expect(ada.rows("À répondre")).to_have_count(1)
    await ada.rows("À répondre").first.click()
    await expect(ada.bubble(WHOLE)).to_be_visible()
    await ada.says(ANSWER)
    await expect(vic.bubble(ANSWER)).to_be_visible()
    await page.reload()
    await expect(page.get_by_text(ANSWER, exact=True)).to_be_visible()

    # And back: what is written there stands in the console.
    await page.get_by_role("textbox").fill("Merci, bonne soirée.")
    await page.get_by_role("button", name="Envoyer").click()
    await expect(page.get_by_text("Merci, bonne soirée.", exact=True)).to_be_visible()
    await expect(ada.bubble("Merci, bonne soirée.")).to_be_visible()


async def test_the_last_agent_goes_away_mid_sentence(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    await ada.is_("available")
    vic = await stage.visitor()
    await stops_mid_sentence(vic)
    await ada.is_("away")
    await goes_on_in_the_form(vic)

    # And back again while the form is still being filled in.
    await ada.is_("available")
    await expect(vic.frame.get_by_label("Votre adresse e-mail")).to_have_count(0)
    await expect(vic.text).to_have_value(WHOLE)
    await vic.text.press("Enter")
    await expect(ada.ringing).to_contain_text(WHOLE)


async def test_a_running_chat_goes_on_past_closing_time(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    town.clock.turn_to(TWO_MINUTES_TO_SIX)
    ada = await stage.agent("Ada")
    await ada.is_("available")
    vic = await stage.visitor()
    await vic.opens()
    await vic.says("Encore une petite question.")
    await ada.accepts()
    zoe = await stage.visitor()
    await zoe.opens()

    town.clock.turn_to(SIX)
    await expect(zoe.frame.get_by_label("Votre adresse e-mail")).to_be_visible()
    await ada.says("Bien sûr.")
    await expect(vic.bubble("Bien sûr.")).to_be_visible()
    await vic.says("À demain alors.")
    await expect(ada.bubble("À demain alors.")).to_be_visible()
    await expect(vic.log.locator(".bubble")).to_have_count(3)


async def test_a_waiting_chat_becomes_a_ticket_and_asks_for_the_address_alone(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    town.clock.turn_to(TWO_MINUTES_TO_SIX)
    ada = await stage.agent("Ada")
    await ada.is_("available")
    vic = await stage.visitor()
    await vic.opens()
    await vic.says("Il y a quelqu’un ?")
    await expect(ada.ringing).to_have_count(1)

    town.clock.turn_to(SIX)
    await expect(vic.frame.get_by_role("heading", name="Demande n° 1")).to_be_visible()
    await expect(vic.frame.get_by_text("vendredi 27 novembre à 9 h")).to_be_visible()
    await vic.frame.get_by_label("Où pouvons-nous vous répondre").fill("vic@exemple.fr")
    await vic.button("Envoyer").first.click()
    await expect(vic.frame.get_by_text("La réponse arrivera ici")).to_be_visible()
    await expect(ada.ringing).to_have_count(0)
    await ada.rows("À répondre").first.click()
    await expect(ada.page.get_by_text("vic@exemple.fr")).to_be_visible()
