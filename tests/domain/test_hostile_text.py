"""Hostile text: runs of combining marks that take NFC a second each, and invisible characters."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain.people import agents, sessions
from chat.domain.people.agents import NewAgent
from chat.domain.refusals import BadRequest, Conflict
from chat.domain.text import clean_email, clean_name, clean_text, normalize_unicode
from tests.domain.domain_driver import DomainDriver

SLOW_TEXTS = ("a" + "\u0300\u0316" * 1_000, "a" + "\u0300" * 20 + "\u0316" * 20, "\u0f73" * 40, "\u0344" * 40)
REAL_TEXTS = (
    "Z̷̧͎a̸l̷g̴o",
    "e\u0301" * 3_999,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 800,
    "\u0915\u094d\u0937\u093f" * 900,
    "\u05d1\u05b0\u05bc\u05e8\u05b5\u05d0\u05e9\u05b4\u05c1\u05d9\u05ea",
    "\u202eabc\u202c",
    "щ" * 4_000,
)


@pytest.mark.parametrize("text", SLOW_TEXTS)
def test_endless_combining_marks_are_refused_before_normalizing(text: str) -> None:
    with pytest.raises(BadRequest):
        clean_text(text)


@given(st.text(st.characters(codec="ascii", exclude_characters="\0")))
def test_ascii_shortcut_equals_nfc(text: str) -> None:
    assert normalize_unicode(text) == unicodedata.normalize("NFC", text).strip()


@pytest.mark.parametrize("text", REAL_TEXTS)
def test_real_text_is_accepted(text: str) -> None:
    assert clean_text(text)


@pytest.mark.parametrize(
    "email", ["vic@example.com\u202e", "v\u200bic@example.com", "vic@exam\x01ple.com", "vic@example.com\r\nBcc: x@y.z"]
)
def test_email_with_invisible_characters_is_refused(email: str) -> None:
    with pytest.raises(BadRequest):
        clean_email(email)


def test_name_is_reduced_to_one_line() -> None:
    assert clean_name(" Vic\r\nBcc:\tzoe@example.com ") == "Vic Bcc: zoe@example.com"


async def test_agent_is_found_by_every_spelling_of_their_email(driver: DomainDriver) -> None:
    new = NewAgent("Rene\u0301@Example.com", "René", password_hash="a hash")
    agent = await driver.run(agents.add_agent, new, driver.now)
    for spelling in ("ren\u00e9@example.com", " REN\u00c9@EXAMPLE.COM ", "rene\u0301@example.com"):
        assert await driver.read(sessions.credentials, spelling) == (agent.id, "a hash")
    with pytest.raises(Conflict):
        await driver.run(agents.add_agent, new, driver.now)
