"""A ticket's row: how it changes, is locked, ends and reopens."""
