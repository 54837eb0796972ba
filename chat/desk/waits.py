"""What time does to chats: agents lost and back, waits that grow too long, silences."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from chat.desk import reopening, service
from chat.desk.calendar_in_force import calendar_of
from chat.desk.changes import PAUSES, Pauses, Situation, agents_changed, change, end_offers, tell
from chat.desk.places import waiting
from chat.desk.records import agents_where, ringing_offers, ticket_query, tickets_of
from chat.desk.rules import calendar
from chat.desk.rules import status as statuses
from chat.desk.tickets import become_open
from chat.store.rows import TicketRow
from chat.store.tables import agents, offers, tickets
from chat.store.works import Work

live = tickets.c.status == "live"


def _tickets(sql: Connection, *condition: ColumnElement[bool]) -> list[TicketRow]:
    query = ticket_query().where(*condition).order_by(tickets.c.id).limit(200)
    return tickets_of(sql, query.with_for_update(key_share=True, of=tickets))


def anybody_waits(sql: Connection) -> bool:
    """Whether a chat waits for an agent."""
    return sql.execute(select(tickets.c.id).where(waiting).limit(1)).first() is not None


def anybody_absent(sql: Connection, situation: Situation) -> bool:
    """Whether an agent who is not connected has live chats or something ringing; False while that can't be known."""
    if situation.present is None:
        return False
    absent = tickets.c.assignee_id.not_in(situation.present)
    query = select(tickets.c.id).where(live, tickets.c.assignee_id.is_not(None), absent).limit(1)
    rung = ringing_offers(sql, offers.c.agent_id.not_in(situation.present))
    return bool(rung) or sql.execute(query).first() is not None


def release_absent(work: Work, situation: Situation, pauses: Pauses = PAUSES) -> int:
    """Agents gone for longer than their grace lose their chats, which go back to their old places; what rings on
    an absent agent's console goes to the next. `present` None: nothing is concluded. How many were released."""
    if situation.present is None:
        return 0
    absent = tickets.c.assignee_id.not_in(situation.present)
    lost = _tickets(work.sql, live, tickets.c.assignee_id.is_not(None), absent)
    for ticket in lost:
        _release(work, ticket, situation.now, pauses)
    for offer in ringing_offers(work.sql, offers.c.agent_id.not_in(situation.present)):
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


def give_back(work: Work, situation: Situation) -> int:
    """An agent who returns in time gets back what nobody has taken meanwhile. How many were given back."""
    back = and_(
        waiting,
        tickets.c.lost_agent_id.in_(situation.present or frozenset()),
        tickets.c.lost_until > situation.now,
    )
    returned = _tickets(work.sql, back)
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


def long_waits(work: Work, situation: Situation, pauses: Pauses = PAUSES) -> int:
    """Offer the form beside a chat that waits long, and make a ticket of one that waited too long. How many moved."""
    if situation.present is None and _anybody_chose_available(work.sql):
        return 0
    state, _ = calendar.state_at(calendar_of(work.sql), situation.now)
    return sum(_grow_older(work, ticket, situation, state, pauses) for ticket in _tickets(work.sql, waiting))


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


def _anybody_chose_available(sql: Connection) -> bool:
    chose = and_(agents.c.state == "available", agents.c.removed_at.is_(None))
    return sql.execute(select(func.count()).select_from(agents).where(chose)).scalar_one() > 0


def silences(work: Work, now: datetime, pauses: Pauses = PAUSES) -> int:
    """Free the place of a visitor who has gone or fallen silent, later end the chat. How many moved."""
    had = and_(live, tickets.c.assignee_id.is_not(None))
    ended = _tickets(work.sql, had, _silent_since(now - pauses.quiet_end))
    for ticket in ended:
        _fall_asleep(work, ticket, now)
    freed = _tickets(work.sql, had, tickets.c.freed_at.is_(None), _silent_since(now - pauses.quiet))
    for ticket in freed:
        change(work, ticket.id, now, freed_at=now)
        agents_changed(work, [ticket.assignee_id])
    return len(ended) + len(freed)


def _silent_since(moment: datetime) -> ColumnElement[bool]:
    gone = and_(tickets.c.visitor_state == "gone", tickets.c.visitor_since <= moment)
    return or_(gone, and_(tickets.c.last_from == "agent", tickets.c.last_at <= moment))


def _fall_asleep(work: Work, ticket: TicketRow, now: datetime) -> None:
    """We answered: the customer owes the next word. We did not: we owe it, with a promise."""
    end_offers(work, ticket.id, now, "withdrawn")
    tell(work, ticket.id, now, "paused", {})
    status = statuses.after_silence(answered=ticket.waiting_since is None)
    promise = reopening.new_promise(work.sql, now) if status == "open" else {}
    change(work, ticket.id, now, status=status, freed_at=None, **promise)
    agents_changed(work, [ticket.assignee_id])
