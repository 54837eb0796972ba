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
