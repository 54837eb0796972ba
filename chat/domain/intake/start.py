"""How a ticket begins: with the first message of a chat, or with the form."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select

from chat.domain import service_status
from chat.domain.context import DomainContext
from chat.domain.intake.form_fields import FORM_FIELDS
from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_one
from chat.domain.people.visitors import get_or_create_visitor
from chat.domain.queries.categories import require_category
from chat.domain.queries.messages import messages_where
from chat.domain.queries.tickets import ticket_by_key, ticket_where
from chat.domain.queries.visitors import VisitorIdentity
from chat.domain.refusals import BadRequest, ChatUnavailable, Conflict, Refused
from chat.domain.text import clean_email, clean_name, clean_text, preview, require_same_text
from chat.domain.tickets import reopening
from chat.domain.tickets.contact import save_visitor_details
from chat.domain.tickets.mutations import NewMessage, announce_message, announce_ticket, insert_message
from chat.store.rows import MessageRow, TicketRow, VisitorRow
from chat.store.tables import categories, messages, new_id, tickets
from chat.store.transaction import Transaction
from chat.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class NewChat:
    """The first message of a chat and what the visitor says about themselves."""

    client_id: str
    text: str
    name: str | None = None
    email: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class NewForm:
    """The form as the visitor filled it in: what they typed, by the names of FORM_FIELDS."""

    client_id: str
    values: Mapping[str, str]


class StartedChat(NamedTuple):
    """The chat's ticket and the message that was posted."""

    ticket: TicketRow
    message: MessageRow


class Submitted(NamedTuple):
    """The form's ticket; `repeated` when the same form was stored before."""

    ticket: TicketRow
    repeated: bool


def form_errors(sql: Connection, form: NewForm) -> dict[str, str]:
    """Every bad field of a form with its code, so that the answer can name all of them at once."""
    checks: dict[str, Callable[[], object]] = {
        field.name: partial(field.check, sql, form.values.get(field.name, "")) for field in FORM_FIELDS
    }
    checks["client_id"] = partial(_check_client_id, form.client_id)
    return {name: code for name, check in checks.items() if (code := _refusal(check))}


def clean_form(sql: Connection, form: NewForm) -> dict[str, str]:
    """The values to store, without the fields that the visitor left empty. Refused for a bad one."""
    cleaned = {field.name: field.check(sql, form.values.get(field.name, "")) for field in FORM_FIELDS}
    return {name: value for name, value in cleaned.items() if value is not None}


def _check_client_id(client_id: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,64}", client_id):
        raise BadRequest("16 to 64 of A-Za-z0-9_-", field="client_id")


def _refusal(check: Callable[[], object]) -> str | None:
    try:
        check()
    except Refused as refused:
        return refused.code
    return None


# -- a chat ----------------------------------------------------------------------------------------------------


def start_chat(tx: Transaction, identity: VisitorIdentity, chat: NewChat, context: DomainContext) -> StartedChat:
    """Create the visitor's live ticket. When there is one already, post to it instead, so that two tabs make one
    ticket. ChatUnavailable."""
    text, name = clean_text(chat.text), clean_name(chat.name)
    email = clean_email(chat.email) if chat.email and chat.email.strip() else None
    category = require_category(tx.sql, chat.category)
    visitor = get_or_create_visitor(tx, identity, context.now)
    if repeated := _find_first_message(tx.sql, visitor.id, chat.client_id):
        require_same_text(repeated.message, text)
        return repeated
    if live := _live_ticket(tx.sql, visitor.id):
        post = Post(live.public_id, chat.client_id, text, context, visitor_id=visitor.id)
        message = post_one(tx, post)
        return StartedChat(ticket_by_key(tx.sql, live.id), message)
    department = service_status.department_of(tx.sql, category)
    if service_status.mode_for(tx.sql, context, department) != "chat":
        raise ChatUnavailable
    save_visitor_details(tx, visitor, name, email)
    columns = reopening.queue_columns(tx.sql, department, context.now) | {
        "status": "live",
        "channel": "chat",
        "department_id": department,
        "visitor_state": "here",
    }
    columns |= {"name": name, "email": email, "category": category}
    return _create_ticket(tx, visitor, context.now, NewMessage("visitor", context.now, text, chat.client_id), columns)


def _find_first_message(sql: Connection, visitor_id: int, client_id: str) -> StartedChat | None:
    own = tickets.c.visitor_id == visitor_id
    found = messages_where(sql, own, messages.c.author == "visitor", messages.c.client_id == client_id)
    if not found:
        return None
    return StartedChat(ticket_where(sql, tickets.c.public_id == found[0].ticket), found[0])


def _live_ticket(sql: Connection, visitor_id: int) -> TicketRow | None:
    live = select(tickets.c.id).where(tickets.c.visitor_id == visitor_id, tickets.c.status == "live")
    # Locked: an agent may be ending it at this moment, and then it is live no longer.
    key = sql.execute(live.with_for_update(key_share=True)).scalar()
    return None if key is None else ticket_by_key(sql, key)


def _create_ticket(
    tx: Transaction, visitor: VisitorRow, now: datetime, message: NewMessage, columns: dict[str, Any]
) -> StartedChat:
    """Insert a ticket with its first message, and announce both."""
    values = {
        "public_id": new_id("t"),
        "site_id": visitor.site_id,
        "visitor_id": visitor.id,
        "kind": _kind_of(tx.sql, columns.get("category")),
        "locale": visitor.locale,
        "last_seq": 1,
        "visitor_read_seq": 1,
        "unread": 1,
        "preview": preview(message.text),
        "visitor_since": now,
        "unanswered_since": now,
        **dict.fromkeys(("last_at", "created_at", "updated_at"), now),
        **columns,
    }
    key = tx.sql.execute(insert(tickets).values(**values).returning(tickets.c.id)).scalar_one()
    insert_message(tx.sql, key, 1, message._replace(author_name=columns.get("name") or visitor.name))
    first = announce_message(tx, key, 1).message
    return StartedChat(announce_ticket(tx, key), first)


def _kind_of(sql: Connection, category: str | None) -> Kind:
    """A category's kind is the kind of its tickets; without a category a ticket is a question."""
    if category is None:
        return "question"
    kind: Kind = sql.execute(select(categories.c.kind).where(categories.c.name == category)).scalar_one()
    return kind


# -- the form --------------------------------------------------------------------------------------------------


def submit_form(tx: Transaction, identity: VisitorIdentity, form: NewForm, now: datetime) -> Submitted:
    """Create the ticket, its first message and its promise in one transaction. A form with the same client_id, address
    and text gets the same ticket; Conflict when it differs or comes from another visitor. The caller has checked the
    fields with `form_errors`."""
    columns: dict[str, Any] = dict(clean_form(tx.sql, form))
    text, email = columns.pop("text"), columns["email"]
    visitor = get_or_create_visitor(tx, identity, now)
    if repeated := _find_form(tx.sql, identity.site_id, form.client_id):
        return Submitted(_require_same_form(tx.sql, repeated, visitor, (email, text)), True)
    save_visitor_details(tx, visitor, columns.get("name"), email)
    columns |= reopening.promise_columns(tx.sql, now) | {
        "status": "open",
        "channel": "form",
        "form_id": form.client_id,
        "department_id": service_status.department_of(tx.sql, columns.get("category")),
        "visitor_state": "gone",
    }
    created = _create_ticket(tx, visitor, now, NewMessage("visitor", now, text, form.client_id), columns)
    return Submitted(created.ticket, False)


def _find_form(sql: Connection, site_id: int, form_id: str) -> TicketRow | None:
    same = select(tickets.c.id).where(tickets.c.site_id == site_id, tickets.c.form_id == form_id)
    key = sql.execute(same).scalar()
    return None if key is None else ticket_by_key(sql, key)


def _require_same_form(
    sql: Connection, ticket: TicketRow, visitor: VisitorRow, email_and_text: tuple[str, str]
) -> TicketRow:
    first = messages_where(sql, messages.c.ticket_id == ticket.id, messages.c.seq == 1)[0]
    if ticket.visitor_id != visitor.id or (ticket.email, first.text) != email_and_text:
        raise Conflict("this client_id was used for another form")
    return ticket
