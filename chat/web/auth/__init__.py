"""Signing in, passwords and tokens."""
