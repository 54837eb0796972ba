"""How tickets begin."""
