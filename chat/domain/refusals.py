"""Why a command was not done: named refusals, raised by the domain and put on the wire by the doors."""

from dataclasses import dataclass

from chat.store.rows import AgentRow
from chat.vocabulary import ErrorCode


@dataclass(frozen=True, slots=True)
class AgentRef:
    """The agent who has what was asked for."""

    id: str
    name: str
    photo: str | None

    @classmethod
    def of(cls, agent: AgentRow) -> "AgentRef":
        return cls(agent.public_id, agent.name, agent.photo)


class Refused(Exception):
    """Nothing was done. The message is for developers; people read words made from the code."""

    code: ErrorCode = "bad_request"

    def __init__(self, message: str, *, field: str | None = None, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.reason = reason


class BadRequest(Refused):
    """The command makes no sense as it stands."""


class Empty(Refused):
    """Nothing is left of the text after trimming."""

    code: ErrorCode = "empty"


class TooLong(Refused):
    """More than 4,000 code points."""

    code: ErrorCode = "too_long"


class NotFound(Refused):
    """There is no such thing, or it is somebody else's: the two must look the same."""

    code: ErrorCode = "not_found"

    def __init__(self, what: str = "ticket") -> None:
        super().__init__(f"no such {what}")


class NotAllowed(Refused):
    """The asker may not do this."""

    code: ErrorCode = "not_allowed"


class ChatUnavailable(Refused):
    """No chat is to be had now; the door adds the service that is."""

    code: ErrorCode = "form_instead"

    def __init__(self) -> None:
        super().__init__("no chat is to be had now, the form is")


class TicketEnded(Refused):
    """Closed, or solved too long ago: a new ticket is the way on."""

    code: ErrorCode = "ticket_ended"

    def __init__(self) -> None:
        super().__init__("this ticket has ended")


class Conflict(Refused):
    """Somebody else was first, or the same id came with other words; `by` names who has it."""

    code: ErrorCode = "conflict"

    def __init__(self, message: str, *, by: AgentRef | None = None, reason: str | None = None) -> None:
        super().__init__(message, reason=reason)
        self.by = by


class TooMany(Refused):
    """A limit is reached; `retry_after` in whole seconds."""

    code: ErrorCode = "too_many"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many, try again in {retry_after} s")
        self.retry_after = retry_after
