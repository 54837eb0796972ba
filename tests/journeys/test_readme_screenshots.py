"""The two pictures of the README: a busy morning at the desk, as Ada and as Marie see it.

They are put into docs/pictures by PICTURES=docs/pictures; a run without it leaves what is committed alone.
"""

import os
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import ClientSession
from playwright.async_api import expect

from tests.journeys.browser import Stage
from tests.journeys.running_system import Town
from tests.journeys.users import Agent, Visitor
from tests.realtime import cast
from tooling.steps import ROOT

COMMITTED = ROOT / "docs/pictures"
# What is due on this Tuesday was asked on the Friday before.
FORMS = (
    (datetime(2026, 11, 20, 13, 5, tzinfo=UTC), "Nora Haddad", "affiliation", "Commission de mars manquante"),
    (datetime(2026, 11, 20, 15, 30, tzinfo=UTC), "Paul Girard", "account", "Changement d’adresse"),
)
YESTERDAY = datetime(2026, 11, 23, 14, 10, tzinfo=UTC)


def today(hour: int, minute: int, second: int = 0) -> datetime:
    """In Paris."""
    return datetime(2026, 11, 24, hour - 1, minute, second, tzinfo=UTC)


async def test_a_busy_morning(stage: Stage, town: Town, tmp_path: Path) -> None:
    await town.hire("Ada", capacity=3)
    await forms(town)
    town.clock.turn_to(YESTERDAY)
    ada = await stage.agent("Ada")
    await ada.is_("available")
    marie = await stage.visitor(None)
    await yesterday(ada, marie)
    folder = Path(os.environ.get("PICTURES", tmp_path))
    async with AsyncExitStack() as leaving:
        await this_morning(town, ada, marie, leaving)
        marie = await comes_back(stage, marie)
        await marie.says("D’accord, merci. C’est le compte habituel.")
        ada = await looks_again(stage, ada)
        await expect(marie.log.get_by_text(" · lu")).to_have_count(2)
        await ada.composer.press_sequentially("Merci Marie. Si le virement n’est pas là ")
        await expect(marie.frame.get_by_text("Ada écrit…")).to_be_visible()
        await marie.page.screenshot(path=folder / "widget.png", animations="disabled")
        await marie.text.press_sequentially("Et")
        await expect(ada.page.get_by_text("Marie Lefèvre écrit…")).to_be_visible()
        await ada.page.screenshot(path=folder / "console.png", animations="disabled")
    assert {path.name for path in COMMITTED.glob("*.png")} >= {"widget.png", "console.png"}


async def this_morning(town: Town, ada: Agent, marie: Visitor, leaving: AsyncExitStack) -> None:
    """Three chats of Ada's, and two that wait until she has a place."""
    town.clock.turn_to(today(10, 34))
    sofia = await chats(town, "Sofia Oliveira", "Je ne reçois pas le code par SMS.")
    await answers(ada, "Pouvez-vous me donner les deux derniers chiffres du numéro ?")
    await sofia.leave()
    town.clock.turn_to(today(10, 36))
    await asks(marie)
    await answers(ada)
    town.clock.turn_to(today(10, 38))
    await ada.says("Bonjour Marie, je regarde tout de suite.")
    await ada.says("Votre banque a demandé une vérification ce matin : le virement est reparti à 9 h 12.")
    await ada.notes("Deuxième retrait bloqué par cette banque cette semaine.")
    town.clock.turn_to(today(10, 39))
    paul = await chats(town, "Jean-Paul Morin", "Combien de temps prend un retrait ?")
    leaving.push_async_callback(paul.leave)
    await answers(ada, "Le retrait part sous deux jours ouvrés.")
    town.clock.turn_to(today(10, 41, 8))
    leaving.push_async_callback((await chats(town, "Karim B.", "Je n’arrive plus à me connecter")).leave)
    town.clock.turn_to(today(10, 41, 42))
    leaving.push_async_callback((await chats(town, None, "Bonjour, comment inviter un filleul ?")).leave)
    town.clock.turn_to(today(10, 42))


async def looks_again(stage: Stage, ada: Agent) -> Agent:
    """Ada in a tab whose clock has come along, with Marie's conversation open."""
    ada = replace(ada, page=await stage.tab(ada.context))
    await ada.page.goto(f"{ada.town.chat}/console")
    await expect(ada.rows("Les miennes").first).to_contain_text("D’accord, merci.")
    await ada.rows("Les miennes").first.click()
    await ada.page.mouse.move(640, 600)
    return ada


async def forms(town: Town) -> None:
    """Sent while nobody was there."""
    async with ClientSession() as session:
        for number, (moment, name, category, text) in enumerate(FORMS):
            town.clock.turn_to(moment)
            who = {"name": name, "email": f"{name.split()[0].lower()}@exemple.fr", "category": category}
            form = {"site": "demo", "client_id": f"picture-{number:012}", "text": text, **who}
            assert (await session.post(f"{here(town)}/api/tickets", json=form)).status == 201


def here(town: Town) -> str:
    """For clients that do not know the names of this machine."""
    return town.chat.replace("chat.app.localhost", "127.0.0.1")


async def chats(town: Town, name: str | None, text: str) -> cast.Visitor:
    """Somebody whose browser need not be seen."""
    visitor = cast.Visitor()
    page = {"url": "https://exemple.fr/aide", "title": "Aide", "referrer": ""}
    await visitor.connect(here(town), {"site": "demo", "page": page})
    await visitor.does("hello")
    await visitor.starts(text, **({"name": name} if name else {}), category="payments")
    return visitor


async def answers(ada: Agent, text: str = "") -> None:
    await ada.accepts()
    if text:
        await ada.says(text)


async def yesterday(ada: Agent, marie: Visitor) -> None:
    """What stands under her earlier exchanges today."""
    await marie.page.goto(f"{marie.town.chat}/")
    await marie.launcher.wait_for()
    await marie.page.evaluate(
        "guichet('prefill', {name: 'Marie Lefèvre', category: 'account', email: 'marie@exemple.fr'})"
    )
    await marie.opens()
    await marie.says("J’ai oublié mon mot de passe.")
    await answers(ada, "Voici comment en choisir un autre.")
    await ada.button("Terminer").click()
    # Leaving the page is the end of the second thoughts.
    await ada.page.reload()
    await expect(marie.button("Nouvelle conversation")).to_be_visible()
    await expect(ada.choice).to_contain_text("0/3")


async def asks(marie: Visitor) -> None:
    await marie.page.evaluate(
        "guichet('prefill', {name: 'Marie Lefèvre', category: 'payments', email: 'marie@exemple.fr'})"
    )
    await marie.button("Nouvelle conversation").click()
    await marie.says("Bonjour, mon retrait de lundi n’est toujours pas arrivé.")
    await marie.says("C’était 84,20 €, sur mon compte habituel.")


async def comes_back(stage: Stage, marie: Visitor) -> Visitor:
    """In a tab whose clock has come along."""
    tab = await stage.tab(marie.context)
    await marie.page.close()
    marie = replace(marie, page=tab)
    await tab.goto(f"{marie.town.chat}/")
    await expect(marie.text).to_be_visible()
    return marie
