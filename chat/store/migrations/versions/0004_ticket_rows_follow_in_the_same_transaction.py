"""ticket rows: bring those up that older versions, which wrote them after their messages, left behind at a crash"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Only live tickets: an older version wrote a ticket's row before anything else changed the ticket.
STALE = sa.text("""
    SELECT id, rev, last_seq, visitor_read_seq, agent_read_seq, unread, unanswered_since FROM tickets
    WHERE status = 'live' AND EXISTS (
        SELECT 1 FROM messages WHERE messages.ticket_id = tickets.id AND messages.seq > tickets.last_seq)""")
MESSAGES = sa.text("SELECT seq, author, text, at FROM messages WHERE ticket_id = :id AND seq > :seq ORDER BY seq")
UPDATE = sa.text("""
    UPDATE tickets SET rev = :rev, last_seq = :last_seq, visitor_read_seq = :visitor_read_seq,
        agent_read_seq = :agent_read_seq, unread = :unread, unanswered_since = :unanswered_since,
        last_from = :last_from, preview = :preview, last_at = :last_at, updated_at = :last_at
    WHERE id = :id""")
MAX_PREVIEW = 140


def upgrade() -> None:
    sql = op.get_bind()
    for ticket in sql.execute(STALE).all():
        messages = sql.execute(MESSAGES, {"id": ticket.id, "seq": ticket.last_seq}).all()
        sql.execute(UPDATE, new_columns(dict(ticket._mapping), messages))


def new_columns(columns: dict[str, Any], messages: Sequence[sa.Row[Any]]) -> dict[str, object]:
    """The ticket's columns after these messages."""
    for message in messages:
        if message.author == "visitor":
            columns |= {"visitor_read_seq": message.seq, "unread": columns["unread"] + 1}
            columns["unanswered_since"] = columns["unanswered_since"] or message.at
        else:
            columns |= {"agent_read_seq": message.seq, "unread": 0, "unanswered_since": None}
    last = messages[-1]
    return columns | {
        "rev": columns["rev"] + len(messages),
        "last_seq": last.seq,
        "last_from": "visitor" if last.author == "visitor" else "agent",
        "preview": " ".join(last.text.split())[:MAX_PREVIEW],
        "last_at": last.at,
    }
