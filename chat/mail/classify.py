"""What sent a mail: a person, a program, a server that returns ours, or a mailing list."""

import re
from typing import NamedTuple

from chat.mail.headers import Part, addresses, content_type, header_value, header_values, message_ids
from chat.mail.parsed import Bounce, BouncedRecipient, Headers
from chat.vocabulary import MailKind

_AUTO_SUBJECT = re.compile(
    r"(réponse automatique|reponse automatique|absence du bureau|absent du bureau|message d['’]absence"
    r"|notification d['’]absence|automatic reply|auto(matic)?[- ]?(reply|response)|out of (the )?office|autoreply"
    r"|abwesenheit(snotiz)?|automatische antwort|respuesta automática|risposta automatica|automatisch antwoord)\b",
    re.IGNORECASE,
)
_DAEMON = re.compile(r"(mailer-daemon|mail-daemon|mailerdaemon)@")
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|returned mail|delivery (status|failure|has failed|problem)|failure (notice|notification)|delayed mail"
    r"|mail delivery (failed|failure|subsystem|error)|mail (system )?error|returned to sender|not (be )?delivered"
    r"|non remis|échec de (la )?(remise|distribution)|(non|pas) (délivré|distribué)|unzustellbar|nicht zugestellt",
    re.IGNORECASE,
)
_DELAYED = re.compile(r"delay|warning|retard|not yet|verzögert", re.IGNORECASE)
# The reports of RFC 3464: blocks of fields, each for one recipient.
_FIELD = re.compile(r"^([A-Za-z-]{1,40}):[ \t]*(.*)$", re.MULTILINE)
_RETURNED_ID = re.compile(r"^>?[ \t]*message-id:[ \t]*(?:\n[ \t]+)?(<[^<>\s]{1,800}>)", re.IGNORECASE | re.MULTILINE)
_NAMED_IN_PROSE = re.compile(r"^[ \t]*<([^<>\s@:]{1,128}@[^<>\s@]{1,255})>:?[ \t]*(?:$|[^\s<])", re.MULTILINE)
# An enhanced status (RFC 3463), which is no part of an IP address.
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")


class Evidence(NamedTuple):
    """What tells the kind of a mail: its headers, the texts of its parts, and their types."""

    message: Part
    headers: Headers
    reports: list[str]
    types: set[str]

    def header(self, name: str) -> str:
        return header_value(self.message, name).strip().lower()


def classify(mail: Evidence) -> tuple[MailKind, str | None]:
    """The kind, and the header or words that show it; None for a person's mail."""
    sender = mail.headers.sender.address if mail.headers.sender else ""
    is_report = content_type(mail.message) == "multipart/report"
    has_no_sender = mail.header("return-path") == "<>"
    if is_report and "message/delivery-status" in mail.types:
        return "bounce", "report"
    if _DAEMON.match(sender) or mail.header("x-failed-recipients"):
        return "bounce", "sender"
    if (has_no_sender or sender.startswith("postmaster@")) and _BOUNCE_SUBJECT.search(mail.headers.subject):
        return "bounce", "subject"
    signs = {
        "auto-submitted": mail.header("auto-submitted").partition(";")[0].strip() not in ("", "no"),
        "x-autoreply": any(header_values(mail.message, name) for name in ("x-autoreply", "x-autorespond")),
        "precedence": mail.header("precedence") == "auto_reply",
        "report": is_report,
        "return-path": has_no_sender,
        "subject": bool(_AUTO_SUBJECT.match(mail.headers.subject)),
    }
    if reason := next((name for name, is_there in signs.items() if is_there), None):
        return "auto", reason
    for name in ("list-id", "list-unsubscribe", "list-post"):
        if mail.header(name):
            return "list", name
    return ("list", "precedence") if mail.header("precedence") in ("bulk", "junk", "list") else ("person", None)


def read_bounce(mail: Evidence) -> Bounce:
    returned = [found for report in mail.reports for found in message_ids(_RETURNED_ID.findall(report))]
    ids = dict.fromkeys([*returned, *mail.headers.in_reply_to, *reversed(mail.headers.references)])
    recipients = [one for report in mail.reports for one in _reported(report)] or _named_in_prose(mail)
    # Those that got the mail stand in the report, too.
    failed = [one for one in recipients if one.action in ("failed", "delayed")]
    return Bounce(list(ids), failed)


def _reported(report: str) -> list[BouncedRecipient]:
    found = []
    for block in re.split(r"\n[ \t]*\n", report):
        fields = {name.lower(): value.strip() for name, value in _FIELD.findall(re.sub(r"\n[ \t]+", " ", block))}
        given = fields.get("original-recipient") or fields.get("final-recipient", "")
        for recipient in addresses([given.rpartition(";")[2]])[:1]:
            status = _STATUS.search(fields.get("status", ""))
            action = fields.get("action", "failed").lower().partition(" ")[0]
            found.append(_recipient(recipient.address, action, status[1] if status else None))
    return found


def _named_in_prose(mail: Evidence) -> list[BouncedRecipient]:
    """Reports without a form: the address stands in a header, or at the beginning of a line."""
    text = "\n".join(mail.reports)
    given = [one.address for one in addresses(header_values(mail.message, "x-failed-recipients"))]
    given += [found.lower() for found in _NAMED_IN_PROSE.findall(text)]
    status = _STATUS.search(text)
    action = "delayed" if _DELAYED.search(mail.headers.subject) else "failed"
    return [_recipient(one, action, status[1] if status else None) for one in dict.fromkeys(given)]


def _recipient(address: str, action: str, status: str | None) -> BouncedRecipient:
    return BouncedRecipient(address, action, status, action == "failed" and not (status or "5").startswith("4"))
