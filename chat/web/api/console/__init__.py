"""JSON routes of the console: what is administered."""
