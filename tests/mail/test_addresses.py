"""Signed reply addresses and Message-IDs: they are read in any case, and nobody can make one."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chat.mail.addresses import TicketSigner, own_message_ids, reply_addresses

SIGNER = TicketSigner(b"secret")
MAILBOX = "support@example.fr"
NUMBERS = st.integers(min_value=1, max_value=10**12 - 1)
PUBLIC_IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=30)
WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=40)
# What may stand in an address that a forger tries.
SIGNS = st.sampled_from("abcdefghijklmnopqrstuvwxyz234567890.+-_")


def ticket_of(address: str, public_ids: dict[int, str]) -> int | None:
    return SIGNER.first_valid(reply_addresses([address]), public_ids)


def ticket_of_id(message_id: str, public_ids: dict[int, str]) -> int | None:
    return SIGNER.first_valid(own_message_ids([message_id]), public_ids)


@settings(deadline=None)
@given(NUMBERS, PUBLIC_IDS, st.sampled_from([str, str.upper, str.title]))
def test_a_reply_address_names_its_ticket_in_any_case(number: int, public_id: str, change: type[str]) -> None:
    address = SIGNER.reply_address(MAILBOX, number, public_id)
    assert ticket_of(change(address), {number: public_id}) == number


@settings(deadline=None)
@given(NUMBERS, WORDS, PUBLIC_IDS, st.sampled_from([str, str.upper]))
def test_a_message_id_names_its_ticket_in_any_case(number: int, word: str, public_id: str, change: type[str]) -> None:
    message_id = SIGNER.message_id("example.fr", number, word, public_id)
    assert ticket_of_id(change(message_id), {number: public_id}) == number


class AnyTicket(dict[int, str]):
    """Every number has a ticket with the same public id."""

    def get(self, key: int, default: object = None) -> str:
        return "t_1"


@settings(deadline=None)
@given(NUMBERS, WORDS, st.data())
def test_one_changed_sign_is_refused(number: int, word: str, data: st.DataObject) -> None:
    address = SIGNER.reply_address(MAILBOX, number, "t_1")
    message_id = SIGNER.message_id("example.fr", number, word, "t_1")
    for text, read, start in ((address, ticket_of, len("support+")), (message_id, ticket_of_id, 0)):
        at = data.draw(st.integers(start, text.index("@") - 1))
        sign = data.draw(SIGNS)
        assume(sign != text[at])
        assert read(text, AnyTicket()) == number
        assert read(text[:at] + sign + text[at + 1 :], AnyTicket()) is None


def test_a_signature_is_good_for_one_public_id_and_one_secret_only() -> None:
    address = SIGNER.reply_address(MAILBOX, 1051, "t_1")
    assert ticket_of(address, {1051: "t_1"}) == 1051
    assert ticket_of(address, {1051: "t_2"}) is None
    assert ticket_of(address, {1052: "t_1"}) is None
    assert TicketSigner(b"other").first_valid(reply_addresses([address]), {1051: "t_1"}) is None


def test_a_signature_of_an_address_is_none_of_an_id() -> None:
    address = SIGNER.reply_address(MAILBOX, 1051, "t_1")
    signature = address.partition(".")[2].partition("@")[0]
    assert ticket_of_id(f"1051.a.{signature}@example.fr", {1051: "t_1"}) is None


def test_the_first_good_address_counts() -> None:
    forged = "support+1050.aaaaaaaaaaaa@example.fr"
    good = SIGNER.reply_address(MAILBOX, 1051, "t_1051")
    public_ids = {1050: "t_1050", 1051: "t_1051"}
    assert SIGNER.first_valid(reply_addresses(["vic@example.com", forged, good]), public_ids) == 1051


@pytest.mark.parametrize(
    "address",
    [
        *("", "@", "support@example.fr", "support+1051@example.fr", "support+0.abcdefghijkl@example.fr"),
        *(
            "support+01051.abcdefghijkl@example.fr",
            "support+١٠٥١.abcdefghijkl@example.fr",
            "+1051.abcdefghijkl@example.fr",
        ),
        *("support+1051.abcdefghijk1@example.fr", "support+1051.abcdefghijkl@", "a b+1051.abcdefghijkl@example.fr"),
    ],
)
def test_other_addresses_claim_nothing(address: str) -> None:
    assert reply_addresses([address]) == []
    assert len(reply_addresses(["support+1051.abcdefghijkl@example.fr"])) == 1
