"""Every table, as SQLAlchemy Core: integer keys inside, opaque public ids outside, times as UTC milliseconds."""

from chat.discovery import modules_of
from chat.store.tables.base import UtcDateTime, from_millis, metadata, new_id, new_ids, to_millis
from chat.store.tables.messages import messages, notes
from chat.store.tables.organisation import categories, departments, settings, sites
from chat.store.tables.people import agent_departments, agents, password_links, sessions, visitors
from chat.store.tables.routing import decisions, offers, ringing
from chat.store.tables.tickets import FINISHED, GONE, LIVE, NO_PROMISE, OPEN, UNFINISHED, tickets

__all__ = [
    "FINISHED",
    "GONE",
    "LIVE",
    "NO_PROMISE",
    "OPEN",
    "UNFINISHED",
    "UtcDateTime",
    "agent_departments",
    "agents",
    "categories",
    "decisions",
    "departments",
    "from_millis",
    "messages",
    "metadata",
    "new_id",
    "new_ids",
    "notes",
    "offers",
    "password_links",
    "ringing",
    "sessions",
    "settings",
    "sites",
    "tickets",
    "to_millis",
    "visitors",
]

# A new module of this folder adds its tables to `metadata` without a line here.
modules_of(__name__)
