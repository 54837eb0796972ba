"""Every field that expected.json names, for every mail of the corpus."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from chat.domain.email.rules import is_same_subject, numbers_in_subject
from chat.mail.addresses import own_message_ids, reply_addresses
from chat.mail.mime import read_mail
from chat.mail.parsed import Attachment, ParsedMail
from chat.mail.quoting import Folded, fold
from tests.mail.rebuild_corpus import CORPUS, EXPECTED, SIGNER, public_id, rebuilt, rebuilt_expectations

Expected = dict[str, Any]  # A mail's part of expected.json.
ALL: Expected = json.loads(EXPECTED.read_text())
PUBLIC_IDS = {number: public_id(number) for number in range(1000, 1100)}


@dataclass(frozen=True, slots=True)
class Read:
    mail: ParsedMail
    folded: Folded


@cache
def read(name: str) -> Read:
    mail = read_mail((CORPUS / name).read_bytes(), ALL["authserv_id"])
    return Read(mail, fold(mail.lines))


def thread(mail: ParsedMail) -> Expected | None:
    """How the ticket is found, before anybody looks at the sender."""
    headers = mail.headers
    recipients = [one.address for one in headers.to + headers.cc] + headers.delivered_to
    ids = own_message_ids([*headers.in_reply_to, *reversed(headers.references)])
    found = {
        "reply_address": SIGNER.first_valid(reply_addresses(recipients), PUBLIC_IDS),
        "message_id": SIGNER.first_valid(ids, PUBLIC_IDS),
        "subject": next(iter(numbers_in_subject(headers.subject)), None),
    }
    return next(({"by": by, "ticket": number} for by, number in found.items() if number), None)


def bounce(mail: ParsedMail) -> Expected | None:
    if mail.bounce is None:
        return None
    (recipient,) = mail.bounce.recipients
    return {
        "message_id": mail.bounce.message_ids[0],
        "recipient": recipient.address,
        "status": recipient.status,
        "action": recipient.action,
        "permanent": recipient.is_permanent,
    }


def is_as_expected(found: Attachment, expected: Expected) -> bool:
    """Sizes may be unknown; what is not said to be inline is not."""
    named = (expected["name"], expected["type"], expected.get("inline", False), expected.get("cid", found.cid))
    size = len(found.data)
    is_of_size = expected["size"] in (None, size) and size >= expected.get("min_size", 0)
    return is_of_size and (found.name, found.type, found.is_inline, found.cid) == named


FIELDS: dict[str, Callable[[Read], object]] = {
    "kind": lambda read: read.mail.kind,
    "auto": lambda read: read.mail.kind in ("auto", "bounce"),
    "thread": lambda read: thread(read.mail),
    "bounce": lambda read: bounce(read.mail),
    "authentic": lambda read: read.mail.headers.authentic,
    "signature": lambda read: read.folded.signature,
    "interleaved": lambda read: read.folded.is_interleaved,
    "reply_to": lambda read: [one.address for one in read.mail.headers.reply_to],
    "from": lambda read: (one := read.mail.headers.sender) and {"name": one.name, "address": one.address},
    "subject": lambda read: read.mail.headers.subject,
    "message_id": lambda read: read.mail.headers.message_id,
    "remote_pictures": lambda read: read.mail.remote_pictures,
    "date": lambda read: read.mail.headers.sent_at,
}


def having(field: str) -> list[str]:
    """The mails that have an expectation for this field."""
    return [name for name, fields in ALL["mails"].items() if field in fields]


@pytest.mark.parametrize(("field", "name"), [(field, name) for field in FIELDS for name in having(field)])
def test_field(field: str, name: str) -> None:
    assert FIELDS[field](read(name)) == ALL["mails"][name][field]


@pytest.mark.parametrize("name", having("visible"))
def test_visible_text(name: str) -> None:
    expected = ALL["mails"][name]
    compared = str.split if expected.get("whitespace") == "loose" else str.splitlines
    if expected["visible"] is not None:
        assert compared(read(name).folded.visible) == compared(expected["visible"])


@pytest.mark.parametrize("name", having("quote_starts"))
def test_beginning_of_the_quote(name: str) -> None:
    quote, expected = read(name).folded.quote, ALL["mails"][name]["quote_starts"]
    assert quote and quote.startswith(expected) if expected else quote is None


@pytest.mark.parametrize("name", having("attachments"))
def test_attachments(name: str) -> None:
    found, expected = read(name).mail.attachments, ALL["mails"][name]["attachments"]
    if expected is not None:
        assert len(found) == len(expected)
        assert [one for one, given in zip(found, expected, strict=True) if not is_as_expected(one, given)] == []


@pytest.mark.parametrize("name", having("html_must_not_contain"))
def test_html_without_dangers(name: str) -> None:
    html = read(name).mail.html
    assert html
    assert "votre colis" in html
    assert [text for text in ALL["mails"][name]["html_must_not_contain"] if text in html] == []


def test_every_expected_field_is_compared() -> None:
    compared = {*FIELDS, "visible", "quote_starts", "attachments", "html_must_not_contain"}
    described = {"whitespace", "subject_changed"}
    assert {field for fields in ALL["mails"].values() for field in fields} == compared | described


def test_a_new_subject_on_an_old_thread_is_seen() -> None:
    changed = having("subject_changed")
    assert changed == ["19-two-references-new-subject.eml"]
    assert not is_same_subject(read(*changed).mail.headers.subject, "Votre demande [#1053]")
    assert is_same_subject(read("07-zimbra-fr-broken-qp.eml").mail.headers.subject, "Votre demande [#1056]")


def test_the_corpus_is_signed_by_the_present_scheme() -> None:
    files = sorted(CORPUS.glob("*.eml"))
    assert [path.name for path in files] == sorted(ALL["mails"])
    assert [path.name for path in files if rebuilt(path.read_bytes()) != path.read_bytes()] == []
    assert rebuilt_expectations(EXPECTED.read_text()) == EXPECTED.read_text()
