"""How soon visitors get their first answer, from the chats answered last."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, literal_column, select

from chat.domain.rules.hours.availability import typical_answer
from chat.store.tables import UtcDateTime, tickets

# Enough chats for a steady median, few enough to follow the day.
MEASURED_CHATS = 20
MEASURED_FOR = timedelta(days=14)
_RECENT = (
    select(tickets.c.created_at, tickets.c.answered_at)
    .where(
        tickets.c.channel == literal_column("'chat'"),
        tickets.c.answered_at.is_not(None),
        tickets.c.answered_at >= bindparam("since", type_=UtcDateTime),
    )
    .order_by(tickets.c.answered_at.desc())
    .limit(MEASURED_CHATS)
)


def typical_answer_s(sql: Connection, now: datetime) -> int | None:
    """The seconds until a first answer, as of the last two weeks; None while too few chats were answered."""
    recent = sql.execute(_RECENT, {"since": now - MEASURED_FOR})
    return typical_answer([(answered - created).total_seconds() for created, answered in recent])
