"""The /visitor namespace."""
