"""Messages of a ticket: posted once, numbered without gaps."""
