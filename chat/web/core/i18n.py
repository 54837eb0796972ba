"""Words: what the server's own pages say, in each language, and dates as people say them."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import cast, get_args
from zoneinfo import ZoneInfo

from aiohttp import web
from babel.dates import format_datetime, get_timezone_location

from chat.vocabulary import Locale

LANGUAGES: tuple[Locale, ...] = get_args(Locale)
FOLDER = Path(__file__).resolve().parents[2] / "locales"


@lru_cache
def catalog(language: Locale) -> Mapping[str, str]:
    """Every sentence of a language by its key."""
    return cast(dict[str, str], json.loads((FOLDER / f"{language}.json").read_text("utf-8")))


def translate(language: Locale, key: str, /, **names: object) -> str:
    """The sentence with its names filled in; KeyError for a sentence that nobody has written."""
    return catalog(language)[key].format_map(names)


def has_text(language: Locale, key: str) -> bool:
    return key in catalog(language)


def choice_label(language: Locale, field: str, choice: str) -> str:
    """The label of a select's option: translated for the options of a new install, else the owner's own name."""
    return translate(language, key) if has_text(language, key := f"{field}.{choice}") else choice


def language_of(request: web.Request, otherwise: Locale = "fr") -> Locale:
    """`?lang=` first, then what the browser prefers."""
    asked = supported(request.query.get("lang", ""))
    return asked or preferred(request.headers.get("Accept-Language", "")) or otherwise


def supported(tag: str) -> Locale | None:
    """`fr-CA` is French; None for a language that we do not have."""
    start = tag.strip().lower().replace("_", "-").partition("-")[0]
    return next((language for language in LANGUAGES if language == start), None)


def preferred(header: str) -> Locale | None:
    """The supported language with the highest weight; the earlier of two equals."""
    best: tuple[float, Locale] | None = None
    for part in header.split(","):
        tag, _, weight = part.partition(";")
        language = supported(tag)
        if language and (best is None or weight_of(weight) > best[0]):
            best = (weight_of(weight), language)
    return best[1] if best and best[0] > 0 else None


def weight_of(word: str) -> float:
    try:
        return float(word.strip().removeprefix("q=") or 1)
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
    """`24 novembre, 9 h 05`: small, beside a message."""
    local = at.astimezone(zone)
    return f"{day_and_month(local, language)}, {time_of_day(local, language)}"


def day_and_month(local: datetime, language: Locale) -> str:
    """`24 novembre`, which stays on one line; the first of a month is `1er` in French."""
    day = "1er" if local.day == 1 and language == "fr" else str(local.day)
    return day + format_datetime(local, "\u00a0MMMM", locale=language)


def time_of_day(local: datetime, language: Locale) -> str:
    """In French the minutes of a full hour are not said."""
    if language == "en":
        return f"{local.hour}:{local.minute:02}"
    return f"{local.hour}\u00a0h" + (f"\u00a0{local.minute:02}" if local.minute else "")


def zone_text(zone: ZoneInfo, language: Locale) -> str:
    """`heure de Paris`, `Paris time`: whose clock a page without script goes by."""
    city = get_timezone_location(zone, locale=language, return_city=True)
    vowel = city[:1].lower() in "aeiouyéèêîôû"
    return translate(language, "zone_vowel" if vowel else "zone", city=city)
