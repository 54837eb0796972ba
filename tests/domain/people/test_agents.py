"""Agents: added and removed, signed in by sessions, their passwords set by one-time links."""

import asyncio

import pytest

from chat.domain.facts import AgentRemoved
from chat.domain.people import agents, departments, password_links, sessions
from chat.domain.people.agents import NewAgent
from chat.domain.queries.agents import all_agents
from chat.domain.refusals import BadRequest, Conflict, NotAllowed, NotFound
from tests.domain.domain_driver import Desk

ADA = NewAgent("Ada@Example.test", " Ada ", role="admin", password_hash="argon2")


async def test_an_agent_is_added_once_removed_and_brought_back(desk: Desk) -> None:
    row = await desk.run(agents.add_agent, ADA, desk.now)
    assert (row.name, row.email, row.state, row.capacity) == ("Ada", "ada@example.test", "away", 4)
    with pytest.raises(Conflict):
        await desk.run(agents.add_agent, ADA, desk.now)
    assert await desk.read(sessions.credentials, " ADA@example.test") == (row.id, "argon2")
    await desk.run(agents.remove_agent, "ada@EXAMPLE.test", desk.now)
    assert isinstance(desk.facts[-1], AgentRemoved)
    assert await desk.read(all_agents) == []
    assert await desk.read(sessions.credentials, "ada@example.test") is None
    with pytest.raises(NotFound):
        await desk.run(agents.remove_agent, "ada@example.test", desk.now)
    back = await desk.run(agents.add_agent, ADA, desk.now)
    assert (back.id, back.public_id) == (row.id, row.public_id)


@pytest.mark.parametrize(
    "new",
    [
        NewAgent("nobody", "Ada"),
        NewAgent("ada@example.test", "  "),
        NewAgent("ada@example.test", "Ada", capacity=0),
    ],
)
async def test_an_agent_needs_an_address_a_name_and_a_capacity(desk: Desk, new: NewAgent) -> None:
    with pytest.raises(BadRequest):
        await desk.run(agents.add_agent, new, desk.now)


async def test_an_agents_departments_must_exist(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.run(agents.add_agent, NewAgent("ada@example.test", "Ada", departments=["Paiements"]), desk.now)
    part = await desk.run(departments.add_department, " Paiements ")
    with pytest.raises(Conflict):
        await desk.run(departments.add_department, "Paiements")
    row = await desk.run(agents.add_agent, NewAgent("ada@example.test", "Ada", departments=["Paiements"] * 2), desk.now)
    assert row.departments == (part,)


async def test_sessions_last_thirty_days_or_until_signed_out(desk: Desk) -> None:
    row = await desk.run(agents.add_agent, ADA, desk.now)
    await desk.run(sessions.open_session, row.id, "hash 1", desk.now)
    await desk.run(sessions.open_session, row.id, "hash 2", desk.now)
    for _ in range(2):
        await desk.run(sessions.close_session, "hash 2")
    assert await desk.read(sessions.valid_sessions, ["hash 1", "hash 2"], desk.now) == {"hash 1"}
    desk.later(days=29, hours=23)
    found = await desk.read(sessions.agent_for_session, "hash 1", desk.now)
    assert found is not None and found.id == row.id
    desk.later(hours=1)
    assert await desk.read(sessions.agent_for_session, "hash 1", desk.now) is None


async def test_a_removed_agents_sessions_end(desk: Desk) -> None:
    row = await desk.run(agents.add_agent, ADA, desk.now)
    await desk.run(sessions.open_session, row.id, "hash", desk.now)
    await desk.run(agents.remove_agent, "ada@example.test", desk.now)
    assert await desk.read(sessions.agent_for_session, "hash", desk.now) is None
    assert await desk.read(sessions.valid_sessions, ["hash"], desk.now) == set()


async def test_a_password_link_works_once_and_ends_the_sessions(desk: Desk) -> None:
    row = await desk.run(agents.add_agent, ADA, desk.now)
    await desk.run(sessions.open_session, row.id, "session", desk.now)
    await desk.run(password_links.create_link_for_agent, "ada@example.test", "link 1", desk.now)
    assert await desk.read(sessions.agent_for_session, "session", desk.now) is None
    await desk.run(password_links.create_link_for_agent, "ada@example.test", "link 2", desk.now)
    with pytest.raises(NotFound):
        await desk.run(password_links.use_link, "link 1", "new hash", desk.now)
    await desk.run(password_links.use_link, "link 2", "new hash", desk.now)
    assert await desk.read(sessions.credentials, "ada@example.test") == (row.id, "new hash")
    with pytest.raises(NotFound):
        await desk.run(password_links.use_link, "link 2", "third hash", desk.now)
    await desk.run(password_links.create_link_for_agent, "ada@example.test", "link 3", desk.now)
    desk.later(days=2)
    with pytest.raises(NotFound):
        await desk.run(password_links.use_link, "link 3", "late hash", desk.now)


async def test_the_owner_is_created_once(desk: Desk) -> None:
    assert await desk.read(password_links.needs_setup)
    await desk.run(password_links.create_password_link, None, "owner 1", desk.now)
    await desk.run(password_links.create_password_link, None, "owner", desk.now)
    with pytest.raises(NotFound):
        await desk.run(password_links.create_owner, "owner 1", ADA, desk.now)
    await desk.run(password_links.create_owner, "owner", ADA, desk.now)
    assert not await desk.read(password_links.needs_setup)
    await desk.run(password_links.create_password_link, None, "again", desk.now)
    with pytest.raises(NotAllowed):
        await desk.run(
            password_links.create_owner, "again", NewAgent("eve@example.test", "Eve", role="admin"), desk.now
        )


async def test_a_password_link_used_twice_at_once_works_once(nodes: tuple[Desk, Desk]) -> None:
    one, _ = nodes
    await one.run(agents.add_agent, ADA, one.now)
    await one.run(password_links.create_link_for_agent, "ada@example.test", "link", one.now)
    uses = [node.store.write(password_links.use_link, "link", f"hash {n}", one.now) for n in range(3) for node in nodes]
    answers = await asyncio.gather(*uses, return_exceptions=True)
    assert [type(answer) for answer in answers].count(NotFound) == len(uses) - 1
