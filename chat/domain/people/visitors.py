"""Visitors: identified by the hash of a token, and stored only from their first message on."""

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import and_, bindparam, case, select, update
from sqlalchemy.dialects.postgresql import insert as insert_once

from chat.domain.context import DomainContext
from chat.domain.facts import VisitorPresenceChanged
from chat.domain.queries.tickets import ticket_without_position
from chat.domain.queries.visitors import VisitorIdentity, followed_tickets, get_visitor, visitor_by_token
from chat.domain.refusals import BadRequest
from chat.domain.text import public_url_without_query
from chat.domain.tickets.mutations import announce_agents
from chat.store.rows import TicketRow, VisitorRow
from chat.store.tables import new_id, tickets, visitors
from chat.store.transaction import Transaction
from chat.vocabulary import DEFAULT_LOCALE, VisitorPresence

_LOCALE = re.compile(r"[A-Za-z0-9_-]{0,9}[A-Za-z0-9](?![A-Za-z0-9])")
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,60}")
# A visitor who returns uses the agent's slot again, unless they have been silent for the idle time.
_idle = and_(tickets.c.last_from == "agent", tickets.c.last_at <= bindparam("idle_since"))
_SET_PRESENCE = (
    update(tickets)
    .where(tickets.c.id == bindparam("key"))
    .values(visitor_state=bindparam("state"), visitor_since=bindparam("now"), rev=tickets.c.rev + 1)
)
_RETURN = _SET_PRESENCE.values(slot_released_at=case((_idle, tickets.c.slot_released_at)))


def record_visit(
    tx: Transaction, visitor_id: int, state: VisitorPresence, page: Mapping[str, str] | None, context: DomainContext
) -> None:
    """Store presence and page at hello, when `lookup_visitor` says that they differ."""
    _record_presence(tx, visitor_id, state, page, context)


def get_or_create_visitor(tx: Transaction, identity: VisitorIdentity, now: datetime) -> VisitorRow:
    """The visitor with this token, created if needed. Their row is locked: of two first messages one waits for the
    other. BadRequest when the token belongs to another site."""
    values = {
        "public_id": new_id("v"),
        "token_hash": identity.token_hash,
        "site_id": identity.site_id,
        "verified": False,
        "locale": stored_locale(identity.locale),
        "timezone": identity.timezone if identity.timezone and _ZONE.fullmatch(identity.timezone) else None,
        "page": identity.page,
        "address_hash": identity.address_hash,
        "created_at": now,
    }
    # SQLite has one writer; on PostgreSQL the second of two first messages finds the row of the first.
    new = insert_once(visitors).values(**values).on_conflict_do_nothing(index_elements=["token_hash"])
    own = select(visitors.c.id).where(visitors.c.token_hash == identity.token_hash).with_for_update()
    if tx.sql.execute(own).first() is None:
        tx.sql.execute(new)
        tx.sql.execute(own)
    visitor = visitor_by_token(tx.sql, identity.token_hash)
    assert visitor is not None
    if visitor.site_id != identity.site_id:
        raise BadRequest("this token is another site's", field="token")
    return visitor


def stored_locale(tag: str) -> str:
    """As many whole parts of a language tag as fit into the column: `ca-ES` of `ca-ES-valencia`."""
    whole_parts = _LOCALE.match(tag)
    return whole_parts[0] if whole_parts else DEFAULT_LOCALE


def visited_page(url: str, title: str, referrer: str = "") -> dict[str, str]:
    """The page that a visitor is on, as it is stored. Without query and fragment: both may contain secrets."""
    return {
        "url": public_url_without_query(url),
        "title": title[:200],
        "referrer": public_url_without_query(referrer),
    }


def set_page(tx: Transaction, visitor_id: int, page: Mapping[str, str], context: DomainContext) -> None:
    """Store the page that a visitor is on; their newest ticket and their live one announce it."""
    _record_presence(tx, visitor_id, None, page, context)


def set_locale(tx: Transaction, visitor_id: int, locale: str) -> None:
    """Store the language that a visitor reads."""
    tx.sql.execute(update(visitors).where(visitors.c.id == visitor_id).values(locale=stored_locale(locale)))


def set_visitor_presence(tx: Transaction, visitor_id: int, state: VisitorPresence, context: DomainContext) -> None:
    """Set whether a visitor is here, hidden or gone, on their newest ticket and on their live one."""
    _record_presence(tx, visitor_id, state, None, context)


def _record_presence(
    tx: Transaction,
    visitor_id: int,
    state: VisitorPresence | None,
    page: Mapping[str, str] | None,
    context: DomainContext,
) -> None:
    """Write and announce only what differs."""
    before = get_visitor(tx.sql, visitor_id).page
    page_changed = page is not None and page != before
    if page_changed:
        tx.sql.execute(update(visitors).where(visitors.c.id == visitor_id).values(page=dict(page or {})))
    for ticket in followed_tickets(tx.sql, visitor_id):
        state_changed = state is not None and ticket.visitor_state != state
        if state_changed or page_changed:
            row = _update_presence(tx, ticket, state, context) if state_changed and state else ticket
            tx.record(VisitorPresenceChanged(row, page if page_changed else before))
            announce_agents(tx, [row.assignee_id] if row.slot_released_at != ticket.slot_released_at else [])


def _update_presence(tx: Transaction, ticket: TicketRow, state: VisitorPresence, context: DomainContext) -> TicketRow:
    statement = _RETURN if ticket.visitor_state == "gone" else _SET_PRESENCE
    idle_since = context.now - context.timeouts.idle_after
    tx.sql.execute(statement, {"key": ticket.id, "state": state, "now": context.now, "idle_since": idle_since})
    return ticket_without_position(tx.sql, ticket.id)
