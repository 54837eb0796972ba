"""To which ticket a mail belongs, and which subjects are the same."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from chat.domain.email.rules import (
    FoundTickets,
    MailFacts,
    Match,
    MatchedBy,
    is_same_subject,
    match_ticket,
    numbers_in_subject,
    plain_subject,
)
from chat.vocabulary import MailKind, Status
from tests.domain.email.cast import MAIL, NOW, TICKET, VIC, ZOE

OTHER = replace(TICKET, number=1052)


@pytest.mark.parametrize(
    ("kind", "order"),
    [
        *((kind, ("reply_address", "message_id", "reference", "subject")) for kind in ("person", "auto", "list")),
        ("bounce", ("report", "reply_address", "recipient")),
    ],
)
def test_the_first_look_up_that_found_one_counts(kind: MailKind, order: tuple[MatchedBy, ...]) -> None:
    """And those of other kinds of mail do not count at all."""
    mail = replace(MAIL, kind=kind)
    for at, by in enumerate(order):
        found = FoundTickets(**{by: TICKET} | dict.fromkeys(order[at + 1 :], OTHER))
        assert match_ticket(mail, found, NOW) == Match(1051, by)
    for by in set(get_args(MatchedBy)) - set(order) - {"recent"}:
        assert match_ticket(mail, FoundTickets(**{by: TICKET}), NOW).ticket is None


@pytest.mark.parametrize(
    ("sender", "authentic", "counts"),
    [(VIC, True, True), (VIC, None, False), (VIC, False, False), (ZOE, True, False)],
)
def test_a_number_in_the_subject_counts_for_the_proven_customer_only(
    sender: str, authentic: bool | None, counts: bool
) -> None:
    mail = replace(MAIL, sender=sender, authentic=authentic)
    expected = Match(1051, "subject") if counts else Match(suggested=1051)
    assert match_ticket(mail, FoundTickets(subject=TICKET), NOW) == expected


@pytest.mark.parametrize(
    ("mail", "joins"),
    [
        (MAIL, True),
        (replace(MAIL, authentic=None), True),
        (replace(MAIL, authentic=False), False),
        (replace(MAIL, subject="Autre chose"), False),
        (replace(MAIL, sender=ZOE), False),
        (replace(MAIL, kind="auto"), False),
    ],
)
def test_a_second_mail_with_the_same_subject_joins_the_first(mail: MailFacts, joins: bool) -> None:
    expected = Match(1051, "recent") if joins else Match()
    assert match_ticket(mail, FoundTickets(recent=TICKET), NOW) == expected


@pytest.mark.parametrize("by", ["reply_address", "message_id", "reference", "subject"])
@pytest.mark.parametrize(
    ("status", "solved_days_ago", "follows"),
    [
        ("live", None, False),
        ("open", None, False),
        ("pending", None, False),
        ("on_hold", None, False),
        ("solved", 6, False),
        ("solved", 8, True),
        ("closed", None, True),
    ],
)
def test_a_mail_to_an_ended_ticket_begins_one_that_follows_it(
    by: MatchedBy, status: Status, solved_days_ago: int | None, follows: bool
) -> None:
    solved_at = NOW - timedelta(days=solved_days_ago) if solved_days_ago else None
    found = FoundTickets(**{by: replace(TICKET, status=status, solved_at=solved_at)})
    assert match_ticket(MAIL, found, NOW) == (Match(by=by, follows=1051) if follows else Match(1051, by))
    automatic = replace(MAIL, kind="auto")
    assert match_ticket(automatic, found, NOW).ticket == 1051, "what no person wrote begins no ticket"


@pytest.mark.parametrize("by", ["reply_address", "message_id", "reference"])
@pytest.mark.parametrize(
    ("subject", "status", "silent_days", "is_over"),
    [
        ("Nouvelle carte", "pending", 14, True),
        ("Nouvelle carte", "solved", 1, True),
        ("Nouvelle carte", "pending", 13, False),
        ("RE : Votre demande", "pending", 14, False),
        ("Votre demande", "solved", 1, False),
    ],
)
def test_another_subject_on_an_old_thread_may_be_split(
    by: MatchedBy, subject: str, status: Status, silent_days: int, is_over: bool
) -> None:
    ticket = replace(
        TICKET, status=status, solved_at=NOW - timedelta(days=1), last_message_at=NOW - timedelta(days=silent_days)
    )
    match = match_ticket(replace(MAIL, subject=subject), FoundTickets(**{by: ticket}), NOW)
    assert match == Match(1051, by, may_split=is_over and by != "reply_address")


# -- subjects ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "subject",
    [
        *("Votre demande", "Re: Votre demande", "RE : Votre demande", "re:Votre demande", "Ré: Votre demande"),
        *("TR: Votre demande", "Tr : Votre demande", "Fwd: Votre demande", "FW: Votre demande", "AW: Votre demande"),
        *(
            "WG: Votre demande",
            "Antwort: Votre demande",
            "RV: Votre demande",
            "Rif: Votre demande",
            "SV: Votre demande",
        ),
        *("Re[2]: Votre demande", "Re: RE : Fwd: AW: Votre demande", "[Membres] Re: [x] Votre demande"),
        *("Re: Votre demande [#1051]", "[#1051] Votre demande", "Re: [#1051] Votre  demande ", "VOTRE DEMANDE"),
        *("Re\u00a0: Votre demande", "Re\u202f: Votre\u00a0demande"),
    ],
)
def test_equal_subjects(subject: str) -> None:
    assert plain_subject(subject) == "votre demande"


@pytest.mark.parametrize("subject", ["Votre demande 2", "Recommande : Votre demande", "Votre demande Re:", "", "Re:"])
def test_other_subjects(subject: str) -> None:
    assert not is_same_subject(subject, "Votre demande")


def test_a_subject_of_many_prefixes_is_read_once_over() -> None:
    assert plain_subject("Re: [x] " * 5000) == ""


@pytest.mark.parametrize(
    ("subject", "numbers"),
    [
        ("Re: Votre demande [#1051]", [1051]),
        ("[#1] [#22]", [1, 22]),
        *((text, []) for text in ("#1051", "[1051]", "[#0]", "[#01]", "[#1234567890123]", "[#१]", "")),
    ],
)
def test_numbers_in_a_subject(subject: str, numbers: list[int]) -> None:
    assert numbers_in_subject(subject) == numbers
