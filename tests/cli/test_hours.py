"""Hours and calendar by command: without a server, and in one that runs."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from chat.domain.rules.hours import calendar_json
from chat.domain.rules.hours.calendar import DEFAULT
from tests.cli.cli_client import Browser, Json, Operator, Server

TUESDAY_TEN = "2026-11-24T10:00"


def afternoons_only(calendar: Json) -> Json:
    """The same desk, but it opens at two."""
    week = [{**row, "from": "14:00"} for row in calendar["week"]]
    return {**calendar, "week": week}


def written(path: Path, calendar: object) -> str:
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
async def test_hours_at_a_moment_naive_or_with_its_offset(
    operator: Operator, moment: str, state: str, until: str
) -> None:
    found = await operator.reads("hours", "--at", moment, "--json")
    assert (found["state"], found["until"]) == (state, until)


async def test_hours_print_a_service(operator: Operator) -> None:
    found = await operator.reads("hours", "--at", "2026-12-24T15:00", "--json")
    assert found == {
        "state": "open",
        "mode": "form",
        "until": "2026-12-24T18:00:00+01:00",
        "next_open": None,
        "promise": {"due": "2026-12-29T15:00:00+01:00"},
    }


async def test_hours_now_in_words(operator: Operator) -> None:
    said = await operator.types("hours")
    told = dict(line.split() for line in said.out.splitlines())
    assert told["mode"] == "form"
    assert told["state"] in ("open", "limited", "closed")
    assert datetime.fromisoformat(told["promise"]).tzinfo


async def test_a_moment_that_is_none_is_refused_in_words(operator: Operator) -> None:
    said = await operator.types("hours", "--at", "tomorrow")
    assert said.code == 1
    assert said.err == "Error: a time like 2026-11-24T09:00:00+01:00\n"


async def test_a_calendar_that_was_shown_can_be_set(operator: Operator, tmp_path: Path) -> None:
    shown = await operator.reads("calendar", "show")
    assert calendar_json.to_json(calendar_json.parse(shown)) == shown
    other = afternoons_only(shown)
    assert await operator.reads("calendar", "set", written(tmp_path / "other.json", other)) == other
    assert await operator.reads("calendar", "show") == other


async def test_a_bad_calendar_is_refused_by_its_row_and_changes_nothing(operator: Operator, tmp_path: Path) -> None:
    shown = calendar_json.to_json(DEFAULT)
    assert isinstance(shown["week"], list)
    twice = {**shown, "week": [*shown["week"], {"days": ["tue"], "from": "17:00", "to": "19:00", "state": "open"}]}
    said = await operator.types("calendar", "set", written(tmp_path / "bad.json", twice))
    assert said.code == 1
    assert "week[2]" in said.err
    nonsense = await operator.types("calendar", "set", "-", stdin="{")
    assert "Error: this is no JSON" in nonsense.err
    assert await operator.reads("calendar", "show") == shown


async def test_a_running_server_opens_by_the_new_calendar(
    operator: Operator, server: Server, browser: Browser, tmp_path: Path
) -> None:
    asked = f"/api/service?site=demo&at={TUESDAY_TEN}"
    assert (await browser.gets(asked))["state"] == "open"
    other = afternoons_only(calendar_json.to_json(DEFAULT))
    await operator.reads("calendar", "set", written(tmp_path / "other.json", other))
    assert (await browser.gets(asked))["state"] == "closed"
    assert (await operator.reads("hours", "--at", TUESDAY_TEN, "--json"))["state"] == "closed"
