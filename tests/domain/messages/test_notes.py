"""Notes: stored once, with numbers of their own, and no trace of them in the numbers that a visitor sees."""

import asyncio

import pytest

from chat.domain.messages import catch_up, notes
from chat.domain.refusals import Conflict
from tests.domain.domain_driver import DomainDriver, new_id


async def test_notes_have_their_own_numbers_and_follow_a_message(driver: DomainDriver) -> None:
    ada, ben, vic = await driver.agent("Ada"), await driver.agent("Ben"), driver.visitor("Vic")
    await vic.starts()
    first = await ada.notes(vic.ticket, "VIP")
    await vic.says()
    second = await ben.notes(vic.ticket, "Vu")
    assert [(row.note_seq, row.after_seq, row.author_name) for row in (first, second)] == [(1, 1, "Ada"), (2, 2, "Ben")]
    assert (await vic.says()).seq == 3
    caught = await driver.read(catch_up.visitor_catch_up, vic.id, vic.ticket, 0)
    assert caught.notes == [] and [row.seq for row in caught.messages] == [1, 2, 3]


async def test_a_repeated_client_id_is_one_note_and_another_text_a_conflict(driver: DomainDriver) -> None:
    ada, ben, vic = await driver.agent("Ada"), await driver.agent("Ben"), driver.visitor("Vic")
    await vic.starts()
    client_id = new_id()
    first = await ada.notes(vic.ticket, "VIP", client_id)
    facts_before = len(driver.facts)
    assert await ada.notes(vic.ticket, " VIP ", client_id) == first
    with pytest.raises(Conflict):
        await ada.notes(vic.ticket, "Autre", client_id)
    assert len(driver.facts) == facts_before
    assert (await ben.notes(vic.ticket, "À moi", client_id)).note_seq == 2, "an id is its author's own"


async def test_notes_from_two_nodes_have_no_gaps(nodes: tuple[DomainDriver, DomainDriver]) -> None:
    one, _ = nodes
    ada, vic = await one.agent("Ada"), one.visitor("Vic")
    await vic.starts()
    same = new_id()
    new = [notes.NewNote(new_id(), f"{n}") for n in range(10)] + [notes.NewNote(same, "once")] * 2
    made = await asyncio.gather(
        *(node.store.write(notes.add_note, ada.id, vic.ticket, note, one.now) for note in new for node in nodes)
    )
    assert sorted({row.note_seq for row in made}) == list(range(1, 12))
