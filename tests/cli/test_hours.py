"""The commands `hours` and `calendar`, with and without a running server."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from chat.domain.rules.hours import calendar_json
from chat.domain.rules.hours.calendar import DEFAULT
from tests.cli.cli_client import Browser, Json, Operator, Server

TUESDAY_TEN = "2026-11-24T10:00"


def opening_at_two(calendar: Json) -> Json:
    """The same calendar, but the days of the week open at 14:00."""
    week = [{**row, "from": "14:00"} for row in calendar["week"]]
    return {**calendar, "week": week}


def write_json(path: Path, calendar: object) -> str:
    path.write_text(json.dumps(calendar))
    return str(path)


@pytest.mark.parametrize(
    ("moment", "state", "until"),
    [
        (TUESDAY_TEN, "open", "2026-11-24T18:00:00+01:00"),
        ("2026-11-24T10:00:00+09:00", "closed", "2026-11-24T09:00:00+01:00"),
        ("2026-12-25T10:00", "limited", "2026-12-25T18:00:00+01:00"),
    ],
)
async def test_hours_at_time_naive_or_with_offset(operator: Operator, moment: str, state: str, until: str) -> None:
    service = await operator.run_json("hours", "--at", moment, "--json")
    assert (service["state"], service["until"]) == (state, until)


async def test_hours_json_is_a_service(operator: Operator) -> None:
    service = await operator.run_json("hours", "--at", "2026-12-24T15:00", "--json")
    assert service == {
        "state": "open",
        "mode": "form",
        "until": "2026-12-24T18:00:00+01:00",
        "next_open": None,
        "promise": {"due": "2026-12-29T15:00:00+01:00"},
    }


async def test_hours_without_json_prints_a_line_per_field(operator: Operator) -> None:
    result = await operator.run("hours")
    fields = dict(line.split() for line in result.out.splitlines())
    assert fields["mode"] == "form"
    assert fields["state"] in ("open", "limited", "closed")
    assert datetime.fromisoformat(fields["promise"]).tzinfo


async def test_invalid_time_is_refused(operator: Operator) -> None:
    result = await operator.run("hours", "--at", "tomorrow")
    assert result.code == 1
    assert result.err == "Error: a time like 2026-11-24T09:00:00+01:00\n"


async def test_shown_calendar_can_be_set(operator: Operator, tmp_path: Path) -> None:
    shown = await operator.run_json("calendar", "show")
    assert calendar_json.to_json(calendar_json.parse(shown)) == shown
    other = opening_at_two(shown)
    assert await operator.run_json("calendar", "set", write_json(tmp_path / "other.json", other)) == other
    assert await operator.run_json("calendar", "show") == other


async def test_invalid_calendar_is_refused_with_its_row_and_changes_nothing(operator: Operator, tmp_path: Path) -> None:
    shown = calendar_json.to_json(DEFAULT)
    assert isinstance(shown["week"], list)
    overlapping = {
        **shown,
        "week": [*shown["week"], {"days": ["tue"], "from": "17:00", "to": "19:00", "state": "open"}],
    }
    result = await operator.run("calendar", "set", write_json(tmp_path / "bad.json", overlapping))
    assert result.code == 1
    assert "week[2]" in result.err
    no_json = await operator.run("calendar", "set", "-", stdin="{")
    assert "Error: this is no JSON" in no_json.err
    assert await operator.run_json("calendar", "show") == shown


async def test_running_server_uses_new_calendar(
    operator: Operator, server: Server, browser: Browser, tmp_path: Path
) -> None:
    path = f"/api/service?site=demo&at={TUESDAY_TEN}"
    assert (await browser.get_json(path))["state"] == "open"
    other = opening_at_two(calendar_json.to_json(DEFAULT))
    await operator.run_json("calendar", "set", write_json(tmp_path / "other.json", other))
    assert (await browser.get_json(path))["state"] == "closed"
    assert (await operator.run_json("hours", "--at", TUESDAY_TEN, "--json"))["state"] == "closed"
