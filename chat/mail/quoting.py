"""Which lines of a mail are new: quotes and signatures are folded away, never cut. Pure, and linear in its input.

A quote is folded only where it begins or ends the mail; answers between quoted lines keep everything; and if nothing
would be left, nothing is folded.
"""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from chat.mail.parsed import Line

# What is longer is no letter, and is shown whole.
MAX_LINES = 5000
MAX_SIGNATURE_LINES = 12
# How long a run of lines of earlier messages must be to count as a quote.
MIN_REPEATED_LINES = 2
MIN_REPEATED_CHARACTERS = 40
# How many lines an attribution or a block of headers may take.
MAX_ATTRIBUTION_LINES = 3
MAX_ATTRIBUTION = 400
MAX_HEADER_LINES = 10
MIN_HEADERS = 3

_TIME_OR_ADDRESS = re.compile(r"\d\s?[:h]\s?\d{2}|[^\s<>]@[^\s<>]")
_ATTRIBUTION = re.compile(
    r"-?\s*Le\s.{4,300}\sa\s+écrit\s*:"
    r"|On\s.{4,300}\swrote\s*:"
    r"|Am\s.{4,300}\sschrieb\s.{0,200}:"
    r"|El\s.{4,300}\sescribió\s*:"
    r"|Il\s.{4,300}\sha\s+scritto\s*:"
    r"|Op\s.{4,300}\sschreef\s.{0,200}:"
    r"|\d{4}[-/]\d{1,2}[-/]\d{1,2}.{0,40}<[^<>\s]+@[^<>\s]+>\s*:",
    re.IGNORECASE,
)
_ATTRIBUTION_BEGINS = re.compile(r"-?\s*(?:Le|On|Am|El|Il|Op)\s|\d{4}[-/]", re.IGNORECASE)
_SENDER_HEADERS = {"de", "from", "von", "da", "van"}
_HEADER = re.compile(
    r"\*?(De|From|Von|Da|Van|Envoyé|Sent|Date|Datum|Data|Fecha|Gesendet|Enviado|Inviato|Verzonden|À|A|To|An|Para|Aan"
    r"|Cc|Copie à|Objet|Sujet|Subject|Betreff|Asunto|Oggetto|Onderwerp)\s?\*?\s?:\s*\*?(.*)",
    re.IGNORECASE,
)
_ANY_HEADER = re.compile(r"\*?[\w-]+\s?:")
_RULE = re.compile(
    r"-{2,}\s*(?:Mail original|Message d['’]origine|Message transféré|Message original|Original Message"
    r"|Forwarded message|Ursprüngliche Nachricht|Weitergeleitete Nachricht|Mensaje original|Messaggio originale"
    r"|Oorspronkelijk bericht)\s*-{2,}|_{20,}|-{20,}",
    re.IGNORECASE,
)
_MESSAGE_OF = re.compile(r"Message du \d", re.IGNORECASE)
_MOBILE_SIGNATURE = re.compile(
    r"(?:Envoyé (?:de|depuis|à partir de) (?:mon|ma|mes|l['’]|Outlook|Yahoo)|Sent from (?:my|Mail|Outlook|Yahoo)"
    r"|Télécharger Outlook|Téléchargez Outlook|Obtenir Outlook|Get Outlook|Gesendet von|Von meinem)\b.{0,80}",
    re.IGNORECASE,
)


class Folded(NamedTuple):
    """`visible` is new; the others are None where there is none.

    Together they have every line of the mail, except the "--" above a signature.
    """

    visible: str
    quote: str | None = None
    signature: str | None = None
    is_interleaved: bool = False


def fold(lines: list[Line], earlier: frozenset[str] = frozenset()) -> Folded:
    """`earlier`: the lines of the ticket's messages, each as `squeezed` makes it; a run of them is a quote."""
    if len(lines) > MAX_LINES:
        return Folded(as_text(lines))
    lines = [(depth, text.rstrip()) for depth, text in lines]
    is_quoted = _Quotes(lines, earlier).find()
    fresh = [at for at, quoted in enumerate(is_quoted) if not quoted]
    body, signature = _without_signature(lines, fresh)
    old = [at for at, quoted in enumerate(is_quoted) if quoted]
    new = [at for at in body if lines[at][1]]
    if not new:
        return Folded(as_text(lines))
    if old and not (max(old) < min(new) or max(new) < min(old)):
        return Folded(_chosen(lines, sorted(body + old)), None, _chosen(lines, signature) or None, is_interleaved=True)
    return Folded(_chosen(lines, body), _chosen(lines, old) or None, _chosen(lines, signature) or None)


def squeezed(text: str) -> str:
    """A line by which two mails agree, whatever their programs did to its blanks and quote marks."""
    return " ".join(text.split()).strip("> ").lower()


def as_text(lines: Iterable[Line]) -> str:
    """The lines with their quote marks, and at most one empty line in a row."""
    text = "\n".join(("> " * depth + text).rstrip() for depth, text in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def _chosen(lines: list[Line], numbers: list[int]) -> str:
    return as_text(lines[at] for at in numbers)


def _without_signature(lines: list[Line], fresh: list[int]) -> tuple[list[int], list[int]]:
    """The new lines above the signature, and those of it: below a "--", or a telephone's one line."""
    for index in range(max(0, len(fresh) - MAX_SIGNATURE_LINES - 1), len(fresh) - 1):
        at, below = fresh[index], fresh[index + 1 :]
        has_no_quote_below = below[-1] - at == len(below)
        if lines[at][1] == "--" and has_no_quote_below:
            return fresh[:index], below
    written = [index for index, at in enumerate(fresh) if lines[at][1]]
    if len(written) > 1 and _MOBILE_SIGNATURE.fullmatch(lines[fresh[written[-1]]][1].strip()):
        return fresh[: written[-1]], fresh[written[-1] :]
    return fresh, []


class _Quotes:
    """Finds the quoted lines: those with quote marks, those below a head, and those of earlier messages."""

    def __init__(self, lines: list[Line], earlier: frozenset[str]) -> None:
        self._depths = [depth for depth, _ in lines]
        self._texts = [text.replace("\u00a0", " ").replace("\u202f", " ").strip() for _, text in lines]
        self._earlier = earlier
        self._found = [depth > 0 for depth in self._depths]
        self._last_mark = max((at for at, depth in enumerate(self._depths) if depth), default=-1)

    def find(self) -> list[bool]:
        at = 0
        while at < len(self._texts):
            size, goes_to_end = self._head(at)
            end = len(self._texts) if goes_to_end else at + size
            self._found[at:end] = [True] * (end - at)
            at = max(end, at + 1)
        self._find_repeated()
        self._close_gaps()
        return self._found

    def _head(self, at: int) -> tuple[int, bool]:
        """How many lines the head of a quote takes here, and whether all below it is the quote."""
        if not self._texts[at]:
            return 0, False
        if size := self._attribution(at):
            next_line = next((below for below in self._below(at + size) if self._texts[below]), None)
            has_marks = next_line is not None and self._depths[next_line] > 0
            is_proven = has_marks or _TIME_OR_ADDRESS.search(" ".join(self._texts[at : at + size]))
            # Marks further below would say where the quote ends.
            return (size, self._last_mark < at) if is_proven else (0, False)
        rule = int(bool(_RULE.fullmatch(self._texts[at])))
        if size := self._headers(at + rule):
            return rule + size, not self._depths[at]
        return int(bool(self._depths[at] and _MESSAGE_OF.match(self._texts[at]))), False

    def _below(self, at: int) -> range:
        return range(at, min(at + MAX_ATTRIBUTION_LINES, len(self._texts)))

    def _attribution(self, at: int) -> int:
        """How many lines "Le …, X a écrit :" takes, which programs wrap."""
        if _ATTRIBUTION_BEGINS.match(self._texts[at]):
            for below in self._below(at):
                text = " ".join(self._texts[at : below + 1])
                if len(text) <= MAX_ATTRIBUTION and _ATTRIBUTION.fullmatch(text):
                    return below + 1 - at
        return 0

    def _headers(self, at: int) -> int:
        """How many lines a block of headers takes, as Outlook and Zimbra write it: sender, time, recipient, subject."""
        names: list[str] = []
        is_proven, end = False, at
        for below in range(at, min(at + MAX_HEADER_LINES, len(self._texts))):
            found = _HEADER.fullmatch(self._texts[below])
            if found:
                names.append(found[1].lower())
                is_proven |= bool(_TIME_OR_ADDRESS.search(found[2]))
                end = below + 1
            elif (names or self._texts[below]) and not (names and self._is_wrapped_header(below)):
                break
        is_block = len(names) >= MIN_HEADERS and names[0] in _SENDER_HEADERS and is_proven
        return end - at if is_block else 0

    def _is_wrapped_header(self, at: int) -> bool:
        """Whether this line belongs to the header above it: it is none itself, and another one follows."""
        follows = any(_HEADER.fullmatch(text) for text in self._texts[at + 1 : at + 2])
        return follows and bool(self._texts[at]) and not _ANY_HEADER.match(self._texts[at])

    def _find_repeated(self) -> None:
        run: list[int] = []
        for at, text in enumerate([*self._texts, "\0"]):
            line = squeezed(text)
            if line in self._earlier:
                run.append(at)
            elif line:
                characters = sum(len(self._texts[one]) for one in run)
                if len(run) >= MIN_REPEATED_LINES and characters >= MIN_REPEATED_CHARACTERS:
                    for one in run:
                        self._found[one] = True
                run = []

    def _close_gaps(self) -> None:
        """An empty line between two quoted ones is quoted."""
        written = [at for at, text in enumerate(self._texts) if text or self._depths[at]]
        for above, below in pairwise(written):
            if self._found[above] and self._found[below]:
                self._found[above:below] = [True] * (below - above)
