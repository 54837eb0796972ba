"""A long conversation in the console: scrolling up brings the messages and notes before, to the first one."""

import asyncio

from playwright.async_api import Locator, expect

from chat.app import timeouts_of
from chat.domain.context import DomainContext
from chat.domain.messages import notes
from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch
from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.users import Agent

SCROLL_TO_TOP = """(log, seq) => {
  log.scrollTop = 0;
  return log.querySelector(`[data-seq="${seq}"]`).getBoundingClientRect().top;
}"""


async def open_long_conversation(browser: BrowserSession, system: RunningSystem, lines: int) -> Agent:
    """Ada's conversation with a greeting, the event of its assignment and `lines` answers; a note stands behind 100."""
    row = await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.send("Bonjour")
    await ada.accept_offer()
    ticket = ada.page.url.rpartition("/")[2]
    context = DomainContext(system.clock(), frozenset({row.id}), timeouts_of(system.settings))

    async def post_answers(numbers: range) -> None:
        posts = [
            Post(ticket, f"0193-answer-number-{number:06}", f"line {number}", context, agent_id=row.id)
            for number in numbers
        ]
        await asyncio.gather(*(system.store.post(post_batch, post) for post in posts))

    await post_answers(range(1, 101))
    note = notes.NewNote("0193-note-on-line-100", "a note")
    await system.store.write(notes.add_note, row.id, ticket, note, system.clock())
    await post_answers(range(101, lines + 1))
    await ada.page.reload()
    await expect(ada.bubble(f"line {lines}")).to_be_in_viewport()
    return ada


def first_entry(ada: Agent) -> Locator:
    return ada.log.locator("[data-seq]").first


async def test_scrolling_up_loads_older_messages_and_keeps_the_place(
    browser: BrowserSession, system: RunningSystem
) -> None:
    ada = await open_long_conversation(browser, system, 448)
    # The greeting and the event have the numbers 1 and 2.
    for first, before in ((251, 51), (51, 1)):
        await expect(first_entry(ada)).to_have_attribute("data-seq", str(first))
        top = await ada.log.evaluate(SCROLL_TO_TOP, first)
        await expect(first_entry(ada)).to_have_attribute("data-seq", str(before))
        box = await ada.log.locator(f'[data-seq="{first}"]').bounding_box()
        assert box and abs(box["y"] - top) < 2
    await expect(ada.log.locator(".note")).to_contain_text("a note")
    texts = await ada.log.locator(".bubble, .note").all_text_contents()
    at = next(index for index, text in enumerate(texts) if "a note" in text)
    assert [texts[at - 1].split()[-1], texts[at + 1].split()[-1]] == ["100", "101"]
    await expect(ada.button("Afficher les messages plus anciens")).to_have_count(0)


async def test_older_messages_that_could_not_be_loaded_can_be_asked_for_again(
    browser: BrowserSession, system: RunningSystem
) -> None:
    ada = await open_long_conversation(browser, system, 258)
    await system.stop()
    await expect(ada.page.locator(".offline p")).to_be_visible()
    await ada.log.evaluate(SCROLL_TO_TOP, 61)
    retry = ada.log.get_by_role("button", name="Réessayer")
    await expect(retry).to_be_visible()
    await expect(ada.log.get_by_text("n’ont pas pu être chargés")).to_be_visible()
    await system.start()
    await expect(ada.page.locator(".offline p")).to_have_count(0)
    await retry.click()
    await expect(first_entry(ada)).to_have_attribute("data-seq", "1")
