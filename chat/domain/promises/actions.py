"""Promises follow their tickets, and end: kept by an answer, broken by time."""

from datetime import datetime

from sqlalchemy import insert, update

from chat.domain.context import DomainContext
from chat.domain.facts import MessagePosted, TicketChanged
from chat.domain.promises import rules
from chat.domain.promises.facts import PromiseAlertDue
from chat.domain.promises.queries import (
    PromiseRow,
    due_promises,
    last_promise,
    receivers,
    tickets_with_due_promises,
)
from chat.domain.queries.calendar import load_calendar
from chat.domain.queries.tickets import ticket_without_position
from chat.domain.rules.hours.calendar import Calendar
from chat.domain.tickets.locks import LOCK_BATCH_SIZE, lock_tickets
from chat.domain.tickets.mutations import append_event, update_ticket
from chat.store.rows import TicketRow
from chat.store.tables.promises import promises
from chat.store.transaction import Transaction
from chat.vocabulary import PromiseOutcome


def follow_ticket(tx: Transaction, fact: TicketChanged | MessagePosted) -> None:
    """A reaction: the promise that a ticket's row shows is also a row of its own, which ends when the ticket no longer
    has it. A ticket that never had a promise costs no query."""
    ticket = fact.ticket
    if ticket.promised_at is None or ticket.promise_due_at is None:
        return
    last = last_promise(tx.sql, ticket.id)
    owed = ticket.promise_kept_at is None and not ticket.finished
    same = last is not None and (last.made_at, last.due_at) == (ticket.promised_at, ticket.promise_due_at)
    if last and last.ended_at is None and not (owed and same):
        answered_at = ticket.promise_kept_at if same else None
        ended_at = answered_at or ticket.updated_at
        _end(tx, last, ticket, rules.outcome(last.due_at, answered_at, ticket.finished), ended_at)
    if owed and not same:
        _insert(tx, ticket, ticket.promised_at, ticket.promise_due_at, last)


def tell_due_promises(tx: Transaction, context: DomainContext) -> int:
    """Tell the team of promises that near their due time, and the customers of those that were broken. Returns how many
    promises were due."""
    keys = tickets_with_due_promises(tx.sql, context.now, LOCK_BATCH_SIZE)
    lock_tickets(tx.sql, keys)
    # Read again: another node may have told of some before the tickets were locked.
    due, calendar = due_promises(tx.sql, context.now, keys), load_calendar(tx.sql)
    for promise in due:
        _take_step(tx, promise, calendar, context)
    return len(due)


def _take_step(tx: Transaction, promise: PromiseRow, calendar: Calendar, context: DomainContext) -> None:
    timeouts, now = context.timeouts, context.now
    opening_hours = (timeouts.promise_soon, timeouts.promise_close)
    ticket = ticket_without_position(tx.sql, promise.ticket_id)
    alerts = rules.alerts_of(calendar, promise.due_at, opening_hours, ticket.status == "on_hold")
    alert, next_at = rules.step(alerts, promise.made_at, now)
    if next_at is None:
        ticket = _break(tx, promise, ticket, calendar, now)
    else:
        of_promise = update(promises).where(promises.c.id == promise.id)
        tx.sql.execute(of_promise.values(last_alert=alert or promise.last_alert, next_at=next_at))
    if alert and alert != promise.last_alert:
        tx.record(PromiseAlertDue(ticket, alert, promise.due_at, receivers(tx.sql, ticket, alert)))


def _break(tx: Transaction, promise: PromiseRow, ticket: TicketRow, calendar: Calendar, now: datetime) -> TicketRow:
    """End a promise that was not kept. Twice the customer is told so, with a new date. Returns the ticket's row."""
    _end(tx, promise, ticket, "broken", now)
    due = rules.next_due(calendar, promise.due_at, now)
    if promise.broken_before >= rules.NOTICES or due is None:
        return ticket
    args = {"promised": promise.due_at.isoformat(), "due": due.isoformat(), "notice": str(promise.broken_before + 1)}
    append_event(tx, ticket.id, now, "promise_moved", args)
    estimate = {"estimated_at": due} if ticket.status == "on_hold" else {}
    return update_ticket(tx, ticket.id, now, promised_at=now, promise_due_at=due, **estimate)


def _insert(tx: Transaction, ticket: TicketRow, made_at: datetime, due_at: datetime, last: PromiseRow | None) -> None:
    """A promise after a broken one counts it: only an answer or a new round of the ticket ends the count."""
    broken_before = last.broken_before + 1 if last and last.outcome == "broken" and last.ended_at == made_at else 0
    values = {"ticket_id": ticket.id, "made_at": made_at, "due_at": due_at, "broken_before": broken_before}
    tx.sql.execute(insert(promises).values(**values, next_at=made_at))


def _end(tx: Transaction, promise: PromiseRow, ticket: TicketRow, outcome: PromiseOutcome, ended_at: datetime) -> None:
    """End a promise, and note whose it was at this moment."""
    columns = {"department_id": ticket.department_id, "category": ticket.category, "agent_id": ticket.assignee_id}
    of_promise = update(promises).where(promises.c.id == promise.id, promises.c.ended_at.is_(None))
    tx.sql.execute(of_promise.values(outcome=outcome, ended_at=ended_at, **columns))
