"""A mail once it has been read: plain values that the reading process sends back."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from chat.vocabulary import MailKind

# The quote depth of a line of text, and the text without its quote marks.
Line = tuple[int, str]


class Address(Struct, frozen=True):
    """The address in lower case; the name is "" where there is none."""

    name: str
    address: str


class Headers(Struct, frozen=True):
    """Message ids have no angle brackets.

    `authentic` is what our own mail server said about DMARC, None when it said nothing. `delivered_to` has the
    addresses for which a server took the mail; they need not be in To or Cc.
    """

    subject: str
    sender: Address | None
    reply_to: list[Address]
    to: list[Address]
    cc: list[Address]
    delivered_to: list[str]
    message_id: str | None
    in_reply_to: list[str]
    references: list[str]
    sent_at: datetime | None
    authentic: bool | None


class Attachment(Struct, frozen=True):
    """`type` is what the mail declares. An attachment is inline only if the HTML shows it."""

    name: str
    type: str
    data: bytes
    cid: str | None = None
    is_inline: bool = False


class BouncedRecipient(Struct, frozen=True):
    """Whom a bounce names, with the report's words for what happened (RFC 3464)."""

    address: str
    action: str
    status: str | None
    is_permanent: bool


class Bounce(Struct, frozen=True):
    """`message_ids`: of the returned mail first, then what the bounce answers. Anybody can write them."""

    message_ids: list[str]
    recipients: list[BouncedRecipient]


class ParsedMail(Struct, frozen=True, tag=True):
    """What a mail contains.

    `reason` is the header or the words by which `kind` was found. `html` is clean; a remote picture in it is
    `remote:N`, the N-th of `remote_pictures`. `is_cut`: only the original has the rest. `content_hash` is equal for the
    same mail in two mailboxes, and differs for another mail under a used Message-ID.
    """

    headers: Headers
    kind: MailKind
    reason: str | None
    bounce: Bounce | None
    lines: list[Line]
    html: str | None
    remote_pictures: list[str]
    attachments: list[Attachment]
    is_cut: bool
    content_hash: str


class Unreadable(Struct, frozen=True, tag=True):
    """A mail that could not be read. Its headers are there if at least these could be."""

    reason: Literal["too_slow", "too_large", "failed"]
    headers: Headers | None
