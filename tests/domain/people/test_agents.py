"""Agents: added and removed, signed in by sessions, their passwords set by one-time links."""

import asyncio

import pytest

from chat.domain.facts import AgentRemoved
from chat.domain.people import agents, departments, password_links, sessions
from chat.domain.people.agents import NewAgent
from chat.domain.queries.agents import all_agents
from chat.domain.refusals import BadRequest, Conflict, NotAllowed, NotFound
from tests.domain.domain_driver import DomainDriver

ADA = NewAgent("Ada@Example.test", " Ada ", role="admin", password_hash="argon2")


async def test_an_agent_is_added_once_removed_and_brought_back(driver: DomainDriver) -> None:
    row = await driver.run(agents.add_agent, ADA, driver.now)
    assert (row.name, row.email, row.state, row.capacity) == ("Ada", "ada@example.test", "away", 4)
    with pytest.raises(Conflict):
        await driver.run(agents.add_agent, ADA, driver.now)
    assert await driver.read(sessions.credentials, " ADA@example.test") == (row.id, "argon2")
    await driver.run(agents.remove_agent, "ada@EXAMPLE.test", driver.now)
    assert isinstance(driver.facts[-1], AgentRemoved)
    assert await driver.read(all_agents) == []
    assert await driver.read(sessions.credentials, "ada@example.test") is None
    with pytest.raises(NotFound):
        await driver.run(agents.remove_agent, "ada@example.test", driver.now)
    back = await driver.run(agents.add_agent, ADA, driver.now)
    assert (back.id, back.public_id) == (row.id, row.public_id)


@pytest.mark.parametrize(
    "new",
    [
        NewAgent("nobody", "Ada"),
        NewAgent("ada@example.test", "  "),
        NewAgent("ada@example.test", "Ada", capacity=0),
    ],
)
async def test_an_agent_needs_an_address_a_name_and_a_capacity(driver: DomainDriver, new: NewAgent) -> None:
    with pytest.raises(BadRequest):
        await driver.run(agents.add_agent, new, driver.now)


async def test_an_agents_departments_must_exist(driver: DomainDriver) -> None:
    with pytest.raises(NotFound):
        await driver.run(agents.add_agent, NewAgent("ada@example.test", "Ada", departments=["Paiements"]), driver.now)
    part = await driver.run(departments.add_department, " Paiements ")
    with pytest.raises(Conflict):
        await driver.run(departments.add_department, "Paiements")
    row = await driver.run(
        agents.add_agent, NewAgent("ada@example.test", "Ada", departments=["Paiements"] * 2), driver.now
    )
    assert row.departments == (part,)


async def test_used_sessions_last_thirty_days_or_until_signed_out(driver: DomainDriver) -> None:
    row = await driver.run(agents.add_agent, ADA, driver.now)
    await driver.run(sessions.open_session, row.id, "hash 1", driver.now)
    await driver.run(sessions.open_session, row.id, "hash 2", driver.now)
    for _ in range(2):
        await driver.run(sessions.close_session, "hash 2")
    assert await driver.read(sessions.valid_sessions, ["hash 1", "hash 2"], driver.now) == {"hash 1"}
    for _ in range(60):
        driver.later(hours=11, minutes=59)
        await driver.run(sessions.record_use, ["hash 1", "hash 2"], driver.now)
        found = await driver.read(sessions.agent_for_session, "hash 1", driver.now)
        assert found is not None and found.id == row.id
    driver.later(hours=1)
    assert await driver.read(sessions.agent_for_session, "hash 1", driver.now) is None


async def test_a_session_that_ended_without_use_can_not_be_used_again(driver: DomainDriver) -> None:
    row = await driver.run(agents.add_agent, ADA, driver.now)
    await driver.run(sessions.open_session, row.id, "hash", driver.now)
    driver.later(hours=11)
    assert await driver.read(sessions.valid_sessions, ["hash"], driver.now) == {"hash"}
    driver.later(hours=1)
    await driver.run(sessions.record_use, ["hash"], driver.now)
    assert await driver.read(sessions.valid_sessions, ["hash"], driver.now) == set()


async def test_a_removed_agents_sessions_end(driver: DomainDriver) -> None:
    row = await driver.run(agents.add_agent, ADA, driver.now)
    await driver.run(sessions.open_session, row.id, "hash", driver.now)
    await driver.run(agents.remove_agent, "ada@example.test", driver.now)
    assert await driver.read(sessions.agent_for_session, "hash", driver.now) is None
    assert await driver.read(sessions.valid_sessions, ["hash"], driver.now) == set()


async def test_a_password_link_works_once_and_ends_the_sessions(driver: DomainDriver) -> None:
    row = await driver.run(agents.add_agent, ADA, driver.now)
    await driver.run(sessions.open_session, row.id, "session", driver.now)
    await driver.run(password_links.create_link_for_agent, "ada@example.test", "link 1", driver.now)
    assert await driver.read(sessions.agent_for_session, "session", driver.now) is None
    await driver.run(password_links.create_link_for_agent, "ada@example.test", "link 2", driver.now)
    with pytest.raises(NotFound):
        await driver.run(password_links.use_link, "link 1", "new hash", driver.now)
    await driver.run(password_links.use_link, "link 2", "new hash", driver.now)
    assert await driver.read(sessions.credentials, "ada@example.test") == (row.id, "new hash")
    with pytest.raises(NotFound):
        await driver.run(password_links.use_link, "link 2", "third hash", driver.now)
    await driver.run(password_links.create_link_for_agent, "ada@example.test", "link 3", driver.now)
    driver.later(days=2)
    with pytest.raises(NotFound):
        await driver.run(password_links.use_link, "link 3", "late hash", driver.now)


async def test_the_owner_is_created_once(driver: DomainDriver) -> None:
    assert await driver.read(password_links.needs_setup)
    await driver.run(password_links.create_password_link, None, "owner 1", driver.now)
    await driver.run(password_links.create_password_link, None, "owner", driver.now)
    with pytest.raises(NotFound):
        await driver.run(password_links.create_owner, "owner 1", ADA, driver.now)
    await driver.run(password_links.create_owner, "owner", ADA, driver.now)
    assert not await driver.read(password_links.needs_setup)
    await driver.run(password_links.create_password_link, None, "again", driver.now)
    with pytest.raises(NotAllowed):
        await driver.run(
            password_links.create_owner, "again", NewAgent("eve@example.test", "Eve", role="admin"), driver.now
        )


async def test_a_password_link_used_twice_at_once_works_once(nodes: tuple[DomainDriver, DomainDriver]) -> None:
    one, _ = nodes
    await one.run(agents.add_agent, ADA, one.now)
    await one.run(password_links.create_link_for_agent, "ada@example.test", "link", one.now)
    uses = [node.store.write(password_links.use_link, "link", f"hash {n}", one.now) for n in range(3) for node in nodes]
    answers = await asyncio.gather(*uses, return_exceptions=True)
    assert [type(answer) for answer in answers].count(NotFound) == len(uses) - 1
