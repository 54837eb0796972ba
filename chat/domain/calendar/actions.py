"""Putting a calendar in force, as JSON in the settings, where `queries.calendar` reads it."""

import json

from sqlalchemy import insert, update

from chat.domain.facts import SettingsChanged
from chat.domain.rules.hours import calendar_json
from chat.domain.rules.hours.calendar import Calendar
from chat.store.tables import settings
from chat.store.transaction import Transaction


def set_calendar(tx: Transaction, json_value: object) -> Calendar:
    """Put the calendar that this decoded JSON describes in force. Stored promises keep their times.

    Raises InvalidCalendar.
    """
    parsed = calendar_json.parse(json_value)
    value = json.dumps(calendar_json.to_json(parsed))
    changed = update(settings).where(settings.c.name == "calendar").values(value=value)
    if not tx.sql.execute(changed).rowcount:
        tx.sql.execute(insert(settings).values(name="calendar", value=value))
    tx.record(SettingsChanged())
    return parsed
