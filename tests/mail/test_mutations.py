"""Broken mails: the same 500 each time; `python -m tests.mail.mutations` reads as many as one likes."""

from chat.mail.mime import read_mail
from chat.mail.parsed import Unreadable
from chat.mail.quoting import fold
from tests.mail.mutations import complaints, mutated, run

SEED, COUNT = 20261129, 500


async def test_none_of_500_broken_mails_raises_blocks_or_is_lost() -> None:
    report = await run(SEED, COUNT)
    assert report.read == COUNT
    assert report.bad == []


def test_the_same_seed_makes_the_same_mails() -> None:
    mails = list(mutated(SEED, 50))
    assert mails == list(mutated(SEED, 50))
    assert len(set(mails)) > 40


def test_a_lost_mail_or_line_would_be_noticed() -> None:
    raw = b"From: vic@example.com\r\n\r\nOne.\r\n\r\n> Two.\r\n"
    mail = read_mail(raw)
    folded = fold(mail.lines)
    assert folded.quote
    assert complaints(raw, mail, folded) == []
    assert complaints(raw, mail, folded._replace(quote=None)) == ["folding lost text"]
    assert complaints(raw, read_mail(b""), fold([])) == ["nothing is left"]
    assert complaints(raw, Unreadable("too_slow", None), None) == ["too_slow"]
