"""Signing in, one-time links, tokens, and the spam trap of the form."""
