"""The namespace /agent: the handlers of all agent commands, one file a concept."""

from chat.realtime.agent.assignment import AssignmentCommands
from chat.realtime.agent.conversation import ConversationCommands
from chat.realtime.agent.inbox import InboxCommands
from chat.realtime.agent.presence import PresenceCommands
from chat.realtime.agent.status import StatusCommands


class AgentNamespace(PresenceCommands, InboxCommands, AssignmentCommands, ConversationCommands, StatusCommands):
    """A new command is a line of protocol.AGENT_COMMANDS and a handler in one of these classes."""
