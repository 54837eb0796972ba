"""Nobody there: the form at once, faults named in place, and one ticket however often it is sent."""

import asyncio
import re

from playwright.async_api import Route, expect

from tests.journeys.browser import Stage
from tests.journeys.running_system import Town

QUESTION = "Comment inviter un filleul ?"


async def test_bad_fields_are_named_where_they_are(stage: Stage) -> None:
    vic = await stage.visitor()
    await vic.opens()
    await expect(vic.frame.get_by_role("heading", name="Écrivez-nous")).to_be_visible()
    email = vic.frame.get_by_label("Votre adresse e-mail")

    # Nothing filled in: both are named, and the first one has the focus.
    await vic.button("Envoyer").click()
    await expect(vic.text).to_be_focused()
    await expect(vic.text).to_have_attribute("aria-invalid", "true")
    await expect(vic.text).to_have_accessible_description("Écrivez-nous quelques mots.")
    await expect(email).to_have_attribute("aria-invalid", "true")
    await expect(email).to_have_accessible_description("Sans adresse, nous ne pouvons pas vous répondre.")

    # The text is good now, the address is not one.
    await vic.text.fill(QUESTION)
    await email.fill("vic")
    await email.press("Enter")
    await expect(email).to_be_focused()
    await expect(email).to_have_accessible_description(re.compile("Cette adresse ne semble pas complète"))
    await expect(vic.text).to_have_attribute("aria-invalid", "false")
    await expect(vic.text).to_have_value(QUESTION)

    await email.fill("vic@exemple.fr")
    await email.press("Enter")
    await expect(vic.frame.get_by_role("heading", name="Demande n° 1")).to_be_visible()


async def test_a_double_click_sends_one_ticket(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    vic = await stage.visitor()
    await vic.opens()
    await vic.text.fill(QUESTION)
    await vic.fills_in("vic@exemple.fr")
    await vic.button("Envoyer").dblclick()
    await expect(vic.frame.get_by_role("heading", name="Demande n° 1")).to_be_visible()
    await expect(ada.rows("À répondre")).to_have_count(1)


async def test_an_answer_that_is_lost_with_its_page_leaves_one_ticket(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    vic = await stage.visitor()
    stored, reloaded = asyncio.Event(), asyncio.Event()

    async def lose_the_answer(route: Route) -> None:
        # Playwright's own fetch knows no names of this machine.
        answer = await route.fetch(url=route.request.url.replace("chat.app.localhost", "127.0.0.1"))
        assert answer.status == 201
        stored.set()
        await reloaded.wait()

    await vic.opens()
    await vic.text.fill(QUESTION)
    await vic.fills_in("vic@exemple.fr")
    await vic.context.route("**/api/tickets", lose_the_answer, times=1)
    await vic.button("Envoyer").click()
    await stored.wait()
    await vic.page.reload()
    reloaded.set()

    # The form is found again, as what it has become: nothing is left to be sent twice.
    await vic.opens()
    await expect(vic.frame.get_by_role("heading", name="Demande n° 1")).to_be_visible()
    await expect(vic.bubble(QUESTION)).to_have_count(1)
    await expect(vic.text).to_have_value("")
    await expect(ada.rows("À répondre")).to_have_count(1)


async def test_a_form_that_never_arrived_is_sent_again_as_the_same(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    vic = await stage.visitor()
    await vic.opens()
    await vic.text.fill(QUESTION)
    await vic.fills_in("vic@exemple.fr")
    await vic.context.route("**/api/tickets", lambda route: route.abort(), times=1)
    await vic.button("Envoyer").click()
    await expect(vic.frame.get_by_text("Pas de connexion.")).to_be_visible()
    await expect(vic.text).to_have_value(QUESTION)
    await vic.page.reload()
    await vic.opens()
    await expect(vic.text).to_have_value(QUESTION)
    await vic.fills_in("vic@exemple.fr")
    await vic.button("Envoyer").click()
    await expect(vic.frame.get_by_role("heading", name="Demande n° 1")).to_be_visible()
    await expect(ada.rows("À répondre")).to_have_count(1)
