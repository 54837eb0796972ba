"""Every command with its ack, every event, every body, and the limits that a client should know.

Each module of this folder adds its own; a new module needs no line here.
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import TypeVar

from chat.discovery import modules_of
from chat.protocol import agent, base, http, inbox, shared, visitor
from chat.protocol.base import Commands, Events, RegistryEntries

T = TypeVar("T")

# The modules that come first in every list; those of features follow by name.
CORE = (base, shared, visitor, agent, inbox, http)
MODULES = (*CORE, *(module for module in modules_of("chat.protocol") if module not in CORE))
entries: list[RegistryEntries] = [module.REGISTERED for module in MODULES if hasattr(module, "REGISTERED")]


def merged(parts: Iterable[Mapping[str, T]]) -> dict[str, T]:
    """One dictionary of all. Raises ValueError for a name that occurs twice."""
    pairs = list(chain.from_iterable(part.items() for part in parts))
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError(f"a name is registered twice: {sorted(name for name, _ in pairs)}")
    return found


VISITOR_COMMANDS: Commands = merged(one.visitor_commands for one in entries)
AGENT_COMMANDS: Commands = merged(one.agent_commands for one in entries)
VISITOR_EVENTS: Events = merged(chain.from_iterable((one.events, one.visitor_events) for one in entries))
AGENT_EVENTS: Events = merged(chain.from_iterable((one.events, one.agent_events) for one in entries))
VISITOR_BODIES = tuple(chain.from_iterable(one.visitor_bodies for one in entries))
AGENT_BODIES = tuple(chain.from_iterable(one.agent_bodies for one in entries))


# Limits that a client needs to know. Domain and queries have the same numbers (tests/test_protocol.py compares them).
CORE_LIMITS: dict[str, int] = {
    "text_max": 4000,
    "messages_at_once": 200,
    "cards_a_page": 50,
    "name_max": 100,
    "email_max": 254,
    "typing_forgotten_ms": 3000,
    "typing_pause_ms": 1500,
    "ack_timeout_ms": 15000,
}
LIMITS = CORE_LIMITS | merged(one.limits for one in entries)
