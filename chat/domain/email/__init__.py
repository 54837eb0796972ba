"""E-mail as a channel: what a mail means for a ticket."""
