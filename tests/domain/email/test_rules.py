"""Who says so, what becomes of a mail, and where loops end."""

from dataclasses import replace
from typing import get_args

import pytest

from chat.domain.email.rules import (
    AutomaticCounts,
    MailOutcome,
    MatchedBy,
    is_bounce_proven,
    is_own_echo,
    is_role_address,
    may_acknowledge,
    may_add_copies,
    may_begin_ticket,
    may_send_automatic,
    outcome,
    trust_of,
)
from chat.vocabulary import MailKind, SenderTrust
from tests.domain.email.cast import ADA, MAIL, MAILBOX, OWN, VIC, ZOE


@pytest.mark.parametrize(
    ("sender", "proven", "unsaid", "forged"),
    [
        (VIC, "customer", "customer", "stranger"),
        ("sam@example.net", "known", "known", "stranger"),
        (ZOE, "stranger", "stranger", "stranger"),
        (ADA, "stranger", "claims_agent", "claims_agent"),
        (MAILBOX, "stranger", "claims_agent", "claims_agent"),
        ("new@example.fr", "stranger", "claims_agent", "claims_agent"),
        ("", "stranger", "stranger", "stranger"),
    ],
)
def test_who_says_so(sender: str, proven: SenderTrust, unsaid: SenderTrust, forged: SenderTrust) -> None:
    for authentic, trust in ((True, proven), (None, unsaid), (False, forged)):
        assert trust_of(replace(MAIL, sender=sender, authentic=authentic), VIC, {"sam@example.net"}, OWN) == trust


def test_a_colleague_may_be_a_customer_too() -> None:
    """Of a desk inside a company all customers have our domain."""
    mail = replace(MAIL, sender="new@example.fr", authentic=None)
    assert trust_of(mail, "new@example.fr", (), OWN) == "customer"
    assert trust_of(replace(mail, authentic=False), "new@example.fr", (), OWN) == "claims_agent"
    assert trust_of(replace(mail, sender=ADA), ADA, (), OWN) == "claims_agent"
    assert trust_of(replace(mail, sender=ADA, authentic=True), ADA, (), OWN) == "customer"


def test_our_own_mail_that_comes_back_is_an_echo() -> None:
    assert is_own_echo(MAILBOX, has_own_message_id=True, own=OWN)
    assert not is_own_echo(MAILBOX, has_own_message_id=False, own=OWN)
    assert not is_own_echo(VIC, has_own_message_id=True, own=OWN)


@pytest.mark.parametrize(
    ("kind", "of_each_sender", "without_ticket"),
    [
        # From the customer, known, a stranger, who claims to be an agent.
        ("person", ("message", "message", "note", "note"), "message"),
        ("auto", ("note", "note", "note", "note"), "ignored"),
        ("bounce", ("note", "note", "note", "note"), "ignored"),
        ("list", ("note", "note", "note", "note"), "ignored"),
    ],
)
def test_what_becomes_of_a_mail(kind: MailKind, of_each_sender: tuple[MailOutcome, ...], without_ticket: str) -> None:
    trusts: tuple[SenderTrust, ...] = get_args(SenderTrust)
    assert tuple(outcome(kind, trust, has_ticket=True) for trust in trusts) == of_each_sender
    assert outcome(kind, "customer", has_ticket=False) == without_ticket


def test_a_mailbox_may_take_lists_in() -> None:
    assert outcome("list", "customer", has_ticket=False, takes_lists=True) == "message"
    assert outcome("list", "claims_agent", has_ticket=False, takes_lists=True) == "note"


def test_copies_are_taken_over_from_a_proven_sender_on_a_signed_ticket() -> None:
    assert may_add_copies(MAIL, "customer", "reply_address")
    assert may_add_copies(MAIL, "known", "message_id")
    for by in ("reference", "subject", "recent", None):
        assert not may_add_copies(MAIL, "customer", by)
    for trust in ("stranger", "claims_agent"):
        assert not may_add_copies(MAIL, trust, "reply_address")
    for authentic in (None, False):
        assert not may_add_copies(replace(MAIL, authentic=authentic), "customer", "reply_address")
    assert not may_add_copies(replace(MAIL, kind="auto"), "customer", "reply_address")


def test_a_bounce_found_by_its_recipient_only_proves_nothing() -> None:
    proven = {by for by in get_args(MatchedBy) if is_bounce_proven(by)}
    assert proven == {"report", "reply_address"}
    assert not is_bounce_proven(None)


# -- automatic mails ---------------------------------------------------------------------------------------------


def test_who_is_told_that_a_mail_has_come() -> None:
    assert may_acknowledge(MAIL, "customer", OWN)
    assert may_acknowledge(replace(MAIL, authentic=None), "customer", OWN)
    assert not may_acknowledge(replace(MAIL, authentic=False), "customer", OWN)
    for kind in ("auto", "bounce", "list"):
        assert not may_acknowledge(replace(MAIL, kind=kind), "customer", OWN)
    for trust in ("stranger", "claims_agent"):
        assert not may_acknowledge(MAIL, trust, OWN)
    for sender in ("no-reply@example.com", MAILBOX, ""):
        assert not may_acknowledge(replace(MAIL, sender=sender), "customer", OWN)


@pytest.mark.parametrize(
    ("address", "is_role"),
    [
        *((f"{name}@example.com", True) for name in ("no-reply", "noreply", "no_reply", "donotreply", "do-not-reply")),
        *(
            (f"{name}@example.com", True)
            for name in ("ne-pas-repondre", "mailer-daemon", "postmaster", "abuse", "root")
        ),
        *((f"{name}@example.com", True) for name in ("bounces+123=x", "noreply-orders", "NoReply", "bounce.vic")),
        *((f"{name}@example.com", False) for name in ("vic", "rootes", "noreplyman", "abuser", "info", "support")),
    ],
)
def test_role_addresses(address: str, is_role: bool) -> None:
    assert is_role_address(address) == is_role


@pytest.mark.parametrize(
    ("counts", "may"),
    [
        (AutomaticCounts(), True),
        (AutomaticCounts(ticket=2, address=2, mailbox=199), True),
        (AutomaticCounts(ticket=3), False),
        (AutomaticCounts(address=3), False),
        (AutomaticCounts(mailbox=200), False),
    ],
)
def test_two_programs_that_answer_each_other_stop(counts: AutomaticCounts, may: bool) -> None:
    assert may_send_automatic(counts) == may
    assert may_send_automatic(AutomaticCounts(mailbox=200), max_per_mailbox=1000)


def test_one_acknowledgement_in_ten_minutes() -> None:
    assert may_acknowledge(MAIL, "customer", OWN, AutomaticCounts())
    assert not may_acknowledge(MAIL, "customer", OWN, AutomaticCounts(received=1))
    assert not may_acknowledge(MAIL, "customer", OWN, AutomaticCounts(ticket=3))


def test_one_address_begins_twenty_tickets_an_hour() -> None:
    assert may_begin_ticket(19)
    assert not may_begin_ticket(20)
