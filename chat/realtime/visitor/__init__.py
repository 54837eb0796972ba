"""The namespace /visitor."""
