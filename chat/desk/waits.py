"""What time does to chats: agents lost and back, waits that grow too long, silences."""

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, false, func, or_, select

from chat.desk import reopening, service
from chat.desk.calendar_in_force import calendar_of
from chat.desk.changes import PAUSES, Pauses, Situation, agents_changed, change, end_offers, tell
from chat.desk.places import waiting
from chat.desk.records import agents_where, ringing, ringing_offers, ticket_query, unplaced
from chat.desk.rules import calendar
from chat.desk.rules import status as statuses
from chat.desk.tickets import become_open
from chat.store.rows import TicketRow
from chat.store.tables import GONE, LIVE, agents, offers, tickets
from chat.store.works import Work

# One look moves no more: whoever speaks meanwhile waits for its commit.
AT_ONCE = 50

live = tickets.c.status == LIVE
_ASKED_FOR = select(tickets.c.department_id).where(waiting, tickets.c.department_id.is_not(None)).distinct()
_ANYBODY_WAITS = select(tickets.c.id).where(waiting).limit(1)
_BUSY = select(agents.c.id).where(
    or_(
        # Looked for agent by agent: PostgreSQL would else read all the live chats, with a row for each.
        select(tickets.c.id).where(tickets.c.assignee_id == agents.c.id, live).offset(0).exists(),
        agents.c.id.in_(select(offers.c.agent_id).where(ringing)),
    )
)


def _tickets(sql: Connection, *condition: ColumnElement[bool], **bound: object) -> list[TicketRow]:
    query = ticket_query().where(*condition).order_by(tickets.c.id).limit(AT_ONCE)
    return unplaced(sql, query.with_for_update(key_share=True, of=tickets), **bound)


def anybody_waits(sql: Connection) -> bool:
    """Whether a chat waits for an agent."""
    return sql.execute(_ANYBODY_WAITS).first() is not None


def anybody_absent(sql: Connection, situation: Situation) -> bool:
    """Whether an agent who is not connected has live chats or something ringing; False while that can't be known."""
    return situation.present is not None and bool(_absent(sql, situation.present))


def _absent(sql: Connection, present: frozenset[int]) -> set[int]:
    return set(sql.execute(_BUSY).scalars().all()) - present


def release_absent(work: Work, situation: Situation, pauses: Pauses = PAUSES) -> int:
    """Agents gone for longer than their grace lose their chats, which go back to their old places; what rings on
    an absent agent's console goes to the next. `present` None: nothing is concluded. How many were released."""
    if situation.present is None or not (absent := _absent(work.sql, situation.present)):
        return 0
    lost = _tickets(work.sql, live, tickets.c.assignee_id.in_(absent))
    for ticket in lost:
        _release(work, ticket, situation.now, pauses)
    for offer in ringing_offers(work.sql, offers.c.agent_id.in_(absent)):
        end_offers(work, offer.ticket_id, situation.now, "withdrawn")
    return len(lost)


def _release(work: Work, ticket: TicketRow, now: datetime, pauses: Pauses) -> None:
    end_offers(work, ticket.id, now, "withdrawn")
    tell(work, ticket.id, now, "agent_gone", {"agent": ticket.agent_name or ""})
    values: dict[str, Any] = {"assignee_id": None, "lost_agent_id": ticket.assignee_id}
    values |= {"queued_at": ticket.queued_at or now, "freed_at": None, "lost_until": now + pauses.give_back}
    change(work, ticket.id, now, **values)
    agents_changed(work, [ticket.assignee_id])


def release_agent(work: Work, agent_id: int, now: datetime, pauses: Pauses = PAUSES) -> None:
    """An agent who is removed leaves their live chats to the queue and their other tickets to everybody."""
    while theirs := _tickets(work.sql, tickets.c.assignee_id == agent_id, tickets.c.status != "closed"):
        for ticket in theirs:
            if ticket.status == "live":
                _release(work, ticket, now, pauses)
            change(work, ticket.id, now, assignee_id=None, lost_agent_id=None, lost_until=None)
    for offer in ringing_offers(work.sql, or_(offers.c.agent_id == agent_id, offers.c.giver_id == agent_id)):
        end_offers(work, offer.ticket_id, now, "withdrawn")


_LOST = select(tickets.c.lost_agent_id).where(waiting, tickets.c.lost_agent_id.is_not(None))


def anybody_back(sql: Connection, situation: Situation) -> bool:
    """Whether an agent is there whose chats wait for them."""
    back = _LOST.where(tickets.c.lost_until > situation.now).distinct()
    return not (situation.present or frozenset()).isdisjoint(sql.execute(back).scalars().all())


def give_back(work: Work, situation: Situation) -> int:
    """An agent who returns in time gets back what nobody has taken meanwhile. How many were given back."""
    if not anybody_back(work.sql, situation):
        return 0
    in_time = and_(tickets.c.lost_agent_id.is_not(None), tickets.c.lost_until > situation.now)
    returned = _tickets(work.sql, waiting, in_time, tickets.c.lost_agent_id.in_(situation.present or ()))
    for ticket in returned:
        _give_back(work, ticket, situation.now)
    return len(returned)


def _give_back(work: Work, ticket: TicketRow, now: datetime) -> None:
    had = select(tickets.c.lost_agent_id).where(tickets.c.id == ticket.id)
    agent = agents_where(work.sql, agents.c.id == had.scalar_subquery())
    if not agent:
        return
    end_offers(work, ticket.id, now, "withdrawn")
    tell(work, ticket.id, now, "agent_back", {"agent": agent[0].name})
    change(work, ticket.id, now, assignee_id=agent[0].id, lost_agent_id=None, form_offered_at=None)
    agents_changed(work, [agent[0].id])


_lost = tickets.c.lost_agent_id.is_not(None)
_asked, _kept = tickets.c.form_offered_at, tickets.c.keep_waiting_at
_lost_lately = func.coalesce(and_(_lost, tickets.c.lost_until > bindparam("lost_lately")), false())
_returning = func.coalesce(and_(_lost, tickets.c.lost_until > bindparam("now")), false())
_wait_ended: BindParameter[datetime] = bindparam("wait_ended")
# Two questions, for one of both would find no index.
_OLD = (
    and_(_asked.is_(None), tickets.c.queued_at <= bindparam("form_due"), ~_lost_lately),
    and_(_asked <= _wait_ended, or_(_kept.is_(None), _kept <= _wait_ended)),
)
_not_yet_told = or_(_asked.is_(None), ~_returning)
_ONE = select(tickets.c.id).where(waiting).limit(1)
_ANY_OLD = tuple(_ONE.where(old) for old in _OLD)


def any_long_wait(sql: Connection, situation: Situation, pauses: Pauses = PAUSES) -> bool:
    """Whether time has come for a chat that waits."""
    if _nothing_concluded(sql, situation):
        return False
    moments = _moments(situation.now, pauses)
    queries = [*_ANY_OLD, *(_ONE.where(deserted) for deserted in _deserted(sql, situation))]
    return any(sql.execute(query, moments).first() for query in queries)


def long_waits(work: Work, situation: Situation, pauses: Pauses = PAUSES) -> int:
    """Offer the form beside a chat that waits long, and make a ticket of one that waited too long. How many moved."""
    if _nothing_concluded(work.sql, situation):
        return 0
    moments = _moments(situation.now, pauses)
    due = [*_OLD, *_deserted(work.sql, situation)]
    old = {ticket.id: ticket for some in due for ticket in _tickets(work.sql, waiting, some, **moments)}
    state, _ = calendar.state_at(calendar_of(work.sql), situation.now)
    return sum(_grow_older(work, ticket, situation, state, pauses) for _, ticket in sorted(old.items()))


def _nothing_concluded(sql: Connection, situation: Situation) -> bool:
    """While nobody can say who is connected; unless nobody chose to be available anyway."""
    return situation.present is None and service.anybody_chose_available(sql)


def _moments(now: datetime, pauses: Pauses) -> dict[str, datetime]:
    lost_lately = now - pauses.form_offer + pauses.give_back
    due = {"form_due": now - pauses.form_offer, "wait_ended": now - pauses.wait_end}
    return {"now": now, "lost_lately": lost_lately, **due}


def _deserted(sql: Connection, situation: Situation) -> list[ColumnElement[bool]]:
    """Where chats wait for nobody: everywhere, or in departments of which nobody is there."""
    present = situation.present or frozenset()
    state, _ = calendar.state_at(calendar_of(sql), situation.now)
    if state == "closed" or not service.available_agents(sql, present, None):
        return [_not_yet_told]
    asked_for = sql.execute(_ASKED_FOR).scalars().all()
    empty = [key for key in asked_for if not service.available_agents(sql, present, key)]
    return [and_(tickets.c.department_id == key, _not_yet_told) for key in empty]


def _grow_older(work: Work, ticket: TicketRow, situation: Situation, state: str, pauses: Pauses) -> bool:
    now = situation.now
    available = service.available_agents(work.sql, situation.present or frozenset(), ticket.department_id)
    losing = _lost_until(work.sql, ticket)
    deserted = state == "closed" or not available
    if deserted and not (losing and losing > now):
        become_open(work, ticket, now)
        return True
    if ticket.form_offered_at is None:
        # A chat that lost its agent has its old place, but has not waited since then.
        began = losing - pauses.give_back if losing else ticket.queued_at or now
        waited = now - began >= pauses.form_offer
        if waited or deserted:
            change(work, ticket.id, now, form_offered_at=now)
        return waited or deserted
    since = max(ticket.form_offered_at, ticket.keep_waiting_at or ticket.form_offered_at)
    if now - since >= pauses.wait_end:
        become_open(work, ticket, now)
    return now - since >= pauses.wait_end


def _lost_until(sql: Connection, ticket: TicketRow) -> datetime | None:
    query = select(tickets.c.lost_until).where(tickets.c.id == ticket.id, tickets.c.lost_agent_id.is_not(None))
    return sql.execute(query).scalar()


def _silent_since(moment: BindParameter[datetime]) -> ColumnElement[bool]:
    gone = and_(tickets.c.visitor_state == GONE, tickets.c.visitor_since <= moment)
    return or_(gone, and_(tickets.c.last_from == "agent", tickets.c.last_at <= moment))


_had_agent = and_(live, tickets.c.assignee_id.is_not(None))
_asleep = and_(_had_agent, _silent_since(bindparam("asleep_since")))
_silent = and_(_had_agent, tickets.c.freed_at.is_(None), _silent_since(bindparam("silent_since")))
_ANY_SILENCE = select(tickets.c.id).where(or_(_asleep, _silent)).limit(1)


def any_silence(sql: Connection, now: datetime, pauses: Pauses = PAUSES) -> bool:
    """Whether a visitor who has an agent has been gone or silent for long enough."""
    return sql.execute(_ANY_SILENCE, _silences(now, pauses)).first() is not None


def silences(work: Work, now: datetime, pauses: Pauses = PAUSES) -> int:
    """Free the place of a visitor who has gone or fallen silent, later end the chat. How many moved."""
    moments = _silences(now, pauses)
    ended = _tickets(work.sql, _asleep, **moments)
    for ticket in ended:
        _fall_asleep(work, ticket, now)
    freed = _tickets(work.sql, _silent, **moments)
    for ticket in freed:
        change(work, ticket.id, now, freed_at=now)
        agents_changed(work, [ticket.assignee_id])
    return len(ended) + len(freed)


def _silences(now: datetime, pauses: Pauses) -> dict[str, datetime]:
    return {"asleep_since": now - pauses.quiet_end, "silent_since": now - pauses.quiet}


def _fall_asleep(work: Work, ticket: TicketRow, now: datetime) -> None:
    """We answered: the customer owes the next word. We did not: we owe it, with a promise."""
    end_offers(work, ticket.id, now, "withdrawn")
    tell(work, ticket.id, now, "paused", {})
    status = statuses.after_silence(answered=ticket.waiting_since is None)
    promise = reopening.new_promise(work.sql, now) if status == "open" else {}
    change(work, ticket.id, now, status=status, freed_at=None, **promise)
    agents_changed(work, [ticket.assignee_id])
