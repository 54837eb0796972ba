"""Visitors: known by a token's hash, written down only once they have said something."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_once

from chat.desk.changes import PAUSES, agents_changed
from chat.desk.facts import VisitorMoved
from chat.desk.records import ticket_by_key, ticket_query, tickets_of, visitor_where
from chat.desk.refusals import BadRequest
from chat.store.rows import Nearness, TicketRow, VisitorRow
from chat.store.tables import new_id, tickets, visitors
from chat.store.works import Work

_LOCALE = re.compile(r"[A-Za-z0-9_-]{0,9}[A-Za-z0-9](?![A-Za-z0-9])")
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,60}")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who speaks, by the hash of their token; the rest is kept if these are their first words."""

    token_hash: str
    site_id: int
    locale: str
    timezone: str | None = None
    page: Mapping[str, str] | None = None


def by_token(sql: Connection, token_hash: str) -> VisitorRow | None:
    """The visitor who holds this token, or None: nobody is written down before their first words."""
    return visitor_where(sql, visitors.c.token_hash == token_hash)


def by_key(sql: Connection, visitor_id: int) -> VisitorRow | None:
    """The visitor with this inner key."""
    return visitor_where(sql, visitors.c.id == visitor_id)


def known(sql: Connection, visitor_id: int) -> VisitorRow:
    """The visitor with this inner key, who exists."""
    visitor = by_key(sql, visitor_id)
    assert visitor is not None
    return visitor


def known_or_new(work: Work, who: Newcomer, now: datetime) -> VisitorRow:
    """The visitor of this token, written down if need be, their row locked: two first messages wait in line."""
    values = {
        "public_id": new_id("v"),
        "token_hash": who.token_hash,
        "site_id": who.site_id,
        "verified": False,
        "locale": kept_locale(who.locale),
        "timezone": who.timezone if who.timezone and _ZONE.fullmatch(who.timezone) else None,
        "page": who.page,
        "created_at": now,
    }
    # On SQLite nobody else writes; on PostgreSQL the second of two first messages finds the first one's row.
    fresh = insert_once(visitors).values(**values).on_conflict_do_nothing(index_elements=["token_hash"])
    own = select(visitors.c.id).where(visitors.c.token_hash == who.token_hash).with_for_update()
    if work.sql.execute(own).first() is None:
        work.sql.execute(fresh)
        work.sql.execute(own)
    visitor = by_token(work.sql, who.token_hash)
    assert visitor is not None
    if visitor.site_id != who.site_id:
        raise BadRequest("this token is another site's", field="token")
    return visitor


def kept_locale(tag: str) -> str:
    """Its whole parts as far as they find room: of `ca-ES-valencia` that is `ca-ES`."""
    whole_parts = _LOCALE.match(tag)
    return whole_parts[0] if whole_parts else "fr"


def newest(sql: Connection, visitor_id: int) -> TicketRow | None:
    """The visitor's newest ticket, whatever its status."""
    query = ticket_query().where(tickets.c.visitor_id == visitor_id)
    found = tickets_of(sql, query.order_by(tickets.c.id.desc()).limit(1))
    return found[0] if found else None


def earlier(sql: Connection, visitor_id: int, but: int) -> list[TicketRow]:
    """Their last 20 other tickets, newest first."""
    query = ticket_query().where(tickets.c.visitor_id == visitor_id, tickets.c.id != but)
    return tickets_of(sql, query.order_by(tickets.c.id.desc()).limit(20))


def set_page(work: Work, visitor_id: int, page: Mapping[str, str], now: datetime) -> None:
    """They are on another page; told to the agents of their newest ticket and of their live one."""
    work.sql.execute(update(visitors).where(visitors.c.id == visitor_id).values(page=dict(page)))
    for ticket in _followed(work.sql, visitor_id):
        work.happened(VisitorMoved(ticket, page))


def set_locale(work: Work, visitor_id: int, locale: str) -> None:
    """They read another language."""
    work.sql.execute(update(visitors).where(visitors.c.id == visitor_id).values(locale=kept_locale(locale)))


def moved(work: Work, visitor_id: int, state: Nearness, now: datetime) -> None:
    """They are here, look elsewhere, or are gone: their newest ticket and their live one know, and its place in
    the queue with it."""
    for ticket in _followed(work.sql, visitor_id):
        if ticket.visitor_state != state:
            _move(work, ticket, state, now)


def _followed(sql: Connection, visitor_id: int) -> list[TicketRow]:
    """A form sent beside a chat is newer than the chat, which goes on."""
    own = tickets.c.visitor_id == visitor_id
    latest = select(func.max(tickets.c.id)).where(own).scalar_subquery()
    followed = or_(tickets.c.id == latest, tickets.c.status == "live")
    return tickets_of(sql, ticket_query().where(own, followed).order_by(tickets.c.id))


def _move(work: Work, ticket: TicketRow, state: Nearness, now: datetime) -> None:
    values: dict[str, Any] = {"visitor_state": state, "visitor_since": now, "rev": tickets.c.rev + 1}
    # Whoever comes back takes the agent's place again, unless they were silent for as long.
    silent = and_(tickets.c.last_from == "agent", tickets.c.last_at <= now - PAUSES.quiet)
    values |= {"freed_at": case((silent, tickets.c.freed_at))} if ticket.visitor_state == "gone" else {}
    work.sql.execute(update(tickets).where(tickets.c.id == ticket.id).values(**values))
    row = ticket_by_key(work.sql, ticket.id)
    work.happened(VisitorMoved(row, known(work.sql, ticket.visitor_id).page))
    agents_changed(work, [row.assignee_id] if row.freed_at != ticket.freed_at else [])
