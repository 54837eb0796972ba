"""Tokens: secrets that a browser keeps, of which only a hash is ever stored."""

import base64
import hashlib
import hmac
import secrets


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What the database keeps. No salt and no stretching: nobody guesses 128 random bits. A header's bytes that
    are no text have a hash too: nobody's."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def derived_token(secret: str, *words: str) -> str:
    """The token of a form whose sender has none: the same words get the same one, so a repeat is a repeat."""
    made = hmac.digest(secret.encode(), "\0".join(("form", *words)).encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).decode()[:32]
