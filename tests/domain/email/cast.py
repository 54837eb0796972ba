"""A mail of Vic's, the ticket to which it may belong, and whose addresses are ours."""

from datetime import UTC, datetime, timedelta

from chat.domain.email.rules import MailFacts, OwnAddresses, TicketFacts

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
VIC, ZOE, ADA = "vic@example.com", "zoe@example.com", "ada@example.fr"
MAILBOX = "support@example.fr"
OWN = OwnAddresses(agents={ADA}, mailboxes={MAILBOX}, domains={"example.fr"})
MAIL = MailFacts("person", VIC, "Re: Votre demande", True)
TICKET = TicketFacts(1051, "pending", VIC, "Votre demande [#1051]", None, NOW - timedelta(days=1))
