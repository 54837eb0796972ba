"""The namespace /visitor: the handlers of all visitor commands, one file a concept."""

from chat.realtime.visitor.contact import ContactCommands
from chat.realtime.visitor.conversation import ConversationCommands
from chat.realtime.visitor.presence import PresenceCommands
from chat.realtime.visitor.starting import StartingCommands


class VisitorNamespace(StartingCommands, ConversationCommands, ContactCommands, PresenceCommands):
    """A new command is a line of protocol.VISITOR_COMMANDS and a handler in one of these classes."""
