"""Opening hours and promises, as pure functions."""
