"""A customer's page of one ticket: opened by its signed link, read and answered without script."""

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from aiohttp import web

from chat.domain.context import DomainContext
from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch
from chat.domain.people import sites
from chat.domain.queries import messages, tickets
from chat.domain.queries.calendar import load_calendar
from chat.domain.refusals import BadRequest, NotFound, Refused, TicketEnded, TooMany
from chat.domain.rules.status import REOPENS_FOR, accepts_messages
from chat.store.rows import MessageRow, TicketRow
from chat.vocabulary import Locale
from chat.web.core.context import context_of
from chat.web.core.i18n import day_and_time, has_text, language_of, short_time, supported, translate, zone_text
from chat.web.core.rate_limits import require_message_rate
from chat.web.core.requests import read_form
from chat.web.core.responses import redirect, render_in
from chat.web.pages.contact_form import chars_over_limit

# The link is the key: it must not travel on to where a reader goes next.
PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
THANKS = {"form": "ticket.thanks", "answer": "ticket.answer_thanks"}


class DraftReply(NamedTuple):
    """An answer that was not taken: its words are kept, and why."""

    text: str
    client_id: str
    error: str | None = None
    problem: str | None = None
    status: int = 422


async def get_ticket(request: web.Request) -> web.Response:
    """The thread, the status and the promise in words, and the answer box while it is open."""
    return await render_page(request, await ticket_of(request))


async def post_answer(request: web.Request) -> web.Response:
    """One more line from the customer. The form's own client_id makes a double submit one message."""
    row, typed = await ticket_of(request), await read_form(request)
    text, client_id = typed.get("text", ""), typed.get("client_id", "")
    try:
        await post_reply(request, row, text, client_id)
    except Refused as refusal:
        kept = refused_reply(language_for(request, row), refusal, text, client_id)
        return await render_page(request, row, kept)
    return redirect(f"{request.path}?thanks=answer&lang={language_for(request, row)}")


async def post_reply(request: web.Request, row: TicketRow, text: str, client_id: str) -> MessageRow:
    """Nobody sits at a socket here, so that the ticket becomes `open` again rather than wait in a queue."""
    context = context_of(request)
    if not CLIENT_ID.fullmatch(client_id):
        raise BadRequest("no client_id of a form of ours", field="client_id")
    await require_message_rate(request, row.visitor_id)
    domain_context = DomainContext(context.clock(), None, context.timeouts)
    post = Post(row.public_id, client_id, text, domain_context, visitor_id=row.visitor_id)
    return await context.store.post(post_batch, post)


def refused_reply(language: Locale, refusal: Refused, text: str, client_id: str) -> DraftReply:
    """What is wrong, in words; a refusal that is not about the words passes on."""
    if isinstance(refusal, TooMany):
        problem = translate(language, "ticket.too_many", seconds=refusal.retry_after)
        return DraftReply(text, client_id, problem=problem, status=429)
    if isinstance(refusal, TicketEnded):
        return DraftReply(text, client_id, status=409)
    if refusal.field != "text" or not has_text(language, key := f"error.text.{refusal.code}"):
        raise refusal
    return DraftReply(text, client_id, translate(language, key, count=chars_over_limit(text)))


async def ticket_of(request: web.Request) -> TicketRow:
    """The ticket that the link opens; NotFound for a link that was not made here."""
    context = context_of(request)
    ticket = context.links.ticket_id(request.match_info["link"])
    if ticket is None:
        raise NotFound
    return await context.store.read(tickets.ticket_by_public_id, ticket)


def language_for(request: web.Request, row: TicketRow) -> Locale:
    """The ticket's own language, for its page is sent to whoever wrote it; `?lang=` changes it."""
    return supported(request.query.get("lang", "")) or supported(row.locale) or language_of(request)


async def render_page(request: web.Request, row: TicketRow, typed: DraftReply | None = None) -> web.Response:
    """The page, with the words of an answer that was not taken."""
    context, language = context_of(request), language_for(request, row)
    zone = (await context.store.read(load_calendar)).zone
    lines = await context.store.read(messages.newest_messages, row)
    kept = typed or DraftReply("", secrets.token_urlsafe(18))
    values = {
        **ticket_summary(row, zone, language),
        "lines": thread_entries(lines, zone, language),
        "earlier": bool(lines) and lines[0].seq > 1,
        "answered": row.answered_at is not None,
        "open": accepts_messages(row.status, row.solved_at, context.clock()),
        "thanks": THANKS.get(request.query.get("thanks", "")),
        "contact": f"/contact?site={await site_key(request, row)}&lang={language}",
        "text": kept.text,
        "client_id": kept.client_id,
        "error": kept.error,
        "first": "text" if kept.error else None,
        "problem": kept.problem,
    }
    answer = render_in(request, language, "ticket.html", values, typed.status if typed else 200)
    answer.headers.update(PRIVATE)
    return answer


async def site_key(request: web.Request, row: TicketRow) -> str:
    """The key of the ticket's site, for the way to a new form."""
    every = await context_of(request).store.read(sites.all_sites)
    return next(site.key for site in every if site.id == row.site_id)


def ticket_summary(row: TicketRow, zone: ZoneInfo, language: Locale) -> dict[str, object]:
    """What stands above the thread."""
    promised = row.promise_due_at if row.status in ("open", "on_hold") and not row.promise_kept_at else None
    until = row.solved_at + REOPENS_FOR if row.status == "solved" and row.solved_at else None
    return {
        "number": row.id,
        "email": row.email,
        "status": "waiting" if row.waiting else row.status,
        "due": promised and day_and_time(promised, zone, language),
        "until": until and day_and_time(until, zone, language),
        "zone": zone_text(zone, language),
    }


def thread_entries(rows: Sequence[MessageRow], zone: ZoneInfo, language: Locale) -> list[Mapping[str, str]]:
    return [thread_entry(row, zone, language) for row in rows]


def thread_entry(row: MessageRow, zone: ZoneInfo, language: Locale) -> Mapping[str, str]:
    """One line of the thread in plain words; the template escapes them."""
    side = "visitor" if row.author == "visitor" else "agent"
    return {
        "event": event_text(row.event, language) if row.event else "",
        "side": side,
        "name": translate(language, "ticket.you")
        if side == "visitor"
        else row.author_name or translate(language, "ticket.team"),
        "text": row.text,
        "at": short_time(row.at, zone, language),
        "iso": row.at.isoformat(timespec="seconds"),
    }


def event_text(event: Mapping[str, object], language: Locale) -> str:
    """An event that this version has no words for is still told."""
    key, args = f"event.{event['name']}", event["args"]
    if not has_text(language, key) or not isinstance(args, dict):
        return translate(language, "event.unknown")
    status = f"ticket.status.{args.get('status')}"
    return translate(
        language, key, **args | ({"status": translate(language, status)} if has_text(language, status) else {})
    )
