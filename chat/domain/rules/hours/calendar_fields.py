"""Single values of the calendar file: what each field means, or `Wrong` with what is wrong with it."""

import re
from datetime import date
from typing import TypeVar
from zoneinfo import available_timezones

from chat.domain.rules.hours import public_holidays
from chat.domain.rules.hours.calendar import DAYS, MINUTES_PER_DAY
from chat.domain.rules.hours.local_time import SUPPORTED_YEARS
from chat.vocabulary import PromiseUnit, ServiceState

T = TypeVar("T")
MAX_PROMISE_HOURS = 2400
STATES: tuple[ServiceState, ...] = ("open", "limited", "closed")
UNITS: tuple[PromiseUnit, ...] = ("working_days", "opening_hours")


class InvalidValue(Exception):
    """What is wrong with a value, in words that follow its name."""


def any_value(found: object) -> object:
    return found


def json_list(found: object) -> list[object]:
    if not isinstance(found, list):
        raise InvalidValue("must be a list")
    return found


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise InvalidValue("must be a text")
    return found


def name(found: object) -> str:
    if len(_text(found)) > 200:
        raise InvalidValue("is longer than 200 characters")
    return _text(found)


def zone(found: object) -> str:
    if _text(found) not in available_timezones():
        raise InvalidValue(f'"{found}" is no time zone, "Europe/Paris" would be one')
    return _text(found)


def days(found: object) -> tuple[int, ...]:
    names = [_text(name) for name in json_list(found)]
    unknown = [name for name in names if name not in DAYS]
    if unknown:
        raise InvalidValue(f'"{unknown[0]}" is no day; days are {", ".join(DAYS)}')
    if not names or len(set(names)) < len(names):
        raise InvalidValue("must name at least one day, and none twice")
    return tuple(DAYS.index(name) for name in names)


def start_time(found: object) -> int:
    parts = re.fullmatch("([01][0-9]|2[0-3]):([0-5][0-9])", _text(found))
    if not parts:
        raise InvalidValue(f'"{found}" is no time; times are "00:00" to "23:59"')
    return int(parts[1]) * 60 + int(parts[2])


def end_time(found: object) -> int:
    return MINUTES_PER_DAY if found == "24:00" else start_time(found)


def iso_date(found: object) -> date:
    text = _text(found)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text or day.year not in SUPPORTED_YEARS:
        raise InvalidValue(f'"{text}" is no date; dates are like "2026-12-24", from 1970 to 2199')
    return day


def state(found: object) -> ServiceState:
    return _one_of(STATES, found)


def unit(found: object) -> PromiseUnit:
    return _one_of(UNITS, found)


def _one_of(allowed: tuple[T, ...], found: object) -> T:
    for word in allowed:
        if word == found:
            return word
    raise InvalidValue(f"must be one of {', '.join(map(str, allowed))}")


def country(found: object) -> str:
    if not public_holidays.is_supported_country(_text(found)):
        raise InvalidValue(f'"{found}" is no country with a table of holidays; "FR" would be one')
    return _text(found)


def subdivision(country: str, found: object) -> str | None:
    if found is None or not country:
        return None
    if not public_holidays.is_supported_subdivision(country, _text(found)):
        raise InvalidValue(f'"{found}" is no part of {country} with a table of holidays')
    return _text(found)


def promised_hours(unit: PromiseUnit, found: object) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= MAX_PROMISE_HOURS:
        raise InvalidValue(f"must be a whole number from 1 to {MAX_PROMISE_HOURS}")
    if unit == "working_days" and found % 24:
        raise InvalidValue("must be a multiple of 24 when the unit is working_days")
    return found
