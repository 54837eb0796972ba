"""The two screenshots of the README: a busy morning, seen by agent Ada and by visitor Marie.

PICTURES=docs/pictures replaces the committed files; without it they stay as they are.
"""

import os
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import ClientSession
from playwright.async_api import expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.users import Agent, Visitor
from tests.realtime import socket_clients
from tooling.steps import ROOT

COMMITTED = ROOT / "docs/pictures"
# Answers to forms sent on the Friday before are due on this Tuesday.
FORM_REQUESTS = (
    (datetime(2026, 11, 20, 13, 5, tzinfo=UTC), "Nora Haddad", "affiliation", "Commission de mars manquante"),
    (datetime(2026, 11, 20, 15, 30, tzinfo=UTC), "Paul Girard", "account", "Changement d’adresse"),
)
YESTERDAY = datetime(2026, 11, 23, 14, 10, tzinfo=UTC)


def today_at(hour: int, minute: int, second: int = 0) -> datetime:
    """A time of that day in Paris."""
    return datetime(2026, 11, 24, hour - 1, minute, second, tzinfo=UTC)


async def test_take_readme_screenshots(browser: BrowserSession, system: RunningSystem, tmp_path: Path) -> None:
    await system.add_agent("Ada", capacity=3)
    await submit_forms(system)
    system.clock.turn_to(YESTERDAY)
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    marie = await browser.new_visitor(None)
    await create_yesterdays_chat(ada, marie)
    folder = Path(os.environ.get("PICTURES", tmp_path))
    async with AsyncExitStack() as leaving:
        await create_todays_chats(system, ada, marie, leaving)
        marie = await reopen_page(browser, marie)
        await marie.send("D’accord, merci. C’est le compte habituel.")
        ada = await reopen_console(browser, ada)
        await expect(marie.log.get_by_text(" · lu")).to_have_count(2)
        await ada.composer.press_sequentially("Merci Marie. Si le virement n’est pas là ")
        await expect(marie.frame.get_by_text("Ada écrit…")).to_be_visible()
        await marie.page.screenshot(path=folder / "widget.png", animations="disabled")
        await marie.text.press_sequentially("Et")
        await expect(ada.page.get_by_text("Marie Lefèvre écrit…")).to_be_visible()
        await ada.page.screenshot(path=folder / "console.png", animations="disabled")
    assert {path.name for path in COMMITTED.glob("*.png")} >= {"widget.png", "console.png"}


async def create_todays_chats(system: RunningSystem, ada: Agent, marie: Visitor, leaving: AsyncExitStack) -> None:
    """Three chats of Ada, and two that wait in the queue."""
    await system.turn_to(today_at(10, 34))
    sofia = await start_socket_chat(system, "Sofia Oliveira", "Je ne reçois pas le code par SMS.")
    await accept_and_answer(ada, "Pouvez-vous me donner les deux derniers chiffres du numéro ?")
    await sofia.disconnect()
    system.clock.turn_to(today_at(10, 36))
    await start_new_conversation(marie)
    await accept_and_answer(ada)
    system.clock.turn_to(today_at(10, 38))
    await ada.send("Bonjour Marie, je regarde tout de suite.")
    await ada.send("Votre banque a demandé une vérification ce matin : le virement est reparti à 9 h 12.")
    await ada.add_note("Deuxième retrait bloqué par cette banque cette semaine.")
    system.clock.turn_to(today_at(10, 39))
    paul = await start_socket_chat(system, "Jean-Paul Morin", "Combien de temps prend un retrait ?")
    leaving.push_async_callback(paul.disconnect)
    await accept_and_answer(ada, "Le retrait part sous deux jours ouvrés.")
    system.clock.turn_to(today_at(10, 41, 8))
    leaving.push_async_callback(
        (await start_socket_chat(system, "Karim B.", "Je n’arrive plus à me connecter")).disconnect
    )
    system.clock.turn_to(today_at(10, 41, 42))
    leaving.push_async_callback(
        (await start_socket_chat(system, None, "Bonjour, comment inviter un filleul ?")).disconnect
    )
    system.clock.turn_to(today_at(10, 42))


async def reopen_console(browser: BrowserSession, ada: Agent) -> Agent:
    """Ada in a new tab that shows the system's present time, with Marie's conversation open."""
    ada = replace(ada, page=await browser.new_tab(ada.context))
    await ada.page.goto(f"{ada.system.chat_url}/console")
    await expect(ada.rows("Les miennes").first).to_contain_text("D’accord, merci.")
    await ada.rows("Les miennes").first.click()
    await ada.page.mouse.move(640, 600)
    return ada


async def submit_forms(system: RunningSystem) -> None:
    """Forms sent while no agent was available."""
    async with ClientSession() as session:
        for number, (moment, name, category, text) in enumerate(FORM_REQUESTS):
            system.clock.turn_to(moment)
            who = {"name": name, "email": f"{name.split()[0].lower()}@exemple.fr", "category": category}
            form = {"site": "demo", "client_id": f"picture-{number:012}", "text": text, **who}
            assert (await session.post(f"{loopback_url(system)}/api/tickets", json=form)).status == 201


def loopback_url(system: RunningSystem) -> str:
    """The chat server for clients that do not resolve our host names."""
    return system.chat_url.replace("chat.app.localhost", "127.0.0.1")


async def start_socket_chat(system: RunningSystem, name: str | None, text: str) -> socket_clients.Visitor:
    """A chat of a visitor without a browser."""
    visitor = socket_clients.Visitor()
    page = {"url": "https://exemple.fr/aide", "title": "Aide", "referrer": ""}
    await visitor.connect(loopback_url(system), {"site": "demo", "page": page})
    await visitor.run("hello")
    await visitor.start_chat(text, **({"name": name} if name else {}), category="payments")
    return visitor


async def accept_and_answer(ada: Agent, text: str = "") -> None:
    await ada.accept_offer()
    if text:
        await ada.send(text)


async def create_yesterdays_chat(ada: Agent, marie: Visitor) -> None:
    """Marie's earlier conversation, which shows above her new one."""
    await marie.page.goto(f"{marie.system.chat_url}/")
    await marie.launcher.wait_for()
    await marie.page.evaluate(
        "guichet('prefill', {name: 'Marie Lefèvre', category: 'account', email: 'marie@exemple.fr'})"
    )
    await marie.open_widget()
    await marie.send("J’ai oublié mon mot de passe.")
    await accept_and_answer(ada, "Voici comment en choisir un autre.")
    await ada.button("Terminer").click()
    # Leaving the page ends the undo window.
    await ada.page.reload()
    await expect(marie.button("Nouvelle conversation")).to_be_visible()
    await expect(ada.presence_button).to_contain_text("0/3")


async def start_new_conversation(marie: Visitor) -> None:
    await marie.page.evaluate(
        "guichet('prefill', {name: 'Marie Lefèvre', category: 'payments', email: 'marie@exemple.fr'})"
    )
    await marie.button("Nouvelle conversation").click()
    await marie.send("Bonjour, mon retrait de lundi n’est toujours pas arrivé.")
    await marie.send("C’était 84,20 €, sur mon compte habituel.")


async def reopen_page(browser: BrowserSession, marie: Visitor) -> Visitor:
    """Marie in a new tab that shows the system's present time."""
    tab = await browser.new_tab(marie.context)
    await marie.page.close()
    marie = replace(marie, page=tab)
    await tab.goto(f"{marie.system.chat_url}/")
    await expect(marie.text).to_be_visible()
    return marie
