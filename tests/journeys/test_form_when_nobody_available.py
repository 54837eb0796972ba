"""When no agent is available: the form shows at once, errors show at their fields, and one ticket is created."""

import asyncio
import re

from playwright.async_api import Route, expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem

QUESTION = "Comment inviter un filleul ?"


async def test_invalid_fields_show_errors_and_get_focus(browser: BrowserSession) -> None:
    vic = await browser.new_visitor()
    await vic.open_widget()
    await expect(vic.frame.get_by_role("heading", name="Écrivez-nous")).to_be_visible()
    email = vic.frame.get_by_label("Votre adresse e-mail")

    # Both fields are empty: both show an error, and the first one gets the focus.
    await vic.button("Envoyer").click()
    await expect(vic.text).to_be_focused()
    await expect(vic.text).to_have_attribute("aria-invalid", "true")
    await expect(vic.text).to_have_accessible_description("Écrivez-nous quelques mots.")
    await expect(email).to_have_attribute("aria-invalid", "true")
    await expect(email).to_have_accessible_description("Indiquez votre adresse e-mail.")

    # The text is valid now, the address is not.
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

    # Where the browser denies the clipboard, the link is selected, to be copied by hand.
    widget = await vic.widget_document()
    await widget.evaluate(
        "Object.defineProperty(navigator, 'clipboard', {}); document.execCommand = () => false;"
        "document.activeElement.blur()"
    )
    await vic.button("Copier le lien").click()
    link = vic.frame.get_by_label("Demande n° 1")
    await expect(link).to_be_focused()
    assert await widget.evaluate("getSelection().toString()") == await link.input_value()


async def test_double_click_creates_one_ticket(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.text.fill(QUESTION)
    await vic.fill_email("vic@exemple.fr")
    await vic.button("Envoyer").dblclick()
    await expect(vic.frame.get_by_role("heading", name="Demande n° 1")).to_be_visible()
    await expect(ada.rows("À répondre")).to_have_count(1)


async def test_lost_response_and_reload_create_one_ticket(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    vic = await browser.new_visitor()
    stored, reloaded = asyncio.Event(), asyncio.Event()

    async def drop_response(route: Route) -> None:
        # Playwright's fetch does not resolve our host names.
        answer = await route.fetch(url=route.request.url.replace("chat.app.localhost", "127.0.0.1"))
        assert answer.status == 201
        stored.set()
        await reloaded.wait()

    await vic.open_widget()
    await vic.text.fill(QUESTION)
    await vic.fill_email("vic@exemple.fr")
    await vic.context.route("**/api/tickets", drop_response, times=1)
    await vic.button("Envoyer").click()
    await stored.wait()
    await vic.page.reload()
    reloaded.set()

    # After the reload the widget shows the ticket instead of the form, so the visitor cannot send it twice.
    await vic.open_widget()
    await expect(vic.frame.get_by_role("heading", name="Demande n° 1")).to_be_visible()
    await expect(vic.bubble(QUESTION)).to_have_count(1)
    await expect(vic.text).to_have_value("")
    await expect(ada.rows("À répondre")).to_have_count(1)


async def test_form_can_be_sent_again_after_failed_request_and_reload(
    browser: BrowserSession, system: RunningSystem
) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.text.fill(QUESTION)
    await vic.fill_email("vic@exemple.fr")
    await vic.context.route("**/api/tickets", lambda route: route.abort(), times=1)
    await vic.button("Envoyer").click()
    await expect(vic.frame.get_by_text("Pas de connexion.")).to_be_visible()
    await expect(vic.text).to_have_value(QUESTION)
    await vic.page.reload()
    await vic.open_widget()
    await expect(vic.text).to_have_value(QUESTION)
    await vic.fill_email("vic@exemple.fr")
    await vic.button("Envoyer").click()
    await expect(vic.frame.get_by_role("heading", name="Demande n° 1")).to_be_visible()
    await expect(ada.rows("À répondre")).to_have_count(1)
