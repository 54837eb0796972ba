"""GET /api/service: chat or form, now and at other times."""

import pytest

from tests.web.conftest import WebServer


async def get_service(server: WebServer, query: str) -> dict[str, object]:
    response = await server.client.get(f"/api/service?site=demo{query}")
    assert response.status == 200
    body: dict[str, object] = await response.json()
    return body


async def test_mode_is_chat_with_an_available_agent(server: WebServer) -> None:
    assert (await get_service(server, ""))["mode"] == "form"
    await server.connect_agent(await server.add_agent())
    assert await get_service(server, "") == {
        "state": "open",
        "mode": "chat",
        "until": "2026-11-23T18:00:00+01:00",
        "next_open": None,
        "promise": {"due": "2026-11-25T10:00:00+01:00"},
    }


@pytest.mark.parametrize(
    "at",
    [
        "2026-11-28T11:00:00%2B01:00",
        "2026-11-28T11:00:00+01:00",
        "2026-11-28T10:00:00Z",
        "2026-11-28T11:00:00",
        "2026-11-28T11:00",
        "2026-11-28%2011:00",
    ],
)
async def test_at_takes_every_time_format(server: WebServer, at: str) -> None:
    body = await get_service(server, f"&at={at}")
    assert (body["state"], body["until"]) == ("limited", "2026-11-28T18:00:00+01:00")
    assert body["next_open"] == "2026-11-30T09:00:00+01:00"


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "2199-12-31T23:59:59Z", "2199-12-31T12:00:00-11:00"])
async def test_at_may_be_near_the_ends_of_time(server: WebServer, at: str) -> None:
    assert (await server.client.get(f"/api/service?site=demo&at={at}")).status == 200


OUTSIDE = (
    "2199-12-31T23:59:59-23:59",
    "1970-01-01T00:00:00%2B23:59",
    "2200-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
)


@pytest.mark.parametrize(
    "at",
    [
        "",
        "tomorrow",
        "2026-13-01",
        "0001-01-01T00:00:00Z",
        "2026-11-28T11:00:00+99:00",
        "0001-01-01T00:00:00+23:59",
        *OUTSIDE,
    ],
)
async def test_malformed_at_is_a_bad_request(server: WebServer, at: str) -> None:
    response = await server.client.get(f"/api/service?site=demo&at={at}")
    assert response.status == 400
    assert (await response.json())["error"]["field"] == "at"


async def test_unknown_site_is_not_found(server: WebServer) -> None:
    response = await server.client.get("/api/service?site=nowhere")
    assert response.status == 404
    assert (await response.json())["error"]["code"] == "not_found"


async def test_mode_is_form_without_redis(server: WebServer) -> None:
    await server.connect_agent(await server.add_agent())
    assert (await get_service(server, ""))["mode"] == "chat"
    await server.context.redis.close()
    assert (await get_service(server, ""))["mode"] == "form"
