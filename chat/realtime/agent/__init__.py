"""The /agent namespace."""
