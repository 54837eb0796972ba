"""A customer's page of one ticket: opened by its signed link, read and answered without script."""

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from aiohttp import web

from chat.desk import records, sites
from chat.desk.calendar_in_force import calendar_of
from chat.desk.changes import Situation
from chat.desk.messages import Post, post_batch
from chat.desk.refusals import BadRequest, NotFound, Refused, TicketEnded, TooMany
from chat.desk.rules.status import REOPENS_FOR, accepts_messages
from chat.store.rows import MessageRow, TicketRow
from chat.web.answers import form_of, page_in, see_other
from chat.web.contact import excess
from chat.web.doors import doors_of
from chat.web.guards import spend_words
from chat.web.words import Language, day_and_time, known, language_of, say, short_time, supported, zone_in_words

# The link is the key: it must not travel on to where a reader goes next.
PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
THANKS = {"form": "ticket.thanks", "answer": "ticket.answer_thanks"}


class Typed(NamedTuple):
    """An answer that was not taken: its words are kept, and why."""

    text: str
    client_id: str
    error: str | None = None
    problem: str | None = None
    status: int = 422


async def get_ticket(request: web.Request) -> web.Response:
    """The thread, the status and the promise in words, and the answer box while it is open."""
    return await shown(request, await ticket_of(request))


async def post_answer(request: web.Request) -> web.Response:
    """One more line from the customer. The form's own client_id makes a double submit one message."""
    row, typed = await ticket_of(request), await form_of(request)
    text, client_id = typed.get("text", ""), typed.get("client_id", "")
    try:
        await posted(request, row, text, client_id)
    except Refused as refusal:
        kept = refused_words(language_for(request, row), refusal, text, client_id)
        return await shown(request, row, kept)
    return see_other(f"{request.path}?thanks=answer&lang={language_for(request, row)}")


async def posted(request: web.Request, row: TicketRow, text: str, client_id: str) -> MessageRow:
    """Nobody sits at a socket here, so that the ticket becomes `open` again rather than wait in a queue."""
    doors = doors_of(request)
    if not CLIENT_ID.fullmatch(client_id):
        raise BadRequest("no client_id of a form of ours", field="client_id")
    await spend_words(request, row.visitor_id)
    situation = Situation(doors.clock(), None)
    post = Post(row.public_id, client_id, text, situation, visitor_id=row.visitor_id)
    return await doors.works.post(post_batch, post)


def refused_words(language: Language, refusal: Refused, text: str, client_id: str) -> Typed:
    """What is wrong, in words; a refusal that is not about the words passes on."""
    if isinstance(refusal, TooMany):
        problem = say(language, "ticket.too_many", seconds=refusal.retry_after)
        return Typed(text, client_id, problem=problem, status=429)
    if isinstance(refusal, TicketEnded):
        return Typed(text, client_id, status=409)
    if refusal.field != "text" or not known(language, key := f"error.text.{refusal.code}"):
        raise refusal
    return Typed(text, client_id, say(language, key, count=excess(text)))


async def ticket_of(request: web.Request) -> TicketRow:
    """The ticket that the link opens; NotFound for a link that was not made here."""
    doors = doors_of(request)
    ticket = doors.links.ticket_of(request.match_info["link"])
    if ticket is None:
        raise NotFound
    return await doors.works.read(records.ticket_by_public_id, ticket)


def language_for(request: web.Request, row: TicketRow) -> Language:
    """The ticket's own language, for its page is sent to whoever wrote it; `?lang=` changes it."""
    return supported(request.query.get("lang", "")) or supported(row.locale) or language_of(request)


async def shown(request: web.Request, row: TicketRow, typed: Typed | None = None) -> web.Response:
    """The page, with the words of an answer that was not taken."""
    doors, language = doors_of(request), language_for(request, row)
    zone = (await doors.works.read(calendar_of)).zone
    lines = await doors.works.read(records.newest_messages, row)
    kept = typed or Typed("", secrets.token_urlsafe(18))
    values = {
        **facts_of(row, zone, language),
        "lines": lines_of(lines, zone, language),
        "earlier": bool(lines) and lines[0].seq > 1,
        "answered": row.answered_at is not None,
        "open": accepts_messages(row.status, row.solved_at, doors.clock()),
        "thanks": THANKS.get(request.query.get("thanks", "")),
        "contact": f"/contact?site={await site_key(request, row)}&lang={language}",
        "text": kept.text,
        "client_id": kept.client_id,
        "error": kept.error,
        "first": "text" if kept.error else None,
        "problem": kept.problem,
    }
    answer = page_in(request, language, "ticket.html", values, typed.status if typed else 200)
    answer.headers.update(PRIVATE)
    return answer


async def site_key(request: web.Request, row: TicketRow) -> str:
    """The key of the ticket's site, for the way to a new form."""
    every = await doors_of(request).works.read(sites.all_sites)
    return next(site.key for site in every if site.id == row.site_id)


def facts_of(row: TicketRow, zone: ZoneInfo, language: Language) -> dict[str, object]:
    """What stands above the thread."""
    promised = row.due if row.status in ("open", "on_hold") and not row.kept_at else None
    until = row.solved_at + REOPENS_FOR if row.status == "solved" and row.solved_at else None
    return {
        "number": row.id,
        "email": row.email,
        "status": "waiting" if row.waiting else row.status,
        "due": promised and day_and_time(promised, zone, language),
        "until": until and day_and_time(until, zone, language),
        "zone": zone_in_words(zone, language),
    }


def lines_of(rows: Sequence[MessageRow], zone: ZoneInfo, language: Language) -> list[Mapping[str, str]]:
    return [line_of(row, zone, language) for row in rows]


def line_of(row: MessageRow, zone: ZoneInfo, language: Language) -> Mapping[str, str]:
    """One line of the thread in plain words; the template escapes them."""
    side = "visitor" if row.author == "visitor" else "agent"
    return {
        "event": event_in_words(row.event, language) if row.event else "",
        "side": side,
        "name": say(language, "ticket.you") if side == "visitor" else row.author_name or say(language, "ticket.team"),
        "text": row.text,
        "at": short_time(row.at, zone, language),
        "iso": row.at.isoformat(timespec="seconds"),
    }


def event_in_words(event: Mapping[str, object], language: Language) -> str:
    """An event that this version has no words for is still told."""
    key, args = f"event.{event['name']}", event["args"]
    if not known(language, key) or not isinstance(args, dict):
        return say(language, "event.unknown")
    status = f"ticket.status.{args.get('status')}"
    return say(language, key, **args | ({"status": say(language, status)} if known(language, status) else {}))
