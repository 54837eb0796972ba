"""Kinds of mail: a person's, a program's, a list's, and bounces with what they say."""

import pytest

from chat.mail.mime import read_mail
from chat.mail.parsed import BouncedRecipient, ParsedMail
from chat.vocabulary import MailKind


def read(*headers: str, body: str = "") -> ParsedMail:
    return read_mail("\r\n".join([*headers, "", body.replace("\n", "\r\n")]).encode())


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("person", ("From: vic@example.com", "Subject: Absence de facture")),
        ("person", ("Return-Path: <vic@example.com>", "Auto-Submitted: no")),
        ("person", ("From: postmaster@example.com", "Subject: Question")),
        ("person", ("From: vic@example.com", "Subject: Undelivered parcel")),
        ("person", ("X-Auto-Response-Suppress: All",)),
        ("person", ("Subject: Re: Automatic reply to our question",)),
        ("auto", ("Auto-Submitted: auto-replied",)),
        ("auto", ("Auto-Submitted: auto-generated; owner=x",)),
        ("auto", ("X-Autoreply: yes",)),
        ("auto", ("X-Autorespond: vacation",)),
        ("auto", ("Precedence: auto_reply",)),
        ("auto", ("Return-Path: <>",)),
        ("auto", ("Return-Path: <>", "List-Id: <x.example.com>")),
        ("auto", ("Content-Type: multipart/report; report-type=disposition-notification; boundary=a",)),
        *(
            ("auto", (f"Subject: {subject}",))
            for subject in (
                *("Réponse automatique : Votre demande", "Absence du bureau Re : Votre demande", "Out of Office: x"),
                *(
                    "Automatic reply: Your request",
                    "Auto: reply",
                    "AutoReply",
                    "Abwesenheitsnotiz",
                    "Message d’absence",
                ),
            )
            if subject not in ("Auto: reply", "Abwesenheitsnotiz")
        ),
        ("list", ("List-Id: <members.example.org>",)),
        ("list", ("List-Unsubscribe: <mailto:x@example.org>",)),
        ("list", ("Precedence: Bulk",)),
        ("bounce", ("From: MAILER-DAEMON@example.com",)),
        ("bounce", ("X-Failed-Recipients: vic@example.com",)),
        ("bounce", ("From: postmaster@example.com", "Subject: Undeliverable: x")),
        ("bounce", ("Return-Path: <>", "Subject: Échec de la remise : x")),
        ("bounce", ("Return-Path: <>", "Subject: Unzustellbar: x")),
    ],
)
def test_kinds(kind: MailKind, headers: tuple[str, ...]) -> None:
    mail = read(*headers)
    assert mail.kind == kind
    assert (mail.reason is None) == (kind == "person")
    assert (mail.bounce is None) == (kind != "bounce")


REPORT = """--a
Content-Type: text/plain

Sorry.
--a
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

{recipients}
--a
Content-Type: message/rfc822

From: support@example.fr
To: vic@example.com
Message-ID:
 <1051.a.aaaaaaaaaaaa@example.fr>
In-Reply-To: <other@example.com>

Hello
--a--
"""


def bounce_of(*recipients: str) -> ParsedMail:
    headers = ("From: MAILER-DAEMON@x", 'Content-Type: multipart/report; boundary="a"')
    return read(*headers, body=REPORT.format(recipients="\n\n".join(recipients)))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            "Final-Recipient: rfc822; Vic@Example.com\nAction: failed\nStatus: 5.1.1",
            BouncedRecipient("vic@example.com", "failed", "5.1.1", True),
        ),
        (
            "Original-Recipient: x;vic@example.com\nFinal-Recipient: rfc822;x@y\nAction: Failed\nStatus: 4.4.7 x",
            BouncedRecipient("vic@example.com", "failed", "4.4.7", False),
        ),
        (
            "Final-Recipient: rfc822;vic@example.com\nAction: delayed\nStatus: 4.4.1",
            BouncedRecipient("vic@example.com", "delayed", "4.4.1", False),
        ),
        (
            "Final-Recipient:\n  rfc822; <vic@example.com>",
            BouncedRecipient("vic@example.com", "failed", None, True),
        ),
    ],
)
def test_a_report_names_the_recipient(fields: str, expected: BouncedRecipient) -> None:
    bounce = bounce_of(fields).bounce
    assert bounce
    assert bounce.recipients == [expected]
    assert bounce.message_ids == ["1051.a.aaaaaaaaaaaa@example.fr"]


def test_of_several_recipients_only_those_who_got_nothing_are_named() -> None:
    got = "Final-Recipient: rfc822;zoe@example.com\nAction: delivered\nStatus: 2.0.0"
    expanded = "Final-Recipient: rfc822;all@example.com\nAction: expanded"
    failed = "Final-Recipient: rfc822;vic@example.com\nAction: failed\nStatus: 5.2.2"
    bounce = bounce_of(got, failed, expanded).bounce
    assert bounce
    assert [one.address for one in bounce.recipients] == ["vic@example.com"]


PROSE = """Hi. This is the qmail-send program.
<{address}>:
Sorry, no mailbox here by that name. (#5.1.1) [192.0.2.5]

--- Below this line is a copy of the message.

Message-ID: <1051.a.aaaaaaaaaaaa@example.fr>
"""


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("failure notice", BouncedRecipient("vic@example.com", "failed", "5.1.1", True)),
        ("Warning: delayed 24 hours", BouncedRecipient("vic@example.com", "delayed", "5.1.1", False)),
    ],
)
def test_prose_names_the_recipient_at_the_beginning_of_a_line(subject: str, expected: BouncedRecipient) -> None:
    bounce = read("From: MAILER-DAEMON@x", f"Subject: {subject}", body=PROSE.format(address="Vic@example.com")).bounce
    assert bounce
    assert (bounce.recipients, bounce.message_ids) == ([expected], ["1051.a.aaaaaaaaaaaa@example.fr"])


def test_ids_of_the_returned_mail_come_before_what_the_bounce_answers() -> None:
    headers = ("From: MAILER-DAEMON@x", "In-Reply-To: <b@x>", "References: <c@x> <d@x>")
    bounce = read(*headers, body=PROSE.format(address="vic@example.com")).bounce
    assert bounce
    assert bounce.message_ids == ["1051.a.aaaaaaaaaaaa@example.fr", "b@x", "d@x", "c@x"]
