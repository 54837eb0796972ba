"""Guichet: a live-chat server that never loses a word."""

__version__ = "0.1.0"
