"""The dates of public holidays, of a country or one of its parts."""

from datetime import date
from functools import lru_cache

import holidays

# French departments with the two additional holidays of Alsace-Moselle, by names that the library does not list.
ALSACE_MOSELLE = ("67", "68", "Bas-Rhin", "Haut-Rhin", "Alsace-Moselle")


def is_supported_country(code: str) -> bool:
    """Whether the library has this ISO 3166 country code ("FR")."""
    return code in holidays.list_supported_countries()


def is_supported_subdivision(country: str, name: str) -> bool:
    """Whether `name` is a part of this supported country, by ISO 3166-2 code or usual name ("57", "Alsace")."""
    return name in _subdivisions(country)


@lru_cache(maxsize=256)
def dates(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """The holidays of one year, days off in lieu included. Empty outside the years that the library covers."""
    part = _subdivisions(country)[subdivision] if subdivision else None
    table = holidays.country_holidays(country, subdiv=part, years=year)
    return frozenset(day for day in table if day.year == year)


@lru_cache(maxsize=16)
def _subdivisions(country: str) -> dict[str, str]:
    table = holidays.country_holidays(country)
    names = {code: code for code in table.subdivisions} | dict(table.subdivisions_aliases)
    return names | dict.fromkeys(ALSACE_MOSELLE, "6AE") if country in ("FR", "FRA") else names
