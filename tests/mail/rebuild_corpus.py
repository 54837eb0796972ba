"""Signs the reply addresses and Message-IDs in the corpus anew: `python -m tests.mail.rebuild_corpus`.

Run it after a change of the scheme in chat/mail/addresses.py. It finds them wherever they stand: in headers, in
attached reports, inside quoted-printable lines and in base64. A second run changes nothing.
"""

import base64
import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from chat.mail.addresses import TicketSigner

CORPUS = Path(__file__).parent / "corpus"
EXPECTED = CORPUS / "expected.json"
SIGNER = TicketSigner(b"corpus")
# What may stand between two characters of an address: a soft line break of quoted-printable.
SOFT = rb"(?:=\r\n)?"
REPLY_ADDRESS = re.compile(rb"\+([0-9]+)\.([a-z2-7]{12})@example\.fr", re.IGNORECASE)
MESSAGE_ID = re.compile(rb"<([0-9]+)\.([a-z0-9]+)\.([a-z2-7]{12})@example\.fr>")
BASE64 = re.compile(rb"(?:^[A-Za-z0-9+/]{76}\r\n)*^[A-Za-z0-9+/]{4,75}={0,2}\r\n", re.MULTILINE)


def public_id(number: int) -> str:
    """Of the ticket with this number, in the corpus."""
    return f"t_{number}"


def signatures(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each signature that stands here, and the one that should."""
    for found in REPLY_ADDRESS.finditer(text):
        number = int(found[1])
        address = SIGNER.reply_address("support@example.fr", number, public_id(number))
        yield found[2].lower(), address.partition(".")[2].partition("@")[0].encode()
    for found in MESSAGE_ID.finditer(text):
        number = int(found[1])
        message_id = SIGNER.message_id("example.fr", number, found[2].decode(), public_id(number))
        yield found[3], message_id.split(".")[2].partition("@")[0].encode()


def signed_anew(text: bytes) -> bytes:
    for old, new in signatures(text.replace(b"=\r\n", b"")):
        spread = SOFT.join(re.escape(old[at : at + 1]) for at in range(len(old)))
        text = re.sub(spread, partial(_in_shape, new), text, flags=re.IGNORECASE)
    return text


def _in_shape(new: bytes, found: re.Match[bytes]) -> bytes:
    """The new signature with the old one's line breaks and in its case."""
    old = found[0]
    letters = iter((new.upper() if old.isupper() else new).decode())
    pieces = re.split(rb"(=\r\n)", old)
    return b"".join(piece if piece == b"=\r\n" else "".join(next(letters) for _ in piece).encode() for piece in pieces)


def _base64_signed_anew(block: re.Match[bytes]) -> bytes:
    """A signature keeps its length, and so does the block."""
    encoded = block[0].replace(b"\r\n", b"")
    if len(encoded) % 4:
        return block[0]
    fresh = base64.b64encode(signed_anew(base64.b64decode(encoded)))
    return b"".join(fresh[at : at + 76] + b"\r\n" for at in range(0, len(fresh), 76))


def rebuilt(text: bytes) -> bytes:
    return BASE64.sub(_base64_signed_anew, signed_anew(text))


def rebuilt_expectations(text: str) -> str:
    """expected.json with new signatures where it names an address or an id."""
    expected = json.loads(text)
    for mail in expected["mails"].values():
        mail["visible"] = mail["visible"] and signed_anew(mail["visible"].encode()).decode()
        if mail["bounce"]:
            message_id = f"<{mail['bounce']['message_id']}>".encode()
            mail["bounce"]["message_id"] = signed_anew(message_id).decode().strip("<>")
    return json.dumps(expected, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    for path in sorted(CORPUS.glob("*.eml")):
        path.write_bytes(rebuilt(path.read_bytes()))
    EXPECTED.write_text(rebuilt_expectations(EXPECTED.read_text()))


if __name__ == "__main__":
    main()
