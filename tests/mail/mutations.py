"""Broken mails, made of the corpus: `python -m tests.mail.mutations --count 20000 --seed 1` reads so many of them.

Each goes through the sandbox. None may end the child or exceed its limits, and of none may a line, an attachment or the
sender be lost without a trace. The same seed makes the same mails.
"""

import argparse
import asyncio
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from chat.mail.parsed import ParsedMail, Unreadable
from chat.mail.quoting import Folded, as_text, fold
from chat.mail.sandbox import MailSandbox
from tests.mail.counting import counted_lines
from tests.mail.rebuild_corpus import CORPUS

# What breaks parsers of mail.
POISON = (
    *(b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xe9", b"\r", b"\r\n\r\n", b"\xcc\x81" * 50, b"=\r\n", b"=?", b"?="),
    *(b"((((((", b'"', b"<", b">", b"<>", b"@", b":", b";", b",", b"\\", b"%", b"*0*=x'y'%ff", b"--", b"-- \r\n"),
    *(b"=?utf-8?q?=ff=fe?=", b"=?utf-7?q?+2AA-?=", b"=?punycode?b?////?=", b"=?zlib?b?eJw=?=", b"=?x?q?", b"=ZZ"),
    *(b"Message-ID: <>\r\n", b"From: <\r\n", b"To: ((((\r\n", b"Date: Mon, 99 Foo 0 99:99:99 +9999\r\n"),
    *(b"Content-Type: text/plain; charset=undefined\r\n", b"Content-Type: multipart/mixed\r\n", b"Content-Type: /\r\n"),
    *(b"Content-Type: text/html; charset=utf-16\r\n", b"Content-Transfer-Encoding: base64\r\n"),
    *(b"Content-Type: message/rfc822\r\n", b"Content-Type: application/ms-tnef\r\n\r\n\x78\x9f\x3e\x22\x00\x00\x02"),
    *(b"Content-Disposition: attachment; filename*0*=utf-8''%; filename*9=x; filename*=''\r\n", b"<div><table></div>"),
    *(b"<!--", b"<![CDATA[", b"<style>", b"&#55296;&#0;&#x110000;", b"Le 24/11 \xe0 10:12, X a \xe9crit :\r\n"),
)
# A boundary, a header, or its continuation.
MARKUP = re.compile(rb"--|[\w-]+:|[ \t]")
CHARSETS = (b"utf-8", b"utf-16", b"iso-8859-1", b"cp1252", b"gb2312", b"iso-2022-jp", b"utf-7", b"x-nothing", b"hex")
ENCODINGS = (b"base64", b"quoted-printable", b"8bit", b"binary", b"x-uuencode", b"7bit", b"gzip")


def flip_bytes(random: Random, mail: bytes, _other: bytes) -> bytes:
    changed = bytearray(mail)
    for _ in range(random.randint(1, 30)):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def cut_out(random: Random, mail: bytes, _other: bytes) -> bytes:
    start, end = _span(random, mail)
    return mail[:start] + mail[end:]


def cut_off(random: Random, mail: bytes, _other: bytes) -> bytes:
    return mail[: random.randrange(len(mail))]


def repeat(random: Random, mail: bytes, _other: bytes) -> bytes:
    start, end = _span(random, mail)
    return (
        mail[:end]
        + mail[start:end] * min(random.choice((1, 2, 100, 10_000)), 200_000 // (end - start + 1))
        + mail[end:]
    )


def poison(random: Random, mail: bytes, _other: bytes) -> bytes:
    for _ in range(random.randint(1, 5)):
        at = random.randrange(len(mail))
        mail = mail[:at] + random.choice(POISON) * random.choice((1, 1, 1, 50)) + mail[at:]
    return mail


def poison_headers(random: Random, mail: bytes, _other: bytes) -> bytes:
    lines = mail.split(b"\r\n")
    at = random.randrange(min(len(lines), 12))
    name, colon, value = lines[at].partition(b":")
    lines[at] = name + colon + b" " + random.choice((random.choice(POISON), value + random.choice(POISON), b""))
    return b"\r\n".join(lines)


def shuffle_lines(random: Random, mail: bytes, _other: bytes) -> bytes:
    lines = mail.split(b"\r\n")
    for _ in range(random.randint(1, 5)):
        one, other = random.randrange(len(lines)), random.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"\r\n".join(lines)


def change_charset(random: Random, mail: bytes, _other: bytes) -> bytes:
    for old in CHARSETS:
        mail = mail.replace(old, random.choice(CHARSETS))
    return mail


def change_encoding(random: Random, mail: bytes, _other: bytes) -> bytes:
    for old in ENCODINGS:
        mail = mail.replace(old, random.choice(ENCODINGS))
    return mail


def change_line_ends(random: Random, mail: bytes, _other: bytes) -> bytes:
    return mail.replace(b"\r\n", random.choice((b"\n", b"\r", b"\r\r\n", b"\n\r")))


def splice(random: Random, mail: bytes, other: bytes) -> bytes:
    return mail[: random.randrange(len(mail))] + other[random.randrange(len(other)) :]


def nest(random: Random, mail: bytes, _other: bytes) -> bytes:
    kind = random.choice((b"multipart/mixed", b"multipart/alternative", b"multipart/digest", b"message/rfc822"))
    for depth in range(random.choice((1, 5, 50, 500))):
        mail = b'Content-Type: %s; boundary="%d"\r\n\r\n--%d\r\n' % (kind, depth, depth) + mail
    return b"From: vic@example.com\r\n" + mail


MUTATIONS = (
    *(flip_bytes, cut_out, cut_off, repeat, poison, poison_headers, shuffle_lines, change_charset, change_encoding),
    *(change_line_ends, splice, nest),
)


def _span(random: Random, mail: bytes) -> tuple[int, int]:
    start = random.randrange(len(mail))
    return start, min(len(mail), start + random.choice((1, 10, 100, 1000)))


def mutated(seed: int, count: int) -> Iterator[bytes]:
    """So many mails, each changed in one to three ways."""
    random = Random(seed)
    corpus = [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))]
    for _ in range(count):
        mail = random.choice(corpus)
        for mutation in random.choices(MUTATIONS, k=random.randint(1, 3)):
            mail = mutation(random, mail, random.choice(corpus)) or b"\r\n"
        yield mail


def complaints(raw: bytes, result: ParsedMail | Unreadable, folded: Folded | None) -> list[str]:
    """What is wrong with the result of one mail."""
    if isinstance(result, Unreadable):
        return [result.reason]
    found = []
    if folded and counted_lines(*folded[:3]) != counted_lines(as_text(result.lines)):
        found.append("folding lost text")
    if result.html and "<script" in result.html:
        found.append("script")
    text = any(line for _, line in result.lines)
    if has_body(raw) and not any((result.headers.sender, result.headers.subject, text, result.attachments)):
        found.append("nothing is left")
    return found


def has_body(raw: bytes) -> bool:
    """Whether below the headers there is more than boundaries and headers of parts."""
    body = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").partition(b"\n\n")[2]
    return any(line.strip() and not MARKUP.match(line) for line in body.split(b"\n"))


@dataclass
class Report:
    read: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)
    slowest_s: float = 0.0


async def run(seed: int, count: int) -> Report:
    report, sandbox = Report(), MailSandbox()
    try:
        for number, raw in enumerate(mutated(seed, count)):
            started_at = time.perf_counter()
            result = await sandbox.read(raw, "mx.example.fr")
            folded = fold(result.lines) if isinstance(result, ParsedMail) else None
            report.slowest_s = max(report.slowest_s, time.perf_counter() - started_at)
            report.read += 1
            report.bad += [(number, complaint) for complaint in complaints(raw, result, folded)]
    finally:
        await sandbox.close()
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description="reads broken mails")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    started_at = time.perf_counter()
    report = asyncio.run(run(given.seed, given.count))
    took = time.perf_counter() - started_at
    sys.stdout.write(f"{report.read} of {given.count} mails read in {took:.1f} s, slowest {report.slowest_s:.2f} s; ")
    sys.stdout.write(
        f"{len(report.bad)} with a fault\n" + "".join(f"  {number}: {what}\n" for number, what in report.bad)
    )
    return int(bool(report.bad))


if __name__ == "__main__":
    sys.exit(main())
