"""A promise that is not kept: the customer reads so with a new date, agents are alerted, and an answer ends it."""

from datetime import timedelta

from playwright.async_api import expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem


async def test_broken_promise_is_told_to_both_sides(browser: BrowserSession, system: RunningSystem) -> None:
    """The form is sent on Tuesday 24 November at 10:30, so its answer is due on Thursday."""
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.text.fill("Mon colis est parti ?")
    await vic.fill_email("vic@exemple.fr")
    await vic.button("Envoyer").click()
    await expect(vic.frame.get_by_role("heading", name="Demande n° 1")).to_be_visible()
    page = await vic.frame.get_by_label("Demande n° 1").input_value()

    await system.turn_to(system.clock() + timedelta(hours=47, minutes=30))
    await expect(ada.toasts).to_contain_text("Bientôt en retard, à répondre avant le jeudi 26 novembre")
    await system.turn_to(system.clock() + timedelta(hours=1))
    await expect(ada.toasts).to_contain_text("La réponse promise avant le jeudi 26 novembre")
    apology = vic.log.get_by_text("Nous vous avions promis une réponse avant le jeudi 26 novembre")
    await expect(apology).to_contain_text("Vous aurez une réponse avant le vendredi 27 novembre")
    await vic.page.goto(page)
    await expect(vic.page.get_by_text("Nous vous avions promis une réponse")).to_contain_text("vendredi 27 novembre")

    await ada.toasts.get_by_role("button", name="Ouvrir").click()
    await expect(ada.log).to_contain_text("Nouvelle date annoncée : vendredi 27 novembre")
    await ada.send("Il est parti ce matin.")
    await expect(ada.log.locator(".bubble--pending")).to_have_count(0)
    await vic.page.reload()
    await expect(vic.page.get_by_text("Il est parti ce matin.")).to_be_visible()
    await expect(vic.page.get_by_text("Réponse promise avant le")).to_have_count(0)


async def test_hold_tells_its_date_and_the_reason_that_the_agent_shares(
    browser: BrowserSession, system: RunningSystem
) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.text.fill("Mon virement a disparu.")
    await vic.fill_email("vic@exemple.fr")
    await vic.button("Envoyer").click()
    await ada.rows("À répondre").first.click()
    await ada.page.get_by_role("button", name="Changer de statut").click()
    await ada.page.get_by_role("menuitem", name="En cours d’examen").click()
    dialog = ada.page.get_by_role("dialog")
    await dialog.get_by_label("Réponse attendue le").fill("2026-11-30T15:00")
    await dialog.get_by_label("Raison", exact=True).fill("Votre banque enquête.")
    await dialog.get_by_label("Dire la raison").check()
    await dialog.get_by_role("button", name="Mettre en examen").click()
    await expect(dialog).to_have_count(0)
    await expect(ada.rows("Les miennes")).to_have_count(1)
    await expect(ada.page.locator(".thread")).to_contain_text("réponse attendue le lundi 30 novembre à 15 h")
    sentence = vic.log.get_by_text("Nous pensons pouvoir vous répondre le lundi 30 novembre à 15 h")
    await expect(sentence).to_contain_text("Votre banque enquête.")
    await expect(vic.frame.locator(".promise")).to_contain_text("lundi 30 novembre à 15 h")
