"""The calendar that is in force: kept as JSON in the settings, the policy's until somebody sets another."""

import json
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, insert, select, update

from chat.domain.facts import SettingsChanged
from chat.domain.refusals import BadRequest
from chat.domain.rules.hours import calendar, calendar_json
from chat.domain.rules.hours.calendar import Calendar
from chat.domain.rules.hours.local_time import instant, validated
from chat.store.tables import settings
from chat.store.transaction import Transaction

_STORED = select(settings.c.value).where(settings.c.name == "calendar")


def load_calendar(sql: Connection) -> Calendar:
    """The calendar in force; read from the database each time, parsed once."""
    stored = sql.execute(_STORED).scalar()
    return _parsed(stored) if stored else calendar.DEFAULT


@lru_cache(maxsize=4)
def _parsed(stored: str) -> Calendar:
    return calendar_json.parse(json.loads(stored))


def parse_moment(calendar: Calendar, text: str) -> datetime:
    """RFC 3339 with its offset, or naive in the calendar's zone; a `+` that was not escaped reaches us as a space.
    BadRequest for anything else."""
    try:
        at = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return validated(at if at.tzinfo else instant(calendar.zone, at))
    except (ValueError, OverflowError):
        raise BadRequest("a time like 2026-11-24T09:00:00+01:00", field="at") from None


def set_calendar(tx: Transaction, found: object) -> Calendar:
    """Put the calendar that this JSON describes in force; promises already made stay. Raises BadCalendar."""
    parsed = calendar_json.parse(found)
    value = json.dumps(calendar_json.to_json(parsed))
    changed = update(settings).where(settings.c.name == "calendar").values(value=value)
    if not tx.sql.execute(changed).rowcount:
        tx.sql.execute(insert(settings).values(name="calendar", value=value))
    tx.record(SettingsChanged())
    return parsed
