"""Only administrators open the desk for an hour, from the console's own pages."""

from datetime import timedelta

import pytest

from chat.domain.people import agents
from chat.domain.people.agents import NewAgent
from chat.vocabulary import Role
from tests.web.conftest import FAST_HASHER, MONDAY_TEN, ORIGIN, PASSWORD, WebServer

PATH = "/api/console/calendar/opening"
EVENING = MONDAY_TEN + timedelta(hours=12)


async def sign_in(server: WebServer, role: Role) -> None:
    new = NewAgent("sam@example.com", "Sam", role, password_hash=FAST_HASHER.hash(PASSWORD))
    await server.context.store.write(agents.add_agent, new, server.clock())
    body = {"email": "sam@example.com", "password": PASSWORD}
    assert (await server.client.post("/api/session", json=body, headers={"Origin": ORIGIN})).status == 200


async def test_administrator_opens_the_desk_and_closes_it(server: WebServer) -> None:
    server.clock.now = EVENING
    await sign_in(server, "admin")
    opened = await server.client.post(PATH, headers={"Origin": ORIGIN})
    assert opened.status == 200
    body = await opened.json()
    assert (body["state"], body["until"], body["extra_hours"]) == ("open", "2026-11-23T23:00:00+01:00", True)
    closed = await (await server.client.delete(PATH, headers={"Origin": ORIGIN})).json()
    assert (closed["state"], closed["until"]) == ("closed", "2026-11-24T09:00:00+01:00")
    assert "extra_hours" not in closed


async def test_an_open_desk_is_a_conflict(server: WebServer) -> None:
    await sign_in(server, "admin")
    assert (await server.client.post(PATH, headers={"Origin": ORIGIN})).status == 409


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    ("role", "origin", "status"),
    [
        (None, ORIGIN, 401),
        ("agent", ORIGIN, 403),
        ("supervisor", ORIGIN, 403),
        ("admin", "https://elsewhere.example", 403),
    ],
    # Names without the port of this run: two workers must collect the same tests.
    ids=["nobody", "agent", "supervisor", "foreign origin"],
)
async def test_nobody_else_may(server: WebServer, method: str, role: Role | None, origin: str, status: int) -> None:
    server.clock.now = EVENING
    if role:
        await sign_in(server, role)
    response = await server.client.request(method, PATH, headers={"Origin": origin})
    assert response.status == status
    assert (await (await server.client.get("/api/service?site=demo")).json())["state"] == "closed"
