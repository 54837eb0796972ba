"""Hints: what a browser says beside a visitor's words. They are cut or dropped where they do not fit, never refused."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct

from chat.protocol.base import MAX_TITLE, MAX_URL

T = TypeVar("T", bound=Struct)

_LOCALE_PARTS = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
_TOKEN = re.compile(r"[\x21-\x7e]{22,200}")


def usable_locale(given: object) -> str | None:
    """The parts of a language tag before an extension or a sign that no tag has: `en-US` of `en-US@posix`."""
    found = _LOCALE_PARTS.match(given) if isinstance(given, str) else None
    return found[0] if found else None


def usable_page(given: object) -> dict[str, str] | None:
    """The page's address, title and referrer, cut; None without an address."""
    if not isinstance(given, dict):
        return None
    limits = {"url": MAX_URL, "title": MAX_TITLE, "referrer": MAX_URL}
    page = {name: text[: limits[name]] for name, text in given.items() if name in limits and isinstance(text, str)}
    return page if page.get("url") else None


def usable_token(given: object) -> str | None:
    """A token as the server makes them; without one the visitor gets a new one."""
    return given if isinstance(given, str) and _TOKEN.fullmatch(given) else None


def short(length: int) -> Callable[[object], str | None]:
    """A text of at most this length, else None."""
    return lambda given: given if isinstance(given, str) and len(given) <= length else None


HINTS: Mapping[str, Callable[[object], object]] = {
    "token": usable_token,
    "identity": short(4_096),
    "locale": usable_locale,
    "timezone": short(60),
    "page": usable_page,
}


def convert_with_hints(value: object, shape: type[T]) -> T:
    """The value as this shape. If it does not fit, its hints are made to fit. Raises msgspec.ValidationError."""
    try:
        return msgspec.convert(value, shape, strict=True)
    except msgspec.ValidationError:
        if not isinstance(value, dict):
            raise
    return msgspec.convert({name: fitting(name, given) for name, given in value.items()}, shape, strict=True)


def fitting(name: object, given: object) -> object:
    """A field's value, cut or dropped if it is a hint."""
    return HINTS[name](given) if isinstance(name, str) and name in HINTS else given
