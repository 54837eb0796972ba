"""Putting a calendar in force, as JSON in the settings, where `queries.calendar` reads it."""

import json
from datetime import datetime

from sqlalchemy import insert, select, update

from chat.domain.facts import SettingsChanged
from chat.domain.queries.calendar import load_calendar
from chat.domain.refusals import Conflict
from chat.domain.rules.hours import calendar_json, extra_hours
from chat.domain.rules.hours.calendar import Calendar, state_at
from chat.store.tables import settings
from chat.store.transaction import Transaction

OPENING_MINUTES = 60
_IS_CALENDAR = settings.c.name == "calendar"


def set_calendar(tx: Transaction, json_value: object) -> Calendar:
    """Put the calendar that this decoded JSON describes in force. Stored promises keep their times.

    Raises InvalidCalendar.
    """
    parsed = calendar_json.parse(json_value)
    value = json.dumps(calendar_json.to_json(parsed))
    changed = update(settings).where(_IS_CALENDAR).values(value=value)
    if not tx.sql.execute(changed).rowcount:
        tx.sql.execute(insert(settings).values(name="calendar", value=value))
    tx.record(SettingsChanged())
    return parsed


def open_for_an_hour(tx: Transaction, now: datetime) -> Calendar:
    """Open the desk for an hour from now on. A second opening takes the place of the first. Conflict while the regular
    hours have chats."""
    calendar = _calendar_without_openings(tx, now)
    if state_at(calendar, now)[0] != "closed":
        raise Conflict("the desk is not closed")
    return set_calendar(tx, calendar_json.to_json(extra_hours.with_opening(calendar, now, OPENING_MINUTES)))


def end_opening(tx: Transaction, now: datetime) -> Calendar:
    """Return to the regular hours. Without an opening nothing changes."""
    return set_calendar(tx, calendar_json.to_json(_calendar_without_openings(tx, now)))


def _calendar_without_openings(tx: Transaction, now: datetime) -> Calendar:
    tx.sql.execute(select(settings.c.name).where(_IS_CALENDAR).with_for_update())
    return extra_hours.without_openings(load_calendar(tx.sql), now)
