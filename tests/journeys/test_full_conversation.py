"""The main use: a visitor asks, an agent answers, hands over, the next one ends the chat, and it is there next day."""

import re
from datetime import timedelta

from playwright.async_api import expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.users import Agent, Visitor

QUESTION = "Bonjour, mon retrait de lundi n’est toujours pas arrivé."
ANSWER = "Bonjour, je regarde tout de suite."
THANKS = "D’accord, merci. C’est le compte habituel."
NOTE = "Deuxième retrait bloqué par cette banque cette semaine."
FOR_BEN = "Ben, la banque rappelle avant midi."
LAST = "Le virement est reparti à 9 h 12."


async def test_visitor_gets_answer_and_finds_conversation_next_day(
    browser: BrowserSession, system: RunningSystem
) -> None:
    await system.add_agent("Ada")
    await system.add_agent("Ben")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await start_chat(vic, ada)
    await exchange_messages(vic, ada)
    await ada.add_note(NOTE)
    ben = await browser.sign_in_agent("Ben")
    await ben.set_presence("available")
    await hand_over(ada, ben)
    await continue_after_hand_over(vic, ben)
    await watch_team(ada)
    await end_chat(vic, ben)
    await find_among_ended(ada)
    await reopen_next_day(browser, system, vic)
    await ada.page.get_by_role("searchbox").fill("retrait")
    await expect(ada.rows("Résultats")).to_have_count(1)
    await expect(ada.rows("Résultats")).to_contain_text("Résolue")


async def start_chat(vic: Visitor, ada: Agent) -> None:
    """Ada's console shows the offer in a banner and in the title, and she accepts it."""
    await vic.open_widget()
    await vic.send(QUESTION)
    await expect(ada.ringing_offers).to_contain_text(QUESTION)
    await expect(ada.page).to_have_title("● Anonyme 1 vous attend")
    await ada.accept_offer()
    await expect(ada.bubble(QUESTION)).to_be_visible()
    await expect(vic.frame.get_by_role("heading", name="Ada")).to_be_visible()


async def exchange_messages(vic: Visitor, ada: Agent) -> None:
    """Each side sees when the other one is typing, and what the other one has read."""
    await ada.composer.press_sequentially("Bonj")
    await expect(vic.frame.get_by_text("Ada écrit…")).to_be_visible()
    await ada.send(ANSWER)
    await expect(vic.bubble(ANSWER)).to_be_visible()
    await expect(ada.log.get_by_text(" · lu")).to_be_visible()
    await vic.text.press_sequentially("D’acc")
    await expect(ada.page.get_by_text("Anonyme 1 écrit…")).to_be_visible()
    await vic.send(THANKS)
    await expect(ada.bubble(THANKS)).to_be_visible()
    await expect(vic.log.get_by_text(" · lu")).to_have_count(2)


async def hand_over(ada: Agent, ben: Agent) -> None:
    """Ada hands over with a note; Ben sees the whole conversation, notes included."""
    await ada.button("Transmettre").click()
    dialog = ada.page.get_by_role("dialog")
    await dialog.get_by_label("Ben").check()
    await dialog.get_by_label("Note pour la suite (facultatif)").fill(FOR_BEN)
    await dialog.get_by_role("button", name="Transmettre", exact=True).click()
    await expect(ben.ringing_offers).to_contain_text("Ada vous la transmet")
    await ben.accept_offer()
    for note in (NOTE, FOR_BEN):
        await expect(ben.page.locator(".note").filter(has_text=note)).to_be_visible()
    await expect(ben.bubble(THANKS)).to_be_visible()


async def continue_after_hand_over(vic: Visitor, ben: Agent) -> None:
    """The visitor received a message that came after the notes, and no note."""
    await ben.send(LAST)
    await expect(vic.bubble(LAST)).to_be_visible()
    await expect(vic.frame.get_by_text("Ada a transmis la conversation à Ben")).to_be_visible()
    everything = await vic.frame.locator("body").inner_text()
    assert LAST in everything
    assert NOTE not in everything
    assert FOR_BEN not in everything


async def watch_team(ada: Agent) -> None:
    """Ben's chat is in Ada's list of the team; reading it leaves the list as it is."""
    await ada.page.get_by_role("link", name="Équipe", exact=True).click()
    await expect(ada.rows("Équipe")).to_have_count(1)
    await expect(ada.rows("Équipe")).to_contain_text("Ben")
    name = ada.rows("Équipe").locator(".card-row__name")
    assert await name.evaluate("of => getComputedStyle(of).textAlign") == "left", "in whichever direction it is written"
    await ada.rows("Équipe").click()
    await expect(ada.bubble(LAST)).to_be_visible()
    assert re.search("/console/team/t_[^/]+$", ada.page.url)


async def find_among_ended(ada: Agent) -> None:
    """The list of the team is empty at once; that of the ended is found by its address, too."""
    await expect(ada.page.get_by_text("Personne d’autre n’a de conversation en direct.")).to_be_visible()
    await ada.page.goto(f"{ada.system.chat_url}/console/ended")
    await expect(ada.rows("Terminées")).to_have_count(1)
    await expect(ada.rows("Terminées")).to_contain_text("Résolue")


async def end_chat(vic: Visitor, ben: Agent) -> None:
    """Ben leaves the page before the undo window is over; the chat ends nevertheless."""
    await ben.button("Terminer").click()
    await expect(ben.toasts).to_contain_text("Conversation avec Anonyme 1 terminée")
    await ben.page.goto("about:blank")
    await expect(vic.frame.get_by_text("Ben a terminé la conversation")).to_be_visible()


async def reopen_next_day(browser: BrowserSession, system: RunningSystem, vic: Visitor) -> None:
    """The visitor comes back the next day, on another page of the site."""
    await vic.page.close()
    await system.turn_to(system.clock() + timedelta(days=1))
    vic = await browser.reopen(vic, "/second")
    await expect(vic.text).to_be_visible()
    await expect(vic.log.locator(".bubble")).to_have_text([QUESTION, ANSWER, THANKS, LAST])
