"""The calendar in force: stored as JSON in the settings, the policy's default until somebody sets one."""

import json
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, insert, select, update

from chat.domain.facts import SettingsChanged
from chat.domain.refusals import BadRequest
from chat.domain.rules.hours import calendar_json
from chat.domain.rules.hours.calendar import DEFAULT, Calendar, in_zone
from chat.domain.rules.hours.local_time import validated
from chat.store.tables import settings
from chat.store.transaction import Transaction

_STORED = select(settings.c.value).where(settings.c.name == "calendar")


def load_calendar(sql: Connection) -> Calendar:
    """The calendar in force. Each call reads the database; equal JSON is parsed once."""
    stored = sql.execute(_STORED).scalar()
    return _parsed(stored) if stored else DEFAULT


@lru_cache(maxsize=4)
def _parsed(stored: str) -> Calendar:
    return calendar_json.parse(json.loads(stored))


def parse_moment(calendar: Calendar, text: str) -> datetime:
    """An RFC 3339 time, or one without offset in the calendar's zone, as UTC. Raises BadRequest for anything else.

    An unescaped `+` arrives as a space and is accepted.
    """
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return validated(moment if moment.tzinfo else in_zone(calendar, moment))
    except (ValueError, OverflowError):
        raise BadRequest("a time like 2026-11-24T09:00:00+01:00", field="at") from None


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
