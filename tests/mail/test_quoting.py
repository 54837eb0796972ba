"""Quotes and signatures: what is folded in which language, what never is, and that no line is ever lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.mail.parts import plain_lines
from chat.mail.quoting import MAX_LINES, Folded, as_text, fold, squeezed
from tests.mail.counting import counted_lines

NEW, OLD = "C'est réparé, merci !", "Bonjour Claire, pouvez-vous réessayer ?"


def folded(text: str, *earlier: str) -> Folded:
    return fold(plain_lines(text), frozenset(map(squeezed, earlier)))


ATTRIBUTIONS = [
    "Le mar. 24 nov. 2026 à 10:12, Boutique Exemple <support@example.fr> a écrit :",
    "Le mar. 24 nov. 2026 à 10:12, Boutique Exemple <\nsupport@example.fr> a écrit :",
    "Le 24/11/2026 à 10h12, Boutique Exemple a écrit\u00a0:",
    "Le mardi 24 novembre 2026 à 10:12:31 UTC+1, Boutique\n<support@example.fr> a\nécrit :",
    "- Le 24 nov. 2026 à 10:12, support@example.fr a écrit :",
    "On Tue, Nov 24, 2026 at 10:12 AM Boutique Exemple <support@example.fr> wrote:",
    "On 24 Nov 2026, at 10:12, Boutique Exemple <support@example.fr>\nwrote:",
    "Am 24.11.2026 um 10:12 schrieb Boutique Exemple <support@example.fr>:",
    "Am Di., 24. Nov. 2026 um 10:12 Uhr schrieb Boutique Exemple <\nsupport@example.fr>:",
    "El mar, 24 nov 2026 a las 10:12, Boutique (<support@example.fr>) escribió:",
    "Il giorno mar 24 nov 2026 alle ore 10:12 Boutique <support@example.fr> ha scritto:",
    "Op di 24 nov 2026 om 10:12 schreef Boutique <support@example.fr>:",
    "2026-11-24 10:12 GMT+01:00 Boutique Exemple <support@example.fr>:",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
@pytest.mark.parametrize("mark", ["> ", ""])
def test_the_line_above_a_quote_is_folded_with_it(attribution: str, mark: str) -> None:
    result = folded(f"{NEW}\n\n{attribution}\n\n{mark}{OLD}\n{mark}Karim")
    assert result == (NEW, f"{attribution}\n\n{mark}{OLD}\n{mark}Karim", None, False)


BLOCKS = [
    "De : Boutique <support@example.fr>\nEnvoyé : mardi 24 novembre 2026 10:12\nÀ : Vic\nObjet : Votre demande",
    "De: Boutique <support@example.fr>\nDate: mar. 24 nov. 2026 à 10:12\nSubject: Votre demande\nTo: Vic",
    "*De :* Boutique <support@example.fr>\n*Envoyé :* mardi 24 novembre 2026 10:12\n*À :* Vic\n*Objet :* Demande",
    "From: Desk <support@example.fr>\nSent: Tuesday, November 24, 2026 10:12 AM\nTo: Vic\nSubject: Your request",
    "Von: Shop <support@example.fr>\nGesendet: Dienstag, 24. November 2026 10:12\nAn: Vic\nBetreff: Ihre Anfrage",
    "De : Boutique <support@example.fr>\nEnvoyé : 24 novembre 2026 10:12\nÀ : Vic et une adresse\ncoupée\nObjet : X",
    '----- Mail original -----\nDe: "Boutique" <support@example.fr>\nÀ: vic@example.com\nEnvoyé: Mardi 24\nObjet: X',
    "-----Message d'origine-----\nDe : Boutique [mailto:support@example.fr]\nEnvoyé : mardi 24\nÀ : Vic\nObjet : X",
    "-----Original Message-----\nFrom: Desk <support@example.fr>\nSent: Tuesday\nTo: Vic\nSubject: X",
    "________________________________\nDe : Boutique <support@example.fr>\nEnvoyé : mardi\nÀ : Vic\nObjet : X",
    "---------- Forwarded message ---------\nDe : Boutique <support@example.fr>\nDate: mar. 24\nSubject: X\nTo: Vic",
    "-------- Ursprüngliche Nachricht --------\nVon: Shop <support@example.fr>\nDatum: x\nAn: Vic\nBetreff: X\nCc: Zoe",
]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_headers_begins_a_quote_to_the_end(block: str) -> None:
    """Also if the quoted mail has quote marks itself: our answers quote their customer."""
    result = folded(f"{NEW}\n\n{block}\n\n{OLD}\n\n> Ma demande\n\nKarim")
    assert result == (NEW, f"{block}\n\n{OLD}\n\n> Ma demande\n\nKarim", None, False)


@pytest.mark.parametrize(
    "text",
    [
        "Le problème que Paul a écrit :\nrien ne marche",
        "On my screen it wrote:\nerror 12",
        "De : la colle\nÀ : vous\nObjet : rien",
        "De : Paris 10:12\nÀ : Lyon 12:15",
        "Le train de 10:12 est parti.",
        "--------------------\nUne ligne",
        "_____________________",
        "Am Montag war das Paket da: leer.",
    ],
)
def test_plain_sentences_are_no_quotes(text: str) -> None:
    assert folded(f"Bonjour,\n{text}\nMerci") == (f"Bonjour,\n{text}\nMerci", None, None, False)


def test_a_reply_below_the_quote_is_seen() -> None:
    quote = f"Le 24/11/2026 à 10:12, Boutique a écrit :\n> {OLD}\n>\n> Karim"
    assert folded(f"{quote}\n{NEW}\n\nMerci") == (f"{NEW}\n\nMerci", quote, None, False)


@pytest.mark.parametrize(
    "text",
    [
        f"Mes réponses :\n\n> {OLD}\n\nOui.\n\n> Karim\n\nClaire",
        f"> {OLD}\n\nOui.\n\n> Et maintenant ?",
        f"{NEW}\n\n> {OLD}\n\nMerci",
    ],
)
def test_answers_between_quoted_lines_keep_everything(text: str) -> None:
    assert folded(text) == (text, None, None, True)


@pytest.mark.parametrize(
    "text",
    [f"> {OLD}", f"{ATTRIBUTIONS[0]}\n\n> {OLD}", f"{BLOCKS[0]}\n\n{OLD}", "Envoyé de mon iPhone", "--\nVic", ""],
)
def test_when_nothing_would_be_left_nothing_is_folded(text: str) -> None:
    assert folded(text) == (text, None, None, False)


def test_lines_of_earlier_messages_are_a_quote_whatever_their_marks() -> None:
    ours = ["Bonjour Claire,", "Pouvez-vous réessayer avec un autre navigateur ?", "Karim"]
    text = f"{NEW}\n\n" + "\n".join(ours)
    assert folded(text, *ours) == (NEW, "\n".join(ours), None, False)
    assert folded(text) == (text, None, None, False)
    assert folded(f"{NEW}\nMerci\nClaire", "Merci", "Claire").quote is None, "too short to be a quote"


SIGNATURES = [
    "Envoyé de mon iPhone",
    "Envoyé depuis mon appareil Galaxy",
    "Envoyé à partir de Outlook pour Android",
    "Télécharger Outlook pour iOS",
    "Obtenir Outlook pour Android",
    "Get Outlook for iOS",
    "Sent from my Galaxy",
    "Sent from Yahoo Mail on Android",
    "Gesendet von Mail für Windows",
    "Von meinem iPhone gesendet",
]


@pytest.mark.parametrize("signature", SIGNATURES)
def test_the_line_of_a_telephone_is_a_signature(signature: str) -> None:
    assert folded(f"{NEW}\n\n{signature}") == (NEW, None, signature, False)
    assert folded(f"{NEW}\n\n{signature}\n\n> {OLD}") == (NEW, f"> {OLD}", signature, False)


@pytest.mark.parametrize("dashes", ["--", "-- "])
def test_a_signature_begins_below_two_dashes(dashes: str) -> None:
    assert folded(f"{NEW}\n{dashes}\nVic\n01 99 00 12 34") == (NEW, None, "Vic\n01 99 00 12 34", False)


def test_what_is_too_long_or_has_a_quote_below_is_no_signature() -> None:
    long = "\n".join(f"Ligne {number}" for number in range(13))
    assert folded(f"{NEW}\n--\n{long}").signature is None
    assert folded(f"{NEW}\n--\nVic\n> {OLD}\nEncore").signature is None


def test_a_mail_of_too_many_lines_is_shown_whole() -> None:
    lines = [(0, NEW), *[(1, OLD)] * MAX_LINES]
    assert fold(lines) == (as_text(lines), None, None, False)
    assert fold(lines[:-1]).quote


@pytest.mark.parametrize("line", ["De : {}", "Le {}", "On {} wrote", "-{}-", "> {}", "Envoyé de mon {}", "{}: x"])
@pytest.mark.parametrize("filling", ["a", "@", " ", "-", "_", "1:", "a "])
def test_a_line_as_long_as_a_mail_is_read_once_over(line: str, filling: str) -> None:
    """With steps that grow with the square of the length, this would take minutes."""
    text = line.format(filling * (200_000 // len(filling)))
    assert folded(f"{NEW}\n{text}\n{text}").visible.startswith(NEW)


LINES = st.sampled_from(
    [
        *("", " ", NEW, OLD, "--", "-- ", "Karim", "Merci", "x" * 500, "\u00a0", ">", "Message du 24/11/26 10:12"),
        *(line for block in (*ATTRIBUTIONS, *BLOCKS, *SIGNATURES) for line in block.split("\n")),
    ]
)
MAILS = st.lists(st.tuples(st.integers(0, 2), LINES), max_size=40)


@settings(deadline=None)
@given(MAILS, st.frozensets(LINES.map(squeezed), max_size=6))
def test_the_pieces_together_are_the_whole_text(lines: list[tuple[int, str]], earlier: frozenset[str]) -> None:
    result = fold(lines, earlier)
    assert counted_lines(result.visible, result.quote, result.signature) == counted_lines(as_text(lines))
    assert result.visible or not as_text(lines)
    assert not (result.is_interleaved and result.quote)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.text(max_size=30)), max_size=30))
def test_any_text_is_folded_without_loss(lines: list[tuple[int, str]]) -> None:
    lines = [(depth, text.replace("\n", " ")) for depth, text in lines]
    result = fold(lines)
    assert counted_lines(result.visible, result.quote, result.signature) == counted_lines(as_text(lines))
