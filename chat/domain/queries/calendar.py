"""The calendar in force: stored as JSON in the settings, the policy's default until somebody sets one."""

import json
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, select

from chat.domain.refusals import BadRequest
from chat.domain.rules.hours import calendar_json
from chat.domain.rules.hours.calendar import DEFAULT, Calendar, in_zone
from chat.domain.rules.hours.local_time import validated
from chat.store.tables import settings

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
