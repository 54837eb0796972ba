"""The rules of mail: whose ticket it is, who wrote it, what it may change, and how often we answer by ourselves."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from chat.domain.rules.status import accepts_messages
from chat.vocabulary import MailKind, SenderTrust, Status

# After such a silence another subject begins another request.
SILENT_FOR = timedelta(days=14)
# How long a mail may bounce after it was sent, when only the recipient tells which one it was.
BOUNCES_FOR = timedelta(days=5)
# A second mail with the same subject within this time belongs to the first one's ticket.
SAME_REQUEST_FOR = timedelta(minutes=10)

MAX_AUTOMATIC_PER_TICKET = 3
MAX_AUTOMATIC_PER_ADDRESS = 3
MAX_AUTOMATIC_PER_MAILBOX = 200
MAX_NEW_TICKETS_PER_ADDRESS = 20

MatchedBy = Literal["report", "reply_address", "recipient", "message_id", "reference", "subject", "recent"]
MailOutcome = Literal["message", "note", "ignored"]

_PREFIX = re.compile(
    r"\s*(?:(?:re|ré|réf|tr|fw|fwd|aw|antw|antwort|wg|rv|enc|rif|sv|vs|r|i)(?:\s*\[\d+\])?\s*:|\[[^\]]{1,60}\])\s*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\[#([1-9][0-9]{0,11})\]")
# Nobody reads what is sent to these.
_ROLE = re.compile(
    r"(?:no-?_?reply|do-?_?not-?_?reply|ne-?_?pas-?_?repondre|noreponse|nicht-?antworten|mailer-daemon|mail-daemon"
    r"|postmaster|hostmaster|abuse|bounces?|daemon|listserv|majordomo|nobody|root)(?:[+=._-].*)?@",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class MailFacts:
    """What the rules ask of a mail. `authentic`: what our mail server says about its sender, None if nothing."""

    kind: MailKind
    sender: str
    subject: str
    authentic: bool | None


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """What the rules ask of a ticket. `customer` is the address to which its answers go."""

    number: int
    status: Status
    customer: str | None
    subject: str
    solved_at: datetime | None
    last_message_at: datetime


@dataclass(frozen=True, slots=True)
class FoundTickets:
    """The tickets to which a mail may belong, each by another look-up.

    `report`: of the mail whose Message-ID a bounce returns. `reply_address`, `message_id`: signed by us.
    `recipient`: of our newest mail to the bounce's recipient, not older than `BOUNCES_FOR`. `reference`: of any mail
    that this one answers. `subject`: the number in it. `recent`: the sender's newest unfinished one that began within
    `SAME_REQUEST_FOR`.
    """

    report: TicketFacts | None = None
    reply_address: TicketFacts | None = None
    recipient: TicketFacts | None = None
    message_id: TicketFacts | None = None
    reference: TicketFacts | None = None
    subject: TicketFacts | None = None
    recent: TicketFacts | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Without `ticket`, a person's mail begins one, which `follows` an ended ticket or may belong to `suggested`.

    `may_split`: the mail is about something else; the agent decides.
    """

    ticket: int | None = None
    by: MatchedBy | None = None
    follows: int | None = None
    suggested: int | None = None
    may_split: bool = False


# -- which ticket ------------------------------------------------------------------------------------------------


def match_ticket(mail: MailFacts, found: FoundTickets, now: datetime) -> Match:
    by, ticket = next(_matches(mail, found), (None, None))
    if ticket is None:
        return Match(suggested=found.subject.number if found.subject else None)
    if mail.kind == "person" and not accepts_messages(ticket.status, ticket.solved_at, now):
        return Match(by=by, follows=ticket.number)
    is_over = ticket.status == "solved" or now - ticket.last_message_at >= SILENT_FOR
    is_other = not is_same_subject(mail.subject, ticket.subject)
    return Match(ticket.number, by, may_split=by in ("message_id", "reference") and is_over and is_other)


def _matches(mail: MailFacts, found: FoundTickets) -> Iterator[tuple[MatchedBy, TicketFacts]]:
    order: tuple[MatchedBy, ...] = ("reply_address", "message_id", "reference", "subject", "recent")
    if mail.kind == "bounce":
        order = ("report", "reply_address", "recipient")
    for by in order:
        ticket: TicketFacts | None = getattr(found, by)
        if ticket and _counts(by, mail, ticket):
            yield by, ticket


def _counts(by: MatchedBy, mail: MailFacts, ticket: TicketFacts) -> bool:
    """Anybody can write a number into a subject, and any sender into a mail."""
    if by == "subject":
        return mail.authentic is True and mail.sender == ticket.customer
    if by == "recent":
        is_same = mail.sender == ticket.customer and is_same_subject(mail.subject, ticket.subject)
        return mail.kind == "person" and mail.authentic is not False and is_same
    return True


def is_same_subject(one: str, other: str) -> bool:
    return plain_subject(one) == plain_subject(other)


def plain_subject(subject: str) -> str:
    """The subject without Re:, TR :, [list] and [#1051], however many, on one line in lower case."""
    text = _NUMBER.sub(" ", subject)
    while prefix := _PREFIX.match(text):
        text = text[prefix.end() :]
    return " ".join(text.split()).casefold()


def numbers_in_subject(subject: str) -> list[int]:
    return [int(number) for number in _NUMBER.findall(subject)]


# -- who says so, and what follows -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """Ours, in lower case. `domains` has no domain of which anybody may have an address."""

    agents: Container[str]
    mailboxes: Container[str]
    domains: Container[str]


def is_own_echo(sender: str, has_own_message_id: bool, own: OwnAddresses) -> bool:
    """Whether a mail of ours came back to us, such as by a Bcc to the mailbox. `has_own_message_id`: signed by us."""
    return has_own_message_id and sender in own.mailboxes


def trust_of(mail: MailFacts, customer: str | None, accepted: Container[str], own: OwnAddresses) -> SenderTrust:
    """Who the sender is to a ticket: `customer` is its address, of a new ticket the sender's own.

    `accepted`: whom an agent has accepted there, or put into the Cc of an answer.
    """
    is_ours = mail.sender in own.agents or mail.sender in own.mailboxes
    if is_ours and mail.authentic is not True:
        return "claims_agent"
    if mail.authentic is not False:
        if mail.sender == customer:
            return "customer"
        if mail.sender in accepted:
            return "known"
    is_of_our_domain = mail.sender.rpartition("@")[2] in own.domains
    return "claims_agent" if is_of_our_domain and mail.authentic is not True else "stranger"


def outcome(kind: MailKind, trust: SenderTrust, has_ticket: bool, takes_lists: bool = False) -> MailOutcome:
    """What becomes of a mail. Only a message reopens, renews the promise and counts as unread; a note moves nothing.

    `takes_lists`: the mailbox makes tickets of what comes through mailing lists.
    """
    if kind == "person" or (kind == "list" and takes_lists):
        return "message" if trust in ("customer", "known") else "note"
    return "note" if has_ticket else "ignored"


def may_add_copies(mail: MailFacts, trust: SenderTrust, by: MatchedBy | None) -> bool:
    """Whether the addresses in its Cc get the answers, too."""
    is_answer = by in ("reply_address", "message_id")
    return trust in ("customer", "known") and mail.kind == "person" and mail.authentic is True and is_answer


def is_bounce_proven(by: MatchedBy | None) -> bool:
    """Whether a bounce shows that our mail came back. Found by its recipient only, anybody may have written it."""
    return by in ("report", "reply_address")


# -- automatic mails ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AutomaticCounts:
    """How many automatic mails went out in the last hour, and `received`: acknowledgements in `SAME_REQUEST_FOR`."""

    ticket: int = 0
    address: int = 0
    mailbox: int = 0
    received: int = 0


NOTHING_SENT = AutomaticCounts()


def may_acknowledge(
    mail: MailFacts, trust: SenderTrust, own: OwnAddresses, counts: AutomaticCounts = NOTHING_SENT
) -> bool:
    """Whether the sender may be told that the mail has come, by an automatic mail."""
    is_a_person = mail.kind == "person" and mail.authentic is not False and trust in ("customer", "known")
    is_readable = bool(mail.sender) and mail.sender not in own.mailboxes and not is_role_address(mail.sender)
    return is_a_person and is_readable and not counts.received and may_send_automatic(counts)


def is_role_address(address: str) -> bool:
    return _ROLE.match(address) is not None


def may_send_automatic(counts: AutomaticCounts, max_per_mailbox: int = MAX_AUTOMATIC_PER_MAILBOX) -> bool:
    """Two programs that answer each other stop here at the latest."""
    is_below = counts.ticket < MAX_AUTOMATIC_PER_TICKET and counts.address < MAX_AUTOMATIC_PER_ADDRESS
    return is_below and counts.mailbox < max_per_mailbox


def may_begin_ticket(tickets_of_sender: int) -> bool:
    """`tickets_of_sender`: those that this address began by mail in the last hour. What comes after is ignored."""
    return tickets_of_sender < MAX_NEW_TICKETS_PER_ADDRESS
