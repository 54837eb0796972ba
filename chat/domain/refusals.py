"""Refusals: the domain raises them, and the transports send their error code."""

from dataclasses import dataclass

from chat.store.rows import AgentRow
from chat.vocabulary import ErrorCode


@dataclass(frozen=True, slots=True)
class AgentRef:
    """An agent as other agents see them in a refusal or an offer."""

    id: str
    name: str
    photo: str | None

    @classmethod
    def of(cls, agent: AgentRow) -> "AgentRef":
        return cls(agent.public_id, agent.name, agent.photo)


class Refused(Exception):
    """The command was refused and changed nothing. `message` is for developers; the front ends translate `code`."""

    code: ErrorCode = "bad_request"

    def __init__(self, message: str, *, field: str | None = None, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.reason = reason


class BadRequest(Refused):
    """The command is malformed or makes no sense here."""


class Empty(Refused):
    """The text is empty after trimming."""

    code: ErrorCode = "empty"


class TooLong(Refused):
    """The text has too many code points."""

    code: ErrorCode = "too_long"


class NotFound(Refused):
    """The thing does not exist or belongs to somebody else: the caller must not be able to tell which."""

    code: ErrorCode = "not_found"

    def __init__(self, what: str = "ticket") -> None:
        super().__init__(f"no such {what}")


class NotAllowed(Refused):
    """The caller may not do this."""

    code: ErrorCode = "not_allowed"


class ChatUnavailable(Refused):
    """New chats are unavailable now. The transport adds the current service to the reply."""

    code: ErrorCode = "form_instead"

    def __init__(self) -> None:
        super().__init__("no chat is to be had now, the form is")


class TicketEnded(Refused):
    """The ticket is closed, or was solved too long ago: the visitor needs a new one."""

    code: ErrorCode = "ticket_ended"

    def __init__(self) -> None:
        super().__init__("this ticket has ended")


class Conflict(Refused):
    """Somebody else was first (`by`), or a repeated id came with other content."""

    code: ErrorCode = "conflict"

    def __init__(self, message: str, *, by: AgentRef | None = None, reason: str | None = None) -> None:
        super().__init__(message, reason=reason)
        self.by = by


class TooMany(Refused):
    """A rate limit is reached; `retry_after` is in whole seconds."""

    code: ErrorCode = "too_many"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many, try again in {retry_after} s")
        self.retry_after = retry_after
