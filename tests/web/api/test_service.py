"""What service there is, now and at other moments, as anybody may ask."""

import pytest

from tests.web.conftest import House


async def asked(house: House, query: str) -> dict[str, object]:
    answer = await house.browser.get(f"/api/service?site=demo{query}")
    assert answer.status == 200
    told: dict[str, object] = await answer.json()
    return told


async def test_an_available_agent_makes_it_a_chat(house: House) -> None:
    assert (await asked(house, ""))["mode"] == "form"
    await house.comes(await house.ada())
    assert await asked(house, "") == {
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
async def test_another_moment_in_every_way_to_write_it(house: House, at: str) -> None:
    told = await asked(house, f"&at={at}")
    assert (told["state"], told["until"]) == ("limited", "2026-11-28T18:00:00+01:00")
    assert told["next_open"] == "2026-11-30T09:00:00+01:00"


@pytest.mark.parametrize("at", ["", "tomorrow", "2026-13-01", "0001-01-01T00:00:00Z", "2026-11-28T11:00:00+99:00"])
async def test_what_is_no_moment_is_a_bad_request(house: House, at: str) -> None:
    answer = await house.browser.get(f"/api/service?site=demo&at={at}")
    assert answer.status == 400
    assert (await answer.json())["error"]["field"] == "at"


async def test_an_unknown_site_is_not_found(house: House) -> None:
    answer = await house.browser.get("/api/service?site=nowhere")
    assert answer.status == 404
    assert (await answer.json())["error"]["code"] == "not_found"


async def test_without_redis_it_is_the_form(house: House) -> None:
    await house.comes(await house.ada())
    assert (await asked(house, ""))["mode"] == "chat"
    await house.doors.redis.close()
    assert (await asked(house, ""))["mode"] == "form"
