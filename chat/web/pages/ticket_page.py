"""The customer's page of a ticket: its signed link opens it, and it works without script."""

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
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
from chat.web.core.rate_limits import require_message_rate, require_page_rate
from chat.web.core.requests import read_form
from chat.web.core.responses import redirect, render_in
from chat.web.pages.contact_form import chars_over_limit

# The link gives access: browsers must not send it to other sites, nor search engines list it.
PRIVATE_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
THANKS = {"form": "ticket.thanks", "answer": "ticket.answer_thanks"}


class DraftReply(NamedTuple):
    """A reply that the page shows in its box again: its text, and why it was refused."""

    text: str
    client_id: str
    error: str | None = None
    problem: str | None = None
    status: int = 422


async def get_ticket(request: web.Request) -> web.Response:
    """The ticket's messages, status and promise, with a box to reply in until the ticket is final. 429 for an address
    that opens too many."""
    return await render_page(request, await ticket_of(request))


async def post_answer(request: web.Request) -> web.Response:
    """Store the customer's reply and redirect to the page. Sent twice it is one message, by the client_id that the
    page carries. The page again, with the text: 422 bad text, 429 too many, 409 the ticket has ended."""
    row, form = await ticket_of(request), await read_form(request)
    text, client_id = form.get("text", ""), form.get("client_id", "")
    try:
        await post_reply(request, row, text, client_id)
    except Refused as refusal:
        draft = refused_reply(language_for(request, row), refusal, text, client_id)
        return await render_page(request, row, draft)
    return redirect(f"{request.path}?thanks=answer&lang={language_for(request, row)}")


async def post_reply(request: web.Request, row: TicketRow, text: str, client_id: str) -> MessageRow:
    """Store the reply. The customer waits at no socket here, so the context names no agents: the ticket becomes
    `open` and does not enter the queue."""
    context = context_of(request)
    if not CLIENT_ID.fullmatch(client_id):
        raise BadRequest("not a client_id of this page", field="client_id")
    await require_message_rate(request, row.visitor_id)
    domain_context = DomainContext(context.clock(), None, context.timeouts)
    post = Post(row.public_id, client_id, text, domain_context, visitor_id=row.visitor_id)
    return await context.store.post(post_batch, post)


def refused_reply(language: Locale, refusal: Refused, text: str, client_id: str) -> DraftReply:
    """The draft with the reason of the refusal. Raises a refusal that the page has no sentence for."""
    if isinstance(refusal, TooMany):
        problem = translate(language, "ticket.too_many", seconds=refusal.retry_after)
        return DraftReply(text, client_id, problem=problem, status=429)
    if isinstance(refusal, TicketEnded):
        return DraftReply(text, client_id, status=409)
    if refusal.field != "text" or not has_text(language, key := f"error.text.{refusal.code}"):
        raise refusal
    return DraftReply(text, client_id, translate(language, key, count=chars_over_limit(text)))


async def ticket_of(request: web.Request) -> TicketRow:
    """The ticket of the signed link; NotFound for any other link."""
    context = context_of(request)
    public_id = context.links.ticket_id(request.match_info["link"])
    if public_id is None:
        raise NotFound
    return await context.store.read(tickets.ticket_by_public_id, public_id)


def language_for(request: web.Request, row: TicketRow) -> Locale:
    """The language of `?lang=`, else the ticket's: the reader of the page is the ticket's customer."""
    return supported(request.query.get("lang", "")) or supported(row.locale) or language_of(request)


async def render_page(request: web.Request, row: TicketRow, refused: DraftReply | None = None) -> web.Response:
    """The page, with the reply that was refused, if any. TooMany."""
    await require_page_rate(request)
    context, language = context_of(request), language_for(request, row)
    zone = (await context.store.read(load_calendar)).zone
    newest = await context.store.read(messages.newest_messages, row)
    draft = refused or DraftReply("", secrets.token_urlsafe(18))
    values = {
        **ticket_summary(row, zone, language, context.clock()),
        "entries": thread_entries(newest, zone, language),
        "has_earlier": bool(newest) and newest[0].seq > 1,
        "answered": row.answered_at is not None,
        "open": accepts_messages(row.status, row.solved_at, context.clock()),
        "link": context.links.url(row.public_id),
        "thanks": THANKS.get(request.query.get("thanks", "")),
        "contact": f"/contact?site={await site_key(request, row)}&lang={language}",
        "text": draft.text,
        "client_id": draft.client_id,
        "error": draft.error,
        "first": "text" if draft.error else None,
        "problem": draft.problem,
    }
    response = render_in(request, language, "ticket.html", values, refused.status if refused else 200)
    response.headers.update(PRIVATE_HEADERS)
    return response


async def site_key(request: web.Request, row: TicketRow) -> str:
    """The key of the ticket's site, for the link to a new form."""
    all_sites = await context_of(request).store.read(sites.all_sites)
    return next(site.key for site in all_sites if site.id == row.site_id)


def ticket_summary(row: TicketRow, zone: ZoneInfo, language: Locale, now: datetime) -> dict[str, object]:
    """The values of the page's head: number, status and promise."""
    due = row.promise_due_at if row.owes_answer and row.status != "live" else None
    reopens_until = row.solved_at + REOPENS_FOR if row.status == "solved" and row.solved_at else None
    return {
        "number": row.id,
        "email": row.email,
        "status": "waiting" if row.waiting else row.status,
        "due": due and day_and_time(due, zone, language),
        "late": due is not None and due < now,
        "estimated": row.estimated_at is not None,
        "until": reopens_until and day_and_time(reopens_until, zone, language),
        "zone": zone_text(zone, language),
    }


def thread_entries(rows: Sequence[MessageRow], zone: ZoneInfo, language: Locale) -> list[Mapping[str, str]]:
    return [thread_entry(row, zone, language) for row in rows]


def thread_entry(row: MessageRow, zone: ZoneInfo, language: Locale) -> Mapping[str, str]:
    """A message or an event as text, which the template escapes."""
    side = "visitor" if row.author == "visitor" else "agent"
    return {
        "event": event_text(row.event, zone, language) if row.event else "",
        "side": side,
        "name": translate(language, "ticket.you")
        if side == "visitor"
        else row.author_name or translate(language, "ticket.team"),
        "text": row.text,
        "at": short_time(row.at, zone, language),
        "iso": row.at.isoformat(timespec="seconds"),
    }


def event_text(event: Mapping[str, object], zone: ZoneInfo, language: Locale) -> str:
    """An event as a sentence; an event that the catalog does not have gets a general one."""
    key, args = f"event.{event['name']}", event["args"]
    if not has_text(language, key) or not isinstance(args, dict):
        return translate(language, "event.unknown")
    status = f"ticket.status.{args.get('status')}"
    shown = {"status": translate(language, status)} if has_text(language, status) else {}
    times = {name: datetime.fromisoformat(args[name]) for name in ("promised", "due") if name in args}
    shown |= {name: day_and_time(at, zone, language) for name, at in times.items()}
    text = translate(language, key, **args | shown)
    if args.get("notice") == "2":
        return f"{text} {translate(language, 'event.team_lead_told')}"
    return f"{text} {args['reason']}" if "reason" in args else text
