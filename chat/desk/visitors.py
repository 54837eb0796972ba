"""Visitors: known by a token's hash, written down only once they have said something."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_once

from chat.desk.changes import PAUSES, agents_changed
from chat.desk.facts import VisitorMoved
from chat.desk.records import (
    newest_messages,
    shown,
    ticket_query,
    tickets_of,
    unplaced,
    unplaced_ticket,
    visitor_where,
)
from chat.desk.refusals import BadRequest
from chat.store.rows import MessageRow, Nearness, TicketRow, VisitorRow
from chat.store.tables import LIVE, agents, new_id, tickets, visitors
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


class Coming(NamedTuple):
    """Who says hello, by their token: nobody that we know (`visitor` None), `foreign` when it is another site's, or a
    visitor with their newest ticket and its last 200 messages. `news`: that they are here, or on which page, has yet
    to be written down by `comes`."""

    visitor: VisitorRow | None
    foreign: bool = False
    ticket: TicketRow | None = None
    thread: Sequence[MessageRow] = ()
    news: bool = False


_VISITOR = [visitors.c[name] for name in VisitorRow.__dataclass_fields__]
_any = tickets.alias("any")
_NEWEST = select(func.max(_any.c.id)).where(_any.c.visitor_id == visitors.c.id).scalar_subquery()
_ELSEWHERE = exists().where(
    _any.c.visitor_id == visitors.c.id, _any.c.status == LIVE, _any.c.visitor_state != bindparam("state")
)
_HOLDER = select(*_VISITOR).where(visitors.c.token_hash == bindparam("token_hash"))
_COMING = (
    select(*_VISITOR, _ELSEWHERE, *ticket_query().selected_columns)
    .select_from(
        visitors.outerjoin(tickets, tickets.c.id == _NEWEST).outerjoin(agents, agents.c.id == tickets.c.assignee_id)
    )
    .where(visitors.c.token_hash == bindparam("token_hash"))
)
_OWN = ticket_query().where(tickets.c.visitor_id == bindparam("visitor")).order_by(tickets.c.id)
_FOLLOWED = _OWN.where(
    or_(
        tickets.c.id == select(func.max(_any.c.id)).where(_any.c.visitor_id == bindparam("visitor")).scalar_subquery(),
        tickets.c.status == LIVE,
    )
)
# Whoever comes back takes the agent's place again, unless they were silent for as long.
_silent = and_(tickets.c.last_from == "agent", tickets.c.last_at <= bindparam("quiet_since"))
_MOVES = (
    update(tickets)
    .where(tickets.c.id == bindparam("key"))
    .values(visitor_state=bindparam("state"), visitor_since=bindparam("now"), rev=tickets.c.rev + 1)
)
_COMES_BACK = _MOVES.values(freed_at=case((_silent, tickets.c.freed_at)))


def coming(sql: Connection, who: Newcomer, state: Nearness) -> Coming:
    """All that a hello asks, in one read."""
    row = sql.execute(_COMING, {"token_hash": who.token_hash, "state": state}).first()
    if row is None:
        return Coming(None)
    visitor, elsewhere, found = VisitorRow(*row[: len(_VISITOR)]), row[len(_VISITOR)], row[len(_VISITOR) + 1 :]
    if visitor.site_id != who.site_id:
        return Coming(None, foreign=True)
    if found[0] is None:
        return Coming(visitor)
    (ticket,) = shown(sql, [TicketRow(*found)])
    news = elsewhere or ticket.visitor_state != state or (who.page is not None and visitor.page != who.page)
    return Coming(visitor, False, ticket, newest_messages(sql, ticket), news)


def comes(work: Work, visitor_id: int, state: Nearness, page: Mapping[str, str] | None, now: datetime) -> None:
    """What a hello has to write, where `coming` has found news: `moved` and `set_page` in one."""
    _is_seen(work, visitor_id, state, page, now)


def by_token(sql: Connection, token_hash: str) -> VisitorRow | None:
    """The visitor who holds this token, or None: nobody is written down before their first words."""
    row = sql.execute(_HOLDER, {"token_hash": token_hash}).first()
    return None if row is None else VisitorRow(*row)


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
    found = tickets_of(sql, _OWN.order_by(None).order_by(tickets.c.id.desc()).limit(1), visitor=visitor_id)
    return found[0] if found else None


def earlier(sql: Connection, visitor_id: int, but: int) -> list[TicketRow]:
    """Their last 20 other tickets, newest first."""
    others = _OWN.where(tickets.c.id != but).order_by(None).order_by(tickets.c.id.desc()).limit(20)
    return tickets_of(sql, others, visitor=visitor_id)


def set_page(work: Work, visitor_id: int, page: Mapping[str, str], now: datetime) -> None:
    """They are on another page; told to the agents of their newest ticket and of their live one."""
    _is_seen(work, visitor_id, None, page, now)


def set_locale(work: Work, visitor_id: int, locale: str) -> None:
    """They read another language."""
    work.sql.execute(update(visitors).where(visitors.c.id == visitor_id).values(locale=kept_locale(locale)))


def moved(work: Work, visitor_id: int, state: Nearness, now: datetime) -> None:
    """They are here, look elsewhere, or are gone: their newest ticket and their live one know, and its place in
    the queue with it."""
    _is_seen(work, visitor_id, state, None, now)


def _is_seen(
    work: Work, visitor_id: int, state: Nearness | None, page: Mapping[str, str] | None, now: datetime
) -> None:
    """What is as it was is neither written nor told. A form sent beside a chat is newer than the chat, which goes on:
    both are followed."""
    before = known(work.sql, visitor_id).page
    turned = page is not None and page != before
    if turned:
        work.sql.execute(update(visitors).where(visitors.c.id == visitor_id).values(page=dict(page or {})))
    for ticket in unplaced(work.sql, _FOLLOWED, visitor=visitor_id):
        moves = state is not None and ticket.visitor_state != state
        if moves or turned:
            row = _move(work, ticket, state, now) if moves and state else ticket
            work.happened(VisitorMoved(row, page if turned else before))
            agents_changed(work, [row.assignee_id] if row.freed_at != ticket.freed_at else [])


def _move(work: Work, ticket: TicketRow, state: Nearness, now: datetime) -> TicketRow:
    statement = _COMES_BACK if ticket.visitor_state == "gone" else _MOVES
    work.sql.execute(statement, {"key": ticket.id, "state": state, "now": now, "quiet_since": now - PAUSES.quiet})
    return unplaced_ticket(work.sql, ticket.id)
