"""The main job, in two browsers: asked, rung, answered, handed over, ended, and found again the next day."""

from datetime import timedelta

from playwright.async_api import expect

from tests.journeys.browser import Stage
from tests.journeys.running_system import Town
from tests.journeys.users import Agent, Visitor

QUESTION = "Bonjour, mon retrait de lundi n’est toujours pas arrivé."
ANSWER = "Bonjour, je regarde tout de suite."
THANKS = "D’accord, merci. C’est le compte habituel."
NOTE = "Deuxième retrait bloqué par cette banque cette semaine."
FOR_BEN = "Ben, la banque rappelle avant midi."
LAST = "Le virement est reparti à 9 h 12."


async def test_a_visitor_is_answered_and_finds_it_all_the_next_day(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    await town.hire("Ben")
    ada = await stage.agent("Ada")
    await ada.is_("available")
    vic = await stage.visitor()
    await asks(vic, ada)
    await they_talk(vic, ada)
    await ada.notes(NOTE)
    ben = await stage.agent("Ben")
    await ben.is_("available")
    await hands_over(ada, ben)
    await goes_on(vic, ben)
    await ends(vic, ben)
    await finds_it_again(stage, town, vic)
    await ada.page.get_by_role("searchbox").fill("retrait")
    await expect(ada.rows("Résultats")).to_have_count(1)
    await expect(ada.rows("Résultats")).to_contain_text("Résolue")


async def asks(vic: Visitor, ada: Agent) -> None:
    """Ada is rung, by a banner and by the title, and accepts."""
    await vic.opens()
    await vic.says(QUESTION)
    await expect(ada.ringing).to_contain_text(QUESTION)
    await expect(ada.page).to_have_title("● Visiteur 1 vous attend")
    await ada.accepts()
    await expect(ada.bubble(QUESTION)).to_be_visible()
    await expect(vic.frame.get_by_role("heading", name="Ada")).to_be_visible()


async def they_talk(vic: Visitor, ada: Agent) -> None:
    """Each sees the other write, and what the other has read."""
    await ada.composer.press_sequentially("Bonj")
    await expect(vic.frame.get_by_text("Ada écrit…")).to_be_visible()
    await ada.says(ANSWER)
    await expect(vic.bubble(ANSWER)).to_be_visible()
    await expect(ada.log.get_by_text(" · lu")).to_be_visible()
    await vic.text.press_sequentially("D’acc")
    await expect(ada.page.get_by_text("Visiteur 1 écrit…")).to_be_visible()
    await vic.says(THANKS)
    await expect(ada.bubble(THANKS)).to_be_visible()
    await expect(vic.log.get_by_text(" · lu")).to_have_count(2)


async def hands_over(ada: Agent, ben: Agent) -> None:
    """With a word; Ben has all of it before him, the notes included."""
    await ada.button("Transmettre").click()
    dialog = ada.page.get_by_role("dialog")
    await dialog.get_by_label("Ben").check()
    await dialog.get_by_label("Note pour la suite (facultatif)").fill(FOR_BEN)
    await dialog.get_by_role("button", name="Transmettre", exact=True).click()
    await expect(ben.ringing).to_contain_text("Ada vous la transmet")
    await ben.accepts()
    for note in (NOTE, FOR_BEN):
        await expect(ben.page.locator(".note").filter(has_text=note)).to_be_visible()
    await expect(ben.bubble(THANKS)).to_be_visible()


async def goes_on(vic: Visitor, ben: Agent) -> None:
    """What came after the notes stands on the visitor's side, so whatever of them could come would have come."""
    await ben.says(LAST)
    await expect(vic.bubble(LAST)).to_be_visible()
    await expect(vic.frame.get_by_text("Ada a passé la conversation à Ben")).to_be_visible()
    everything = await vic.frame.locator("body").inner_text()
    assert LAST in everything
    assert NOTE not in everything
    assert FOR_BEN not in everything


async def ends(vic: Visitor, ben: Agent) -> None:
    """Ben leaves the page without waiting for his second thoughts to be over."""
    await ben.button("Terminer").click()
    await expect(ben.notices).to_contain_text("Conversation avec Visiteur 1 terminée")
    await ben.page.goto("about:blank")
    await expect(vic.frame.get_by_text("Ben a terminé la conversation")).to_be_visible()


async def finds_it_again(stage: Stage, town: Town, vic: Visitor) -> None:
    """The next day, on another page of the site."""
    await vic.page.close()
    town.clock.turn_to(town.clock() + timedelta(days=1))
    vic = await stage.again(vic, "/second")
    await expect(vic.text).to_be_visible()
    await expect(vic.log.locator(".bubble")).to_have_text([QUESTION, ANSWER, THANKS, LAST])
