"""Tokens: secrets that a browser stores and of which the database has only a hash."""

import base64
import hashlib
import hmac
import secrets


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """The hash that the database stores. It needs no salt and no stretching: nobody guesses 128 random bits.
    A token from a header with bytes that are no text has a hash too, which matches no row."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def derived_token(secret: str, *parts: str) -> str:
    """The token of a form whose sender has none. The same parts give the same token, so that the same form sent
    twice comes from the same visitor."""
    digest = hmac.digest(secret.encode(), "\0".join(("form", *parts)).encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode()[:32]
