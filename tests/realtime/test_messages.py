"""Messages: said once, numbered without gaps, heard by everybody else."""

import asyncio

from tests.realtime.conftest import Arrive, ShowUp
from tests.realtime.node import Node
from tests.realtime.socket_clients import Agent, Visitor, new_id, words


async def chat(ada: Agent, vic: Visitor, text: str = "Bonjour ?") -> str:
    """A ticket in which Vic has spoken and which Ada has taken: its thread has two lines."""
    ticket = await vic.starts(text)
    await ada.does("claim", ticket=ticket["id"])
    await vic.hears("message", lambda message: message["kind"] == "event")
    return str(ticket["id"])


async def test_vic_asks_and_ada_answers(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await vic.starts("Bonjour ?")
    assert (ticket["status"], ticket["head"], ticket["queue"]["position"]) == ("live", 1, 1)
    assert (await ada.hears("card"))["preview"] == "Bonjour ?"
    assert (await ada.hears("offer"))["card"]["ticket"] == ticket["id"]
    claimed = await ada.does("claim", ticket=ticket["id"])
    assert claimed["ticket"]["agent"]["name"] == "Ada"
    await ada.says(ticket["id"], "Je vous écoute.")
    answer = await vic.hears("message", lambda message: message["kind"] == "text")
    assert (answer["text"], answer["author"]["name"]) == ("Je vous écoute.", "Ada")


async def test_the_same_id_gets_the_same_ack_and_other_words_a_conflict(
    node: Node, visitor: Arrive, agent: ShowUp
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket, own_id = await chat(ada, vic), new_id()
    first = await vic.does("send_message", ticket=ticket, client_id=own_id, text="Allô ?")
    again = await vic.does("send_message", ticket=ticket, client_id=own_id, text="  Allô ? ")
    assert again == first
    other = await vic.refused("send_message", ticket=ticket, client_id=own_id, text="Non.")
    assert other["code"] == "conflict"
    caught = await vic.does("catch_up", ticket=ticket, after=0)
    assert words(caught["messages"]) == ["Bonjour ?", "Allô ?"]
    # An agent may use the same id: it is theirs on this ticket.
    assert (await ada.does("send_message", ticket=ticket, client_id=own_id, text="Oui ?"))["seq"] == 4


async def test_starting_twice_with_one_id_makes_one_ticket(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    await agent(node, "Ada")
    vic, own_id = await visitor(node), new_id()
    first = await vic.does("start_chat", client_id=own_id, text="Bonjour")
    again = await vic.does("start_chat", client_id=own_id, text="Bonjour")
    assert again["message"] == first["message"]
    assert again["ticket"]["id"] == first["ticket"]["id"]


async def test_seq_has_no_gaps_however_many_speak_at_once(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    tab = await visitor(node, token=vic.token)
    said = [(person, f"{name} {number}") for number in range(15) for name, person in speakers(vic, tab, ada)]
    acks = await asyncio.gather(*(person.says(ticket, text) for person, text in said))
    assert sorted(ack["seq"] for ack in acks) == list(range(3, 3 + len(said)))
    caught = await vic.does("catch_up", ticket=ticket, after=2)
    assert [message["seq"] for message in caught["messages"]] == list(range(3, 3 + len(said)))
    by_seq = {ack["seq"]: text for ack, (_, text) in zip(acks, said, strict=True)}
    assert {message["seq"]: message["text"] for message in caught["messages"]} == by_seq


def speakers(vic: Visitor, tab: Visitor, ada: Agent) -> list[tuple[str, Visitor | Agent]]:
    return [("Vic", vic), ("the other tab", tab), ("Ada", ada)]


async def test_each_sender_is_heard_in_order(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    lines = [f"line {number}" for number in range(40)]
    await asyncio.gather(*(vic.says(ticket, line) for line in lines))
    await ada.hears("message", lambda message: message["text"] == "line 39")
    assert ada.texts()[-40:] == lines
    seqs = [message["seq"] for message in ada.told("message") if message["seq"] > 2]
    assert seqs == list(range(3, 43))


async def test_two_tabs_make_one_ticket(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    await agent(node, "Ada")
    first = await visitor(node)
    second = await visitor(node, token=first.token)
    begun, joined = await asyncio.gather(first.starts("one"), second.starts("two"))
    assert begun["id"] == joined["id"]
    caught = await first.does("catch_up", ticket=begun["id"], after=0)
    assert sorted(words(caught["messages"])) == ["one", "two"]


async def test_a_tab_that_was_nobodys_hears_the_chat_begin(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    await agent(node, "Ada")
    first = await visitor(node)
    second = await visitor(node, token=first.token)
    ticket = await first.starts("Bonjour")
    assert (await second.hears("ticket"))["id"] == ticket["id"]
    assert (await second.hears("message"))["text"] == "Bonjour"
    await first.says(ticket["id"], "Encore moi")
    assert (await second.hears("message", lambda message: message["seq"] == 2))["text"] == "Encore moi"


async def test_the_senders_socket_has_its_ack_and_every_other_tab_the_event(
    node: Node, visitor: Arrive, agent: ShowUp
) -> None:
    ada, vic, zoe = await agent(node, "Ada"), await visitor(node), await visitor(node)
    ticket, other = await chat(ada, vic), await chat(ada, zoe)
    tab = await visitor(node, token=vic.token)
    await vic.says(ticket, "mine")
    await tab.hears("message", lambda message: message["text"] == "mine")
    await ada.hears("message", lambda message: message["text"] == "mine")
    await ada.says(ticket, "the end")
    await vic.hears("message", lambda message: message["text"] == "the end")
    assert vic.texts() == ["the end"]
    assert tab.texts() == ["mine", "the end"]
    # Zoe hears what is hers, so silence about Vic's means something.
    await ada.says(other, "for Zoe")
    await zoe.hears("message", lambda message: message["text"] == "for Zoe")
    assert zoe.texts() == ["for Zoe"]


async def test_catch_up_goes_by_two_hundred_and_starts_over_beyond_the_head(
    node: Node, visitor: Arrive, agent: ShowUp
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    for number in range(205):
        await (vic if number % 5 == 0 else ada).says(ticket, str(number))
    first = await vic.does("catch_up", ticket=ticket, after=0)
    assert [message["seq"] for message in first["messages"]] == list(range(1, 201))
    rest = await vic.does("catch_up", ticket=ticket, after=200)
    assert [message["seq"] for message in rest["messages"]] == list(range(201, 208))
    assert "restart" not in rest
    assert rest["head"] == 207
    over = await vic.does("catch_up", ticket=ticket, after=5_000)
    assert over["restart"] is True
    assert [message["seq"] for message in over["messages"]] == list(range(8, 208))
    hello = await (await visitor(node, token=vic.token)).does("hello")
    assert [message["seq"] for message in hello["messages"]] == list(range(8, 208))


async def test_a_note_never_reaches_vic(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, ben, vic = await agent(node, "Ada"), await agent(node, "Ben", available=False), await visitor(node)
    ticket = await chat(ada, vic)
    await ben.does("open_ticket", ticket=ticket)
    noted = await ada.does("add_note", ticket=ticket, client_id=new_id(), text="She is a VIP.")
    note = await ben.hears("note")
    assert (note["text"], note["note_seq"], note["after"]) == ("She is a VIP.", noted["note_seq"], 2)
    assert "seq" not in note
    await ada.says(ticket, "Hello")
    said = await vic.hears("message", lambda message: message["text"] == "Hello")
    # What Vic hears after it has the number that follows: not even a hole tells of the note.
    assert said["seq"] == 3
    caught = await vic.does("catch_up", ticket=ticket, after=0)
    assert "VIP" in str(ben.heard)
    assert "VIP" not in str((vic.heard, caught))
    assert vic.told("note") == []


async def test_a_note_is_written_once(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket, own_id = await chat(ada, vic), new_id()
    first = await ada.does("add_note", ticket=ticket, client_id=own_id, text="look")
    assert await ada.does("add_note", ticket=ticket, client_id=own_id, text="look") == first
    assert (await ada.refused("add_note", ticket=ticket, client_id=own_id, text="no"))["code"] == "conflict"
    opened = await ada.does("open_ticket", ticket=ticket)
    assert ([note["text"] for note in opened["notes"]], opened["notes_head"]) == (["look"], 1)
    caught = await ada.does("catch_up", ticket=ticket, after=2, notes_after=0)
    assert [note["text"] for note in caught["notes"]] == ["look"]
    assert (await ada.does("catch_up", ticket=ticket, after=2, notes_after=9))["restart"] is True


async def test_read_marks_only_grow_and_are_told_to_the_others(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    await ada.says(ticket, "three")
    await vic.does("mark_read", ticket=ticket, seq=3)
    assert await ada.hears("read", lambda read: read["by"] == "visitor") == {
        "ticket": ticket,
        "seq": 3,
        "by": "visitor",
    }
    await vic.does("mark_read", ticket=ticket, seq=1)
    await vic.does("mark_read", ticket=ticket, seq=99)
    shown = await vic.does("catch_up", ticket=ticket, after=3)
    assert shown["ticket"]["read"] == {"visitor": 3, "agent": 3}
    assert len(ada.told("read")) == 1


async def test_marks_are_written_together_and_hold_up_no_words(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    head = (await ada.says(ticket, "three"))["seq"]
    marks = [asyncio.ensure_future(vic.does("mark_read", ticket=ticket, seq=seq)) for seq in range(1, head + 1)]
    marks.append(asyncio.ensure_future(ada.does("mark_read", ticket=ticket, seq=head)))
    await asyncio.sleep(0)
    await vic.says(ticket, "four")
    assert not any(mark.done() for mark in marks)
    assert [mark["ok"] for mark in await asyncio.gather(*marks)] == [True] * (head + 1)
    shown = await ada.does("open_ticket", ticket=ticket)
    assert shown["ticket"]["read"] == {"visitor": head + 1, "agent": head}


async def test_typing_is_told_to_the_other_side_only(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await vic.starts("Bonjour", name="Vic")
    await ada.does("claim", ticket=ticket["id"])
    tab = await visitor(node, token=vic.token)
    await vic.does("typing", ticket=ticket["id"], on=True)
    assert await ada.hears("typing") == {"ticket": ticket["id"], "on": True, "name": "Vic"}
    ben = await agent(node, "Ben")
    await ben.does("typing", ticket=ticket["id"], on=True)
    await ada.does("typing", ticket=ticket["id"], on=False)
    assert (await tab.hears("typing"))["name"] == "Ada"
    assert [typing["name"] for typing in tab.told("typing")] == ["Ada"]
    assert [typing["name"] for typing in ada.told("typing")] == ["Vic"]


async def test_an_address_can_be_left_and_the_chat_becomes_a_ticket(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    await agent(node, "Ada")
    vic = await visitor(node)
    ticket = await vic.starts("Bonjour")
    waits = await vic.does("give_contact", ticket=ticket["id"], email="vic@example.com", wait=True)
    assert (waits["ticket"]["status"], waits["ticket"]["reachable"]) == ("live", True)
    left = await vic.does("give_contact", ticket=ticket["id"], email="v@example.com", wait=False)
    assert left["ticket"]["status"] == "open"
    assert left["ticket"]["promise"]["due"].endswith("+01:00")
    assert "/t/" in left["ticket"]["link"]


async def test_vic_comes_back_and_finds_the_chat(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    await ada.says(ticket, "Voilà.")
    ended = await ada.does("end_chat", ticket=ticket)
    assert ended["ticket"]["status"] == "solved"
    await vic.leave()
    back = Visitor()
    hello = await back.open(node, token=vic.token)
    assert "token" not in hello
    assert (hello["ticket"]["id"], hello["ticket"]["status"]) == (ticket, "solved")
    assert words(hello["messages"]) == ["Bonjour ?", "Voilà."]
    assert hello["head"] == hello["ticket"]["head"]
    await back.leave()
