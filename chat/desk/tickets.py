"""Tickets: how they begin, by the first word of a chat or by the form, and how an address comes to them."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from chat.desk import reopening, service
from chat.desk.changes import Situation, change, changed, end_offers, hold_ticket_of, posted, tell
from chat.desk.messages import post_one
from chat.desk.records import messages_where, plain, ticket_by_key, ticket_where
from chat.desk.refusals import BadRequest, Conflict, FormInstead, Refused, TicketEnded
from chat.desk.visitors import Newcomer, known, known_or_new
from chat.desk.words import LONGEST_TEXT, Post, clean, composed, preview, same_words
from chat.store.rows import MessageRow, TicketRow, VisitorRow
from chat.store.tables import categories, messages, new_id, tickets, visitors
from chat.store.works import Work

LONGEST_NAME = 100
# Whether an address can be written to is only known by writing; this refuses what surely can't.
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\.]+(\.[^\s@<>,;:\"()\[\]\\.]+)+")


@dataclass(frozen=True, slots=True)
class NewChat:
    """The first words of a chat and what the visitor told of themselves."""

    client_id: str
    text: str
    name: str | None = None
    email: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class NewForm:
    """The form, as it was filled in."""

    client_id: str
    text: str
    email: str
    name: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Where to answer; `wait` keeps the place in the queue."""

    email: str
    name: str | None
    wait: bool


class Started(NamedTuple):
    """A ticket and the message that was said."""

    ticket: TicketRow
    message: MessageRow


class Submitted(NamedTuple):
    """The form's ticket; `repeated` when it was there already."""

    ticket: TicketRow
    repeated: bool


def clean_name(name: str | None) -> str | None:
    """One line, or None when nothing is left; TooLong above 100 code points."""
    return clean(" ".join(name.split()), "name", LONGEST_NAME) if name and name.strip() else None


def clean_email(email: str) -> str:
    """Trimmed; BadRequest when it can't be an address, or has signs in it that nobody sees."""
    email = composed(email[:LONGEST_TEXT], "email")
    unseen = any(unicodedata.category(sign) in ("Cc", "Cf") for sign in email[:255])
    if len(email) > 254 or unseen or not _EMAIL.fullmatch(email):
        raise BadRequest("not an e-mail address", field="email")
    return email


def known_category(sql: Connection, category: str | None) -> str | None:
    """The category; BadRequest when there is none of this name."""
    named = categories.c.name == plain(category or "")
    if category and sql.execute(select(categories.c.name).where(named)).first() is None:
        raise BadRequest("no such category", field="category")
    return category or None


def form_errors(sql: Connection, form: NewForm) -> dict[str, str]:
    """Every bad field of a form with its code, so that all can be named at once."""
    checks = {
        "text": lambda: clean(form.text),
        "email": lambda: clean_email(form.email) if form.email.strip() else clean("", "email"),
        "name": lambda: clean_name(form.name),
        "category": lambda: known_category(sql, form.category),
        "client_id": lambda: _checked_id(form.client_id),
    }
    return {field: code for field, check in checks.items() if (code := _refusal(check))}


def _checked_id(client_id: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,64}", client_id):
        raise BadRequest("16 to 64 of A-Za-z0-9_-", field="client_id")


def _refusal(check: Callable[[], object]) -> str | None:
    try:
        check()
    except Refused as refused:
        return refused.code
    return None


# -- a chat ----------------------------------------------------------------------------------------------------


def start_chat(work: Work, who: Newcomer, chat: NewChat, situation: Situation) -> Started:
    """The first words of a chat, or one more line of the live one: two tabs make one ticket. FormInstead."""
    text, name = clean(chat.text), clean_name(chat.name)
    email = clean_email(chat.email) if chat.email and chat.email.strip() else None
    category = known_category(work.sql, chat.category)
    visitor = known_or_new(work, who, situation.now)
    if repeated := _said_on_any(work.sql, visitor.id, chat.client_id):
        return Started(*same_started(repeated, text))
    if live := _live_ticket(work.sql, visitor.id):
        post = Post(live.public_id, chat.client_id, text, situation, visitor_id=visitor.id)
        message = post_one(work, post)
        return Started(ticket_by_key(work.sql, live.id), message)
    department = service.department_of(work.sql, category)
    if service.mode_for(work.sql, situation, department) != "chat":
        raise FormInstead
    remember(work, visitor, name, email)
    columns = reopening.queued(work.sql, department, situation.now) | {
        "status": "live",
        "channel": "chat",
        "category": category,
        "department_id": department,
        "visitor_state": "here",
    }
    return _begin(work, visitor, situation.now, chat.client_id, text, name=name, email=email, **columns)


def same_started(repeated: Started, text: str) -> Started:
    """The first answer again; Conflict when the same id now says something else."""
    same_words(repeated.message, text)
    return repeated


def _said_on_any(sql: Connection, visitor_id: int, client_id: str) -> Started | None:
    own = tickets.c.visitor_id == visitor_id
    found = messages_where(sql, own, messages.c.author == "visitor", messages.c.client_id == client_id)
    if not found:
        return None
    return Started(ticket_where(sql, tickets.c.public_id == found[0].ticket), found[0])


def _live_ticket(sql: Connection, visitor_id: int) -> TicketRow | None:
    live = select(tickets.c.id).where(tickets.c.visitor_id == visitor_id, tickets.c.status == "live")
    # Held: an agent may be ending it at this moment, and then it is live no longer.
    key = sql.execute(live.with_for_update(key_share=True)).scalar()
    return None if key is None else ticket_by_key(sql, key)


def _begin(work: Work, visitor: VisitorRow, now: datetime, client_id: str, text: str, **columns: object) -> Started:
    values = {
        "public_id": new_id("t"),
        "site_id": visitor.site_id,
        "visitor_id": visitor.id,
        "kind": "question",
        "locale": visitor.locale,
        "last_seq": 1,
        "read_visitor": 1,
        "unread": 1,
        "preview": preview(text),
        "visitor_since": now,
        "waiting_since": now,
        **dict.fromkeys(("last_at", "created_at", "updated_at"), now),
        **columns,
    }
    key = work.sql.execute(insert(tickets).values(**values).returning(tickets.c.id)).scalar_one()
    first = {"ticket_id": key, "seq": 1, "public_id": new_id("m"), "client_id": client_id, "at": now}
    first |= {"author": "visitor", "author_name": columns.get("name") or visitor.name, "text": text}
    work.sql.execute(insert(messages).values(**first))
    message = posted(work, key, 1).message
    return Started(changed(work, key), message)


def remember(work: Work, visitor: VisitorRow, name: str | None, email: str | None) -> None:
    """What the visitor told of themselves last; silence takes nothing back."""
    told = {key: value for key, value in (("name", name), ("email", email)) if value}
    if told and not visitor.verified:
        work.sql.execute(update(visitors).where(visitors.c.id == visitor.id).values(**told))


# -- the form --------------------------------------------------------------------------------------------------


def submit_form(work: Work, who: Newcomer, form: NewForm, now: datetime) -> Submitted:
    """One transaction: ticket, first message, promise. The same client_id, address and words again: the same
    ticket; with others, or from somebody else: Conflict. Fields were checked by `form_errors`."""
    text, name, email = clean(form.text), clean_name(form.name), clean_email(form.email)
    category = known_category(work.sql, form.category)
    visitor = known_or_new(work, who, now)
    if repeated := _sent_before(work.sql, who.site_id, form.client_id):
        return Submitted(_same_form(work.sql, repeated, visitor, (email, text)), True)
    remember(work, visitor, name, email)
    columns = reopening.new_promise(work.sql, now) | {
        "status": "open",
        "channel": "form",
        "form_id": form.client_id,
        "category": category,
        "department_id": service.department_of(work.sql, category),
        "visitor_state": "gone",
    }
    begun = _begin(work, visitor, now, form.client_id, text, name=name, email=email, **columns)
    return Submitted(begun.ticket, False)


def _sent_before(sql: Connection, site_id: int, form_id: str) -> TicketRow | None:
    same = select(tickets.c.id).where(tickets.c.site_id == site_id, tickets.c.form_id == form_id)
    key = sql.execute(same).scalar()
    return None if key is None else ticket_by_key(sql, key)


def _same_form(sql: Connection, ticket: TicketRow, visitor: VisitorRow, said: tuple[str, str]) -> TicketRow:
    first = messages_where(sql, messages.c.ticket_id == ticket.id, messages.c.seq == 1)[0]
    if ticket.visitor_id != visitor.id or (ticket.email, first.text) != said:
        raise Conflict("this client_id has sent something else")
    return ticket


# -- an address ------------------------------------------------------------------------------------------------


def give_contact(work: Work, visitor_id: int, ticket: str, contact: Contact, now: datetime) -> TicketRow:
    """Where to answer; without `wait` a waiting chat becomes an open ticket with its promise. Again: corrects it."""
    row = hold_ticket_of(work.sql, visitor_id, ticket)
    if row.status == "closed":
        raise TicketEnded
    email, name = clean_email(contact.email), clean_name(contact.name)
    remember(work, known(work.sql, visitor_id), name, email)
    told = {"email": email, "name": name or row.name}
    if row.waiting and not contact.wait:
        return become_open(work, row, now, **told)
    waits = {"keep_waiting_at": now} if row.waiting else {}
    return change(work, row.id, now, **told, **waits)


def become_open(work: Work, ticket: TicketRow, now: datetime, **columns: object) -> TicketRow:
    """A live chat that nobody answers in time leaves the queue as an open ticket with its promise."""
    end_offers(work, ticket.id, now, "withdrawn")
    tell(work, ticket.id, now, "became_ticket", {})
    promise = reopening.new_promise(work.sql, now)
    freed = {"form_offered_at": None, "lost_agent_id": None, "freed_at": None}
    return change(work, ticket.id, now, status="open", **promise, **freed, **columns)
