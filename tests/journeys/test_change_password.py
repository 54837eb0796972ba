"""An agent changes their password: from the account menu, back to the console, and out of every other one."""

import re

from playwright.async_api import expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import PASSWORD, RunningSystem

NEW = "an entirely new one"


async def test_agent_changes_their_password(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    elsewhere = await browser.sign_in_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    page = ada.page
    await ada.button("Compte de Ada").click()
    await page.get_by_role("menuitem", name="Changer de mot de passe").click()
    current, new = page.get_by_label("Mot de passe actuel"), page.get_by_label("Nouveau mot de passe")
    await current.fill("not this one")
    await new.fill(NEW)
    await ada.button("Changer le mot de passe").click()
    await expect(current).to_be_focused()
    await expect(current).to_have_attribute("aria-invalid", "true")

    await current.fill(PASSWORD)
    await new.fill(NEW)
    await ada.button("Changer le mot de passe").click()
    await page.wait_for_url("**/console")
    await ada.set_presence("available")

    # The other console has to sign in again, with the new password.
    await expect(elsewhere.page.get_by_text("Votre session a pris fin.")).to_be_visible()
    for password in (PASSWORD, NEW):
        await elsewhere.page.get_by_label("Adresse e-mail").fill("ada@desk.example")
        await elsewhere.page.get_by_label("Mot de passe").fill(password)
        await elsewhere.button("Se connecter").click()
        if password == PASSWORD:
            await expect(elsewhere.page.get_by_role("alert")).to_have_text(re.compile("incorrect"))
    await expect(elsewhere.presence_button).to_contain_text("Disponible")
