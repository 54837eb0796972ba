"""The fields of the calendar JSON: each function converts one value or raises InvalidValue."""

import re
from datetime import date
from typing import TypeVar, get_args
from zoneinfo import available_timezones

from chat.domain.rules.hours import public_holidays
from chat.domain.rules.hours.calendar import DAYS, MINUTES_PER_DAY
from chat.domain.rules.hours.local_time import SUPPORTED_YEARS
from chat.vocabulary import PromiseUnit, ServiceState

T = TypeVar("T")
MAX_PROMISE_HOURS = 2400
STATES: tuple[ServiceState, ...] = get_args(ServiceState)
UNITS: tuple[PromiseUnit, ...] = get_args(PromiseUnit)


class InvalidValue(Exception):
    """What is wrong with a value, as a text that follows its path."""


def any_value(value: object) -> object:
    return value


def json_list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise InvalidValue("must be a list")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidValue("must be a text")
    return value


def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue("must be true or false")
    return value


def name(value: object) -> str:
    if len(_text(value)) > 200:
        raise InvalidValue("is longer than 200 characters")
    return _text(value)


def zone(value: object) -> str:
    if _text(value) not in available_timezones():
        raise InvalidValue(f'"{value}" is no time zone, "Europe/Paris" would be one')
    return _text(value)


def days(value: object) -> tuple[int, ...]:
    names = [_text(name) for name in json_list(value)]
    unknown = [name for name in names if name not in DAYS]
    if unknown:
        raise InvalidValue(f'"{unknown[0]}" is no day; days are {", ".join(DAYS)}')
    if not names or len(set(names)) < len(names):
        raise InvalidValue("must name at least one day, and none twice")
    return tuple(DAYS.index(name) for name in names)


def start_time(value: object) -> int:
    parts = re.fullmatch("([01][0-9]|2[0-3]):([0-5][0-9])", _text(value))
    if not parts:
        raise InvalidValue(f'"{value}" is no time; times are "00:00" to "23:59"')
    return int(parts[1]) * 60 + int(parts[2])


def end_time(value: object) -> int:
    return MINUTES_PER_DAY if value == "24:00" else start_time(value)


def iso_date(value: object) -> date:
    text = _text(value)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text or day.year not in SUPPORTED_YEARS:
        raise InvalidValue(f'"{text}" is no date; dates are like "2026-12-24", from 1970 to 2199')
    return day


def state(value: object) -> ServiceState:
    return _one_of(STATES, value)


def unit(value: object) -> PromiseUnit:
    return _one_of(UNITS, value)


def _one_of(allowed: tuple[T, ...], value: object) -> T:
    for option in allowed:
        if option == value:
            return option
    raise InvalidValue(f"must be one of {', '.join(map(str, allowed))}")


def country(value: object) -> str:
    if not public_holidays.is_supported_country(_text(value)):
        raise InvalidValue(f'"{value}" is no country with a table of holidays; "FR" would be one')
    return _text(value)


def subdivision(country: str, value: object) -> str | None:
    if value is None or not country:
        return None
    if not public_holidays.is_supported_subdivision(country, _text(value)):
        raise InvalidValue(f'"{value}" is no part of {country} with a table of holidays')
    return _text(value)


def promised_hours(unit: PromiseUnit, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_PROMISE_HOURS:
        raise InvalidValue(f"must be a whole number from 1 to {MAX_PROMISE_HOURS}")
    if unit == "working_days" and value % 24:
        raise InvalidValue("must be a multiple of 24 when the unit is working_days")
    return value
