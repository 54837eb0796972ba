"""Messages: stored once, numbered without gaps, delivered to all other sockets."""

import asyncio

from tests.realtime.conftest import ConnectAgent, ConnectVisitor
from tests.realtime.node import Node
from tests.realtime.socket_clients import Agent, Visitor, new_id, texts_of


async def chat(ada: Agent, vic: Visitor, text: str = "Bonjour ?") -> str:
    """A ticket that Vic has started and Ada has claimed: its thread has two messages."""
    ticket = await vic.start_chat(text)
    await ada.run("claim", ticket=ticket["id"])
    await vic.receive("message", lambda message: message["kind"] == "event")
    return str(ticket["id"])


async def test_vic_asks_and_ada_answers(node: Node, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await vic.start_chat("Bonjour ?")
    assert (ticket["status"], ticket["head"], ticket["queue"]["position"]) == ("live", 1, 1)
    assert (await ada.receive("card"))["preview"] == "Bonjour ?"
    assert (await ada.receive("offer"))["card"]["ticket"] == ticket["id"]
    claimed = await ada.run("claim", ticket=ticket["id"])
    assert claimed["ticket"]["agent"]["name"] == "Ada"
    await ada.send(ticket["id"], "Je vous écoute.")
    answer = await vic.receive("message", lambda message: message["kind"] == "text")
    assert (answer["text"], answer["author"]["name"]) == ("Je vous écoute.", "Ada")


async def test_repeated_client_id_gets_the_same_ack_and_another_text_a_conflict(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket, own_id = await chat(ada, vic), new_id()
    first = await vic.run("send_message", ticket=ticket, client_id=own_id, text="Allô ?")
    repeated = await vic.run("send_message", ticket=ticket, client_id=own_id, text="  Allô ? ")
    assert repeated == first
    other = await vic.refusal_of("send_message", ticket=ticket, client_id=own_id, text="Non.")
    assert other["code"] == "conflict"
    caught = await vic.run("catch_up", ticket=ticket, after=0)
    assert texts_of(caught["messages"]) == ["Bonjour ?", "Allô ?"]
    # An agent may use the same client_id: ids count per sender.
    assert (await ada.run("send_message", ticket=ticket, client_id=own_id, text="Oui ?"))["seq"] == 4


async def test_repeated_start_with_one_client_id_makes_one_ticket(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    await agent(node, "Ada")
    vic, own_id = await visitor(node), new_id()
    first = await vic.run("start_chat", client_id=own_id, text="Bonjour")
    repeated = await vic.run("start_chat", client_id=own_id, text="Bonjour")
    assert repeated["message"] == first["message"]
    assert repeated["ticket"]["id"] == first["ticket"]["id"]


async def test_seq_has_no_gaps_under_concurrent_sends(node: Node, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    tab = await visitor(node, token=vic.token)
    said = [(person, f"{name} {number}") for number in range(15) for name, person in speakers(vic, tab, ada)]
    acks = await asyncio.gather(*(person.send(ticket, text) for person, text in said))
    assert sorted(ack["seq"] for ack in acks) == list(range(3, 3 + len(said)))
    caught = await vic.run("catch_up", ticket=ticket, after=2)
    assert [message["seq"] for message in caught["messages"]] == list(range(3, 3 + len(said)))
    by_seq = {ack["seq"]: text for ack, (_, text) in zip(acks, said, strict=True)}
    assert {message["seq"]: message["text"] for message in caught["messages"]} == by_seq


def speakers(vic: Visitor, tab: Visitor, ada: Agent) -> list[tuple[str, Visitor | Agent]]:
    return [("Vic", vic), ("the other tab", tab), ("Ada", ada)]


async def test_messages_of_each_sender_arrive_in_order(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    texts = [f"line {number}" for number in range(40)]
    await asyncio.gather(*(vic.send(ticket, text) for text in texts))
    await ada.receive("message", lambda message: message["text"] == "line 39")
    assert ada.texts()[-40:] == texts
    seqs = [message["seq"] for message in ada.events("message") if message["seq"] > 2]
    assert seqs == list(range(3, 43))


async def test_two_tabs_make_one_ticket(node: Node, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    await agent(node, "Ada")
    first = await visitor(node)
    second = await visitor(node, token=first.token)
    begun, joined = await asyncio.gather(first.start_chat("one"), second.start_chat("two"))
    assert begun["id"] == joined["id"]
    caught = await first.run("catch_up", ticket=begun["id"], after=0)
    assert sorted(texts_of(caught["messages"])) == ["one", "two"]


async def test_other_tab_of_a_new_visitor_gets_ticket_and_message(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    await agent(node, "Ada")
    first = await visitor(node)
    second = await visitor(node, token=first.token)
    ticket = await first.start_chat("Bonjour")
    assert (await second.receive("ticket"))["id"] == ticket["id"]
    assert (await second.receive("message"))["text"] == "Bonjour"
    await first.send(ticket["id"], "Encore moi")
    assert (await second.receive("message", lambda message: message["seq"] == 2))["text"] == "Encore moi"


async def test_sender_gets_the_ack_only_and_other_tabs_the_event(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic, zoe = await agent(node, "Ada"), await visitor(node), await visitor(node)
    ticket, other = await chat(ada, vic), await chat(ada, zoe)
    tab = await visitor(node, token=vic.token)
    await vic.send(ticket, "mine")
    await tab.receive("message", lambda message: message["text"] == "mine")
    await ada.receive("message", lambda message: message["text"] == "mine")
    await ada.send(ticket, "the end")
    await vic.receive("message", lambda message: message["text"] == "the end")
    assert vic.texts() == ["the end"]
    assert tab.texts() == ["mine", "the end"]
    # Zoe receives events of her own ticket, so that receiving none of Vic's means something.
    await ada.send(other, "for Zoe")
    await zoe.receive("message", lambda message: message["text"] == "for Zoe")
    assert zoe.texts() == ["for Zoe"]


async def test_catch_up_returns_200_messages_and_restarts_beyond_the_head(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    for number in range(205):
        await (vic if number % 5 == 0 else ada).send(ticket, str(number))
    first = await vic.run("catch_up", ticket=ticket, after=0)
    assert [message["seq"] for message in first["messages"]] == list(range(1, 201))
    rest = await vic.run("catch_up", ticket=ticket, after=200)
    assert [message["seq"] for message in rest["messages"]] == list(range(201, 208))
    assert "restart" not in rest
    assert rest["head"] == 207
    over = await vic.run("catch_up", ticket=ticket, after=5_000)
    assert over["restart"] is True
    assert [message["seq"] for message in over["messages"]] == list(range(8, 208))
    hello = await (await visitor(node, token=vic.token)).run("hello")
    assert [message["seq"] for message in hello["messages"]] == list(range(8, 208))


async def test_note_never_reaches_the_visitor(node: Node, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    ada, ben, vic = await agent(node, "Ada"), await agent(node, "Ben", available=False), await visitor(node)
    ticket = await chat(ada, vic)
    await ben.run("open_ticket", ticket=ticket)
    noted = await ada.run("add_note", ticket=ticket, client_id=new_id(), text="She is a VIP.")
    note = await ben.receive("note")
    assert (note["text"], note["note_seq"], note["after"]) == ("She is a VIP.", noted["note_seq"], 2)
    assert "seq" not in note
    await ada.send(ticket, "Hello")
    said = await vic.receive("message", lambda message: message["text"] == "Hello")
    # Vic's next message has the next number: not even a gap reveals the note.
    assert said["seq"] == 3
    caught = await vic.run("catch_up", ticket=ticket, after=0)
    assert "VIP" in str(ben.received)
    assert "VIP" not in str((vic.received, caught))
    assert vic.events("note") == []


async def test_repeated_note_is_stored_once(node: Node, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket, own_id = await chat(ada, vic), new_id()
    first = await ada.run("add_note", ticket=ticket, client_id=own_id, text="look")
    assert await ada.run("add_note", ticket=ticket, client_id=own_id, text="look") == first
    assert (await ada.refusal_of("add_note", ticket=ticket, client_id=own_id, text="no"))["code"] == "conflict"
    opened = await ada.run("open_ticket", ticket=ticket)
    assert ([note["text"] for note in opened["notes"]], opened["notes_head"]) == (["look"], 1)
    caught = await ada.run("catch_up", ticket=ticket, after=2, notes_after=0)
    assert [note["text"] for note in caught["notes"]] == ["look"]
    assert (await ada.run("catch_up", ticket=ticket, after=2, notes_after=9))["restart"] is True


async def test_read_marks_only_grow_and_reach_the_other_sockets(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    await ada.send(ticket, "three")
    await vic.run("mark_read", ticket=ticket, seq=3)
    assert await ada.receive("read", lambda read: read["by"] == "visitor") == {
        "ticket": ticket,
        "seq": 3,
        "by": "visitor",
    }
    await vic.run("mark_read", ticket=ticket, seq=1)
    await vic.run("mark_read", ticket=ticket, seq=99)
    shown = await vic.run("catch_up", ticket=ticket, after=3)
    assert shown["ticket"]["read"] == {"visitor": 3, "agent": 3}
    assert len(ada.events("read")) == 1


async def test_read_marks_are_batched_and_delay_no_messages(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    head = (await ada.send(ticket, "three"))["seq"]
    marks = [asyncio.ensure_future(vic.run("mark_read", ticket=ticket, seq=seq)) for seq in range(1, head + 1)]
    marks.append(asyncio.ensure_future(ada.run("mark_read", ticket=ticket, seq=head)))
    await asyncio.sleep(0)
    await vic.send(ticket, "four")
    assert not any(mark.done() for mark in marks)
    assert [mark["ok"] for mark in await asyncio.gather(*marks)] == [True] * (head + 1)
    shown = await ada.run("open_ticket", ticket=ticket)
    assert shown["ticket"]["read"] == {"visitor": head + 1, "agent": head}


async def test_typing_reaches_the_other_side_only(node: Node, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await vic.start_chat("Bonjour", name="Vic")
    await ada.run("claim", ticket=ticket["id"])
    tab = await visitor(node, token=vic.token)
    await vic.run("typing", ticket=ticket["id"], on=True)
    assert await ada.receive("typing") == {"ticket": ticket["id"], "on": True, "name": "Vic"}
    ben = await agent(node, "Ben")
    await ben.run("typing", ticket=ticket["id"], on=True)
    await ada.run("typing", ticket=ticket["id"], on=False)
    assert (await tab.receive("typing"))["name"] == "Ada"
    assert [typing["name"] for typing in tab.events("typing")] == ["Ada"]
    assert [typing["name"] for typing in ada.events("typing")] == ["Vic"]


async def test_chat_becomes_open_ticket_when_visitor_leaves_an_address(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    await agent(node, "Ada")
    vic = await visitor(node)
    ticket = await vic.start_chat("Bonjour")
    waits = await vic.run("give_contact", ticket=ticket["id"], email="vic@example.com", wait=True)
    assert (waits["ticket"]["status"], waits["ticket"]["reachable"]) == ("live", True)
    left = await vic.run("give_contact", ticket=ticket["id"], email="v@example.com", wait=False)
    assert left["ticket"]["status"] == "open"
    assert left["ticket"]["promise"]["due"].endswith("+01:00")
    assert "/t/" in left["ticket"]["link"]


async def test_returning_visitor_gets_the_chat_in_hello(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    await ada.send(ticket, "Voilà.")
    ended = await ada.run("end_chat", ticket=ticket)
    assert ended["ticket"]["status"] == "solved"
    await vic.disconnect()
    back = Visitor()
    hello = await back.connect_and_hello(node, token=vic.token)
    assert "token" not in hello
    assert (hello["ticket"]["id"], hello["ticket"]["status"]) == (ticket, "solved")
    assert texts_of(hello["messages"]) == ["Bonjour ?", "Voilà."]
    assert hello["head"] == hello["ticket"]["head"]
    await back.disconnect()
