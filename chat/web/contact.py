"""The form as a page of its own, which works without script."""

from collections.abc import Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from aiohttp import web

from chat import wire
from chat.desk import categories, service
from chat.desk.calendar_in_force import calendar_of
from chat.desk.refusals import BadRequest, Conflict, TooMany
from chat.desk.service import Service
from chat.desk.words import LONGEST_TEXT, composed
from chat.store.rows import SiteRow
from chat.web.answers import form_of, page, see_other
from chat.web.doors import doors_of
from chat.web.forms import BadForm, sent
from chat.web.guards import site_of
from chat.web.robots import Stamps, is_trapped
from chat.web.words import Language, day_and_time, language_of, say, zone_in_words

FIELDS = ("text", "category", "name", "email")


class Trouble(NamedTuple):
    """Why the form is shown again: a sentence, the bad fields by name, and the status."""

    words: str
    errors: Mapping[str, str] = {}
    status: int = 422


async def get_contact(request: web.Request) -> web.Response:
    """`?site=KEY`: the form as a page that works without script, with what one may expect."""
    return await shown(request, await site_of(request), {})


async def post_contact(request: web.Request) -> web.Response:
    """On to the ticket's page, or the form again with what is missing; what was typed is kept."""
    site, typed, language = await site_of(request), await form_of(request), language_of(request)
    client_id = stamps_of(request).client_id(typed.get("form", ""))
    if client_id is None or is_trapped(typed):
        return await shown(request, site, typed, Trouble(say(language, "contact.too_soon")))
    try:
        done = await sent(request, site, filled(request, site, client_id, typed))
    except BadForm as bad:
        return await shown(request, site, typed, Trouble(say(language, "contact.errors"), bad.errors))
    except (TooMany, Conflict) as refusal:
        return await shown(request, site, typed, trouble_of(refusal, language))
    # Not the whole address: the policy's form-action ends at this host, which may be another name of ours.
    return see_other(f"{doors_of(request).links.path(done.shown.id)}?thanks=form&lang={language}")


def trouble_of(refusal: TooMany | Conflict, language: Language) -> Trouble:
    """Conflict: somebody went back, wrote something else and sent it; a fresh stamp makes that a second request."""
    if isinstance(refusal, TooMany):
        return Trouble(say(language, "contact.too_many", seconds=refusal.retry_after), status=429)
    return Trouble(say(language, "contact.again"), status=409)


def filled(request: web.Request, site: SiteRow, client_id: str, typed: Mapping[str, str]) -> wire.NewTicket:
    return wire.NewTicket(
        site=site.key,
        client_id=client_id,
        text=typed.get("text", ""),
        email=typed.get("email", ""),
        name=typed.get("name") or None,
        category=typed.get("category") or None,
        locale=language_of(request),
    )


async def shown(
    request: web.Request, site: SiteRow, typed: Mapping[str, str], trouble: Trouble | None = None
) -> web.Response:
    """The page. A form that came back for its fields keeps its stamp: sent twice it is still one ticket."""
    doors, language = doors_of(request), language_of(request)
    errors = trouble.errors if trouble else {}
    values = {
        **await expectations(request, language),
        "problem": trouble and trouble.words,
        "action": str(request.rel_url.with_query(site=site.key, lang=language)),
        "stamp": typed["form"] if errors else stamps_of(request).fresh(),
        "values": {field: typed.get(field, "") for field in FIELDS},
        "errors": {field: error_in_words(language, field, errors, typed) for field in FIELDS},
        "first": next((field for field in FIELDS if field in errors), None),
        "categories": await doors.works.read(categories.names),
    }
    return page(request, "contact.html", values, trouble.status if trouble else 200)


async def expectations(request: web.Request, language: Language) -> dict[str, str | None]:
    """Whether the desk is open and by when it answers, in its own zone, which is named."""
    doors = doors_of(request)
    found = await doors.works.read(service.now_for, await doors.situation())
    zone = (await doors.works.read(calendar_of)).zone
    return {
        "state": state_in_words(found, zone, language),
        "due": day_and_time(found.due, zone, language) if found.due else None,
        "zone": zone_in_words(zone, language),
    }


def state_in_words(found: Service, zone: ZoneInfo, language: Language) -> str:
    """Open, limited, or closed and until when."""
    if found.state != "closed":
        return say(language, f"contact.{found.state}")
    if found.next_open is None:
        return say(language, "contact.closed_long")
    return say(language, "contact.closed", next_open=day_and_time(found.next_open, zone, language))


def stamps_of(request: web.Request) -> Stamps:
    doors = doors_of(request)
    return Stamps(doors.settings.secret_key, doors.clock)


def error_in_words(language: Language, field: str, errors: Mapping[str, str], typed: Mapping[str, str]) -> str | None:
    """What is wrong with a field, said to the one who filled it in."""
    if field not in errors:
        return None
    return say(language, f"error.{field}.{errors[field]}", count=excess(typed.get(field, "")))


def excess(text: str) -> int:
    """By how many characters a message is too long; 0 for one that has another fault."""
    try:
        return max(0, len(composed(text)) - LONGEST_TEXT)
    except BadRequest:
        return 0
