"""Texts: the same keys in every language, French spaces, dates as people write them."""

import re
import string
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from chat.domain.intake.form_fields import FORM_FIELDS
from chat.vocabulary import LOCALES, EventName, Locale, ServiceState, Status
from chat.web.core.i18n import catalog, day_and_time, has_text, language_name, preferred, short_time, zone_text
from chat.web.pages.widget import LOADER_TEXTS

PARIS = ZoneInfo("Europe/Paris")


def placeholders(sentence: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", LOCALES)
def test_every_language_has_the_same_keys_and_placeholders(language: Locale) -> None:
    english, other = catalog("en"), catalog(language)
    assert other.keys() == english.keys()
    assert {key: placeholders(other[key]) for key in other} == {key: placeholders(english[key]) for key in english}


def test_languages_name_themselves() -> None:
    assert (language_name("fr"), language_name("en")) == ("Français", "English")


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("ticket.status", (*get_args(Status), "waiting")),
        ("event", (*get_args(EventName), "unknown")),
        ("contact", get_args(ServiceState)),
        ("contact", [field.name for field in FORM_FIELDS]),
        ("loader", LOADER_TEXTS),
    ],
)
def test_every_word_that_a_page_shows_has_a_text(language: Locale, prefix: str, words: Sequence[str]) -> None:
    assert [word for word in words if not has_text(language, f"{prefix}.{word}")] == []


def has_wrong_spaces(sentence: str) -> bool:
    return bool(re.search(r"[^\u00a0]:(?!//)|[^\u202f][?!;]|n°[^\u00a0]|\d h\b|!", sentence))


def test_check_of_french_spaces_finds_wrong_spaces() -> None:
    assert has_wrong_spaces("Vraiment ?")
    assert has_wrong_spaces("Ceci : cela")
    assert has_wrong_spaces("n° 1")
    assert not has_wrong_spaces("Vraiment\u202f? Ceci\u00a0: n°\u00a01")


def test_french_texts_have_french_spaces() -> None:
    assert [sentence for sentence in catalog("fr").values() if has_wrong_spaces(sentence)] == []


def test_english_texts_have_no_exclamation_marks() -> None:
    assert not [sentence for sentence in catalog("en").values() if "!" in sentence]


@pytest.mark.parametrize(
    ("language", "minute", "text"),
    [
        ("fr", 0, "mardi 24\u00a0novembre à 9\u00a0h"),
        ("fr", 5, "mardi 24\u00a0novembre à 9\u00a0h\u00a005"),
        ("en", 0, "Tuesday 24\u00a0November at 9:00"),
        ("en", 5, "Tuesday 24\u00a0November at 9:05"),
    ],
)
def test_day_and_time_are_in_the_calendars_zone(language: Locale, minute: int, text: str) -> None:
    assert day_and_time(datetime(2026, 11, 24, 8, minute, tzinfo=UTC), PARIS, language) == text


def test_first_day_of_a_month_is_1er_in_french() -> None:
    first = datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert day_and_time(first, PARIS, "fr") == "mardi 1er\u00a0décembre à 9\u00a0h"
    assert short_time(first, PARIS, "fr") == "1er\u00a0décembre, 9\u00a0h"
    assert day_and_time(first, PARIS, "en") == "Tuesday 1\u00a0December at 9:00"


@pytest.mark.parametrize(
    ("zone", "french", "english"),
    [
        ("Europe/Paris", "heure de\u00a0Paris", "Paris time"),
        ("Africa/Algiers", "heure d’Alger", "Algiers time"),
        ("America/New_York", "heure de\u00a0New York", "New York time"),
    ],
)
def test_zone_is_named_by_its_city(zone: str, french: str, english: str) -> None:
    assert [zone_text(ZoneInfo(zone), "fr"), zone_text(ZoneInfo(zone), "en")] == [french, english]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", None),
        ("xx", None),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("xx, fr-CA;q=0.7, en;q=0.6", "fr"),
        ("fr;q=0, en;q=0.1", "en"),
        ("fr;q=0", None),
        ("en;q=nonsense, fr", "fr"),
    ],
)
def test_preferred_language_has_the_highest_weight(header: str, language: Locale | None) -> None:
    assert preferred(header) == language
