"""Finding in SQL what the bus did not deliver."""
