"""Visitors: known by a token's hash, written down only once they have said something."""

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import and_, bindparam, case, select, update
from sqlalchemy.dialects.postgresql import insert as insert_once

from chat.domain.context import DomainContext
from chat.domain.facts import VisitorPresenceChanged
from chat.domain.queries.tickets import (
    ticket_without_position,
)
from chat.domain.queries.visitors import (
    VisitorIdentity,
    followed_tickets,
    get_visitor,
    visitor_by_token,
)
from chat.domain.refusals import BadRequest
from chat.domain.tickets.mutations import announce_agents
from chat.store.rows import TicketRow, VisitorRow
from chat.store.tables import new_id, tickets, visitors
from chat.store.transaction import Transaction
from chat.vocabulary import VisitorPresence

_LOCALE = re.compile(r"[A-Za-z0-9_-]{0,9}[A-Za-z0-9](?![A-Za-z0-9])")
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,60}")
# Whoever comes back takes the agent's place again, unless they were silent for as long.
_silent = and_(tickets.c.last_from == "agent", tickets.c.last_at <= bindparam("idle_since"))
_SET_PRESENCE = (
    update(tickets)
    .where(tickets.c.id == bindparam("key"))
    .values(visitor_state=bindparam("state"), visitor_since=bindparam("now"), rev=tickets.c.rev + 1)
)
_RETURN = _SET_PRESENCE.values(slot_released_at=case((_silent, tickets.c.slot_released_at)))


def record_visit(
    tx: Transaction, visitor_id: int, state: VisitorPresence, page: Mapping[str, str] | None, context: DomainContext
) -> None:
    """What a hello has to write, where `coming` has found news: `moved` and `set_page` in one."""
    _record_presence(tx, visitor_id, state, page, context)


def get_or_create_visitor(tx: Transaction, who: VisitorIdentity, now: datetime) -> VisitorRow:
    """The visitor of this token, written down if need be, their row locked: two first messages wait in line."""
    values = {
        "public_id": new_id("v"),
        "token_hash": who.token_hash,
        "site_id": who.site_id,
        "verified": False,
        "locale": stored_locale(who.locale),
        "timezone": who.timezone if who.timezone and _ZONE.fullmatch(who.timezone) else None,
        "page": who.page,
        "created_at": now,
    }
    # On SQLite nobody else writes; on PostgreSQL the second of two first messages finds the first one's row.
    fresh = insert_once(visitors).values(**values).on_conflict_do_nothing(index_elements=["token_hash"])
    own = select(visitors.c.id).where(visitors.c.token_hash == who.token_hash).with_for_update()
    if tx.sql.execute(own).first() is None:
        tx.sql.execute(fresh)
        tx.sql.execute(own)
    visitor = visitor_by_token(tx.sql, who.token_hash)
    assert visitor is not None
    if visitor.site_id != who.site_id:
        raise BadRequest("this token is another site's", field="token")
    return visitor


def stored_locale(tag: str) -> str:
    """Its whole parts as far as they find room: of `ca-ES-valencia` that is `ca-ES`."""
    whole_parts = _LOCALE.match(tag)
    return whole_parts[0] if whole_parts else "fr"


def set_page(tx: Transaction, visitor_id: int, page: Mapping[str, str], context: DomainContext) -> None:
    """They are on another page; told to the agents of their newest ticket and of their live one."""
    _record_presence(tx, visitor_id, None, page, context)


def set_locale(tx: Transaction, visitor_id: int, locale: str) -> None:
    """They read another language."""
    tx.sql.execute(update(visitors).where(visitors.c.id == visitor_id).values(locale=stored_locale(locale)))


def set_visitor_presence(tx: Transaction, visitor_id: int, state: VisitorPresence, context: DomainContext) -> None:
    """They are here, look elsewhere, or are gone: their newest ticket and their live one know, and its place in
    the queue with it."""
    _record_presence(tx, visitor_id, state, None, context)


def _record_presence(
    tx: Transaction,
    visitor_id: int,
    state: VisitorPresence | None,
    page: Mapping[str, str] | None,
    context: DomainContext,
) -> None:
    """What is as it was is neither written nor told."""
    before = get_visitor(tx.sql, visitor_id).page
    turned = page is not None and page != before
    if turned:
        tx.sql.execute(update(visitors).where(visitors.c.id == visitor_id).values(page=dict(page or {})))
    for ticket in followed_tickets(tx.sql, visitor_id):
        moves = state is not None and ticket.visitor_state != state
        if moves or turned:
            row = _update_presence(tx, ticket, state, context) if moves and state else ticket
            tx.record(VisitorPresenceChanged(row, page if turned else before))
            announce_agents(tx, [row.assignee_id] if row.slot_released_at != ticket.slot_released_at else [])


def _update_presence(tx: Transaction, ticket: TicketRow, state: VisitorPresence, context: DomainContext) -> TicketRow:
    statement = _RETURN if ticket.visitor_state == "gone" else _SET_PRESENCE
    idle_since = context.now - context.timeouts.idle_after
    tx.sql.execute(statement, {"key": ticket.id, "state": state, "now": context.now, "idle_since": idle_since})
    return ticket_without_position(tx.sql, ticket.id)
