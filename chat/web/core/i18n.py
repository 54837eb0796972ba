"""The texts of the server's own pages in each language, and dates and times as people write them."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from aiohttp import web
from babel import Locale as Language
from babel.dates import format_datetime, get_timezone_location

from chat.vocabulary import DEFAULT_LOCALE, LOCALES, Locale

FOLDER = Path(__file__).resolve().parents[2] / "locales"


@lru_cache
def catalog(language: Locale) -> Mapping[str, str]:
    """Every text of a language by its key."""
    return cast(dict[str, str], json.loads((FOLDER / f"{language}.json").read_text("utf-8")))


def translate(language: Locale, key: str, /, **values: object) -> str:
    """The text with its placeholders filled in; KeyError for a key that is not in the catalog."""
    return catalog(language)[key].format_map(values)


def has_text(language: Locale, key: str) -> bool:
    return key in catalog(language)


def choice_label(language: Locale, field: str, choice: str) -> str:
    """The label of a select's option: translated for the options of a new install, else the owner's own name."""
    return translate(language, key) if has_text(language, key := f"{field}.{choice}") else choice


def language_name(language: Locale) -> str:
    """The language's own name for itself: `Français`."""
    name = Language.parse(language).get_display_name() or language
    return name[:1].upper() + name[1:]


def language_of(request: web.Request, default: Locale = DEFAULT_LOCALE) -> Locale:
    """The language of `?lang=`, else the one that the browser prefers, else `default`."""
    chosen = supported(request.query.get("lang", ""))
    return chosen or preferred(request.headers.get("Accept-Language", "")) or default


def supported(tag: str) -> Locale | None:
    """The language of a tag: `fr-CA` is French. None for a language that we do not have."""
    primary = tag.strip().lower().replace("_", "-").partition("-")[0]
    return next((language for language in LOCALES if language == primary), None)


def preferred(header: str) -> Locale | None:
    """The supported language with the highest weight in an Accept-Language header; the first of equals."""
    best: tuple[float, Locale] | None = None
    for part in header.split(","):
        tag, _, weight = part.partition(";")
        language = supported(tag)
        if language and (best is None or weight_of(weight) > best[0]):
            best = (weight_of(weight), language)
    return best[1] if best and best[0] > 0 else None


def weight_of(value: str) -> float:
    """The weight of `q=0.5`: 1 where none is given, 0 where it is no number."""
    try:
        return float(value.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.0


# -- dates ---------------------------------------------------------------------------------------------------


def day_and_time(at: datetime, zone: ZoneInfo, language: Locale) -> str:
    """`mardi 24 novembre à 9 h 05`, `Tuesday 24 November at 9:05`"""
    local = at.astimezone(zone)
    weekday = format_datetime(local, "EEEE", locale=language)
    day = f"{weekday} {day_and_month(local, language)}"
    return translate(language, "day_and_time", day=day, time=time_of_day(local, language))


def short_time(at: datetime, zone: ZoneInfo, language: Locale) -> str:
    """`24 novembre, 9 h 05`: the time of a message."""
    local = at.astimezone(zone)
    return f"{day_and_month(local, language)}, {time_of_day(local, language)}"


def day_and_month(local: datetime, language: Locale) -> str:
    """`24 novembre` with a space that does not break; the first day of a month is `1er` in French."""
    key = "first_of_month" if local.day == 1 else "day_and_month"
    return translate(language, key, day=local.day, month=format_datetime(local, "MMMM", locale=language))


def time_of_day(local: datetime, language: Locale) -> str:
    """French leaves out the minutes of a full hour."""
    key = "time_of_day" if local.minute else "full_hour"
    return translate(language, key, hour=local.hour, minute=f"{local.minute:02}")


def zone_text(zone: ZoneInfo, language: Locale) -> str:
    """`heure de Paris`, `Paris time`: the zone in which the server's pages write times."""
    city = get_timezone_location(zone, locale=language, return_city=True)
    begins_with_vowel = city[:1].lower() in "aeiouyéèêîôû"
    return translate(language, "zone_vowel" if begins_with_vowel else "zone", city=city)
