"""Every table, as SQLAlchemy Core: integer keys inside, opaque public ids outside, times as UTC milliseconds."""

from chat.store.tables.base import *
from chat.store.tables.messages import *
from chat.store.tables.organisation import *
from chat.store.tables.people import *
from chat.store.tables.routing import *
from chat.store.tables.tickets import *
